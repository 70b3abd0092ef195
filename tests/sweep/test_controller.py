"""A sweep that is led in this process: its table, and what becomes of trials that fail."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tests.runs.small import checkpoint_of, same
from tests.sweep.small import HereCrew, made_net, small_sweep, table
from tuicnn.errors import UserError
from tuicnn.runs.prepared import NetFile, begin
from tuicnn.sweep.controller import MOST_DEATHS, Controller
from tuicnn.sweep.events import SweepEvent, TrialEpoch, VariantsKept
from tuicnn.sweep.folder import SweepFolder, Trial, create_sweep
from tuicnn.sweep.planning import plan_sweep
from tuicnn.sweep.standing import SweepWatch
from tuicnn.sweep.variants import variants_of
from tuicnn.training.options import Options
from tuicnn.worker.runner import Run


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuicnn.sweep.controller.PERIOD", 0.0)


def test_the_best_are_trained_on_and_each_trial_is_an_ordinary_run(tmp_path: Path) -> None:
    net = made_net(tmp_path)
    folder = small_sweep(net, tmp_path / "s", optim_lr="0.001,0.01,0.1,0.3")
    told: list[SweepEvent] = []
    standing = Controller(folder, HereCrew(), told.append).run()
    rows = table(folder, standing)
    assert [(row["epochs"], row["state"]) for row in rows] == [(4, "done"), (2, "pruned"), (1, "pruned"), (1, "pruned")]
    assert rows[2]["val_accuracy"] >= rows[3]["val_accuracy"]
    assert [event.epochs for event in told if isinstance(event, VariantsKept)] == [2, 4]
    assert sum(isinstance(event, TrialEpoch) for event in told) == 2 * (4 + 2 + 1 + 1)
    assert table(SweepFolder.open(folder.path)) == rows  # all of it is in the folder
    # what is trained rung by rung has the bits of a run that never stopped
    best = rows[0]
    text = {**best["variant"], "train.seed": "5"}
    whole = begin(NetFile.read(net, text), Options(threads=1), folder=tmp_path / "whole")
    run = Run(whole, "stop")
    run.train()
    run.close()
    trial = next(each for each in folder.trials if each.name == best["runs"][1])
    assert trial.seed == 5
    assert same(checkpoint_of(whole.folder), checkpoint_of(trial.folder))


def test_networks_whose_target_is_the_image_are_judged_by_their_loss(tmp_path: Path) -> None:
    net = made_net(tmp_path)
    text = net.read_text().partition("conv w")[0]
    net.write_text(f"{text}target: image\nconv w 3x3 pad=1 -> relu -> conv 1 3x3 pad=1 -> sigmoid\n")
    folder = small_sweep(net, tmp_path / "s", optim_lr="0.0001,0.03")
    rows = table(folder, Controller(folder, HereCrew(), lambda event: None).run())
    assert [(row["variant"]["optim.lr"], row["state"]) for row in rows] == [("0.03", "done"), ("0.0001", "pruned")]
    assert rows[0]["val_loss"] < rows[1]["val_loss"]
    assert rows[0]["val_accuracy"] is None
    assert rows[0]["val_loss_interval"][0] <= rows[0]["val_loss"] <= rows[0]["val_loss_interval"][1]


def test_a_trial_that_diverges_comes_last(tmp_path: Path) -> None:
    folder = small_sweep(made_net(tmp_path), tmp_path / "s", seeds=1, optim="sgd lr=1e6 momentum=0.9,adam lr=0.01")
    rows = table(folder, Controller(folder, HereCrew(), lambda event: None).run())
    assert [row["state"] for row in rows] == ["done", "diverged"]
    assert rows[1]["val_accuracy"] is None
    assert "not finite" in rows[1]["message"] or "infinite" in rows[1]["message"] or "NaN" in rows[1]["message"]


def test_a_trial_that_dies_again_and_again_has_failed_and_is_tried_again_when_the_sweep_goes_on(
    tmp_path: Path,
) -> None:
    folder = small_sweep(made_net(tmp_path), tmp_path / "s", seeds=1, w="2,3")
    healthy = HereCrew(lambda trial, until: trial.name != "my-1")
    rows = table(folder, Controller(folder, healthy, lambda event: None).run())
    assert healthy.begun.count(("my-1", 2)) == MOST_DEATHS
    assert [(row["state"], row["variant"]["w"]) for row in rows] == [("done", "3"), ("failed", "2")]
    assert "died 3 times" in rows[1]["message"]
    assert "it fell over" in rows[1]["message"]
    rows = table(folder, Controller(folder, HereCrew(), lambda event: None).run())
    whole = small_sweep(tmp_path / "my.net", tmp_path / "whole", seeds=1, w="2,3")
    assert rows == table(whole, Controller(whole, HereCrew(), lambda event: None).run())
    assert {row["state"] for row in rows} == {"done", "pruned"}


def test_a_trial_whose_folder_was_half_made_is_made_anew(tmp_path: Path) -> None:
    folder = small_sweep(made_net(tmp_path), tmp_path / "s", eta=None, seeds=1)
    half = folder.trials[0].folder.path
    half.mkdir()
    (half / "net.net").write_text("half")

    def look(trial: Trial, until: int) -> None:
        assert "conv w" in trial.folder.text

    rows = table(folder, Controller(folder, HereCrew(look), lambda event: None).run())
    assert rows[0]["state"] == "done"


def test_a_trial_that_ends_early_counts_as_it_was_then(tmp_path: Path) -> None:
    net = made_net(tmp_path)
    net.write_text(net.read_text().replace("epochs=4", "epochs=8"))
    folder = small_sweep(net, tmp_path / "s", seeds=1, train_patience="1,8")
    rows = table(folder, Controller(folder, HereCrew(), lambda event: None).run())
    early = next(each for each in SweepWatch(folder).look().trials if each.trial.number == 0)
    assert early.epochs < 8
    (row,) = (row for row in rows if row["variant"]["train.patience"] == "1")
    assert row["epochs"] == early.epochs
    assert {row["state"] for row in rows} <= {"done", "pruned"}


def test_the_options_of_the_command_hold_for_each_trial_and_seeds_count_from_its_seed(tmp_path: Path) -> None:
    net, options = made_net(tmp_path), Options(seed=9, epochs=3, threads=1)
    folder = create_sweep(plan_sweep(net, variants_of({"w": "2"}), options, 2, None), options, None, tmp_path / "s")
    Controller(folder, HereCrew(), lambda event: None).run()
    overviews = [each.run.overview for each in SweepWatch(folder).look().trials if each.run is not None]
    assert [(found.seed, found.epochs) for found in overviews if found is not None] == [(9, 3), (10, 3)]


def test_the_table_tells_the_mean_as_far_as_all_seeds_are(tmp_path: Path) -> None:
    folder = small_sweep(made_net(tmp_path), tmp_path / "s", eta=None)
    crew = HereCrew()
    for trial, until in zip(folder.trials, (3, 1), strict=True):
        folder.prepare(trial)
        crew.begin(trial, until)
    standing = SweepWatch(folder).look()
    (row,) = standing.rows
    accuracies = [epoch.val_accuracy for each in standing.trials if (epoch := each.after(1)) is not None]
    assert (row.epochs, row.state) == (1, "waiting")
    assert row.val_accuracy == sum(accuracies) / 2


def test_a_sweep_is_stopped_and_goes_on(tmp_path: Path) -> None:
    folder = small_sweep(made_net(tmp_path), tmp_path / "s", seeds=1, w="2,3")
    controller = Controller(folder, HereCrew(lambda trial, until: controller.stop()), lambda event: None)
    assert not controller.run().over
    assert [row.state for row in SweepWatch(folder).look().rows].count("waiting") == 2
    Controller(folder, HereCrew(), lambda event: None).run()
    assert all(math.isfinite(row["val_accuracy"]) for row in table(folder))


def test_nothing_begins_where_one_variant_cannot_be_trained(tmp_path: Path) -> None:
    net = made_net(tmp_path)
    with pytest.raises(UserError, match=r"1 of the 2 variants cannot be trained, so none is") as refused:
        small_sweep(net, tmp_path / "s", w="2,0")
    assert "w=0" in str(refused.value)
    assert not (tmp_path / "s").exists()
    with pytest.raises(UserError, match="seeds are counted by --seeds"):
        small_sweep(net, tmp_path / "s", train_seed="1,2")


def test_a_sweep_that_another_process_leads_is_left_alone(tmp_path: Path) -> None:
    folder = small_sweep(made_net(tmp_path), tmp_path / "s", seeds=1)
    with folder.lock(), pytest.raises(UserError, match="Another process leads"):
        SweepFolder.open(folder.path).lock()


def test_a_damaged_file_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "sweep.json").write_text('{"net":1}')
    with pytest.raises(UserError, match="damaged"):
        SweepFolder.open(tmp_path)
    with pytest.raises(UserError, match="is no sweep"):
        SweepFolder.open(tmp_path / "nowhere")
