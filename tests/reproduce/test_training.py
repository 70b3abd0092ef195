"""Training with several seeds: each run once, to its end, whatever has happened before."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.conftest import Run
from tests.runs.small import NET, SGD, made_data, stop_after
from tests.runs.small import train as train_here
from tuicnn.errors import UserError
from tuicnn.language import check_file
from tuicnn.reproduce.__main__ import reproduce
from tuicnn.reproduce.figures import Figures, read_figures, recipe
from tuicnn.reproduce.training import figures_of, measure_seconds, train
from tuicnn.runs.creation import create_run_at
from tuicnn.runs.starters import Starter


@pytest.fixture
def net(tmp_path: Path) -> Starter:
    return written(tmp_path, NET.format(data=made_data(tmp_path), optim=SGD).replace("seed=4", "seed=0"))


@pytest.fixture
def commands(tuicnn: Run, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was run as `tuicnn …`."""
    ran: list[str] = []

    def call(command: list[str]) -> int:
        ran.append(" ".join(command[3:5]))
        return tuicnn(*command[3:]).returncode

    monkeypatch.setattr("tuicnn.reproduce.training.subprocess.call", call)
    return ran


def written(folder: Path, text: str) -> Starter:
    path = folder / "small.net"
    path.write_text(text)
    plan = check_file(path)[1].plan
    assert plan is not None
    return Starter(path, text, plan)


def test_each_seed_is_trained_once(net: Starter, commands: list[str], tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    for seed in (0, 1, 1, 0):
        train(net, seed, runs)
    assert commands == [f"train {net.path}"] * 2
    figures = figures_of(net, runs)
    assert list(figures.accuracies) == ["0", "1"]
    assert figures.recipe == recipe(net.plan)
    other = written(tmp_path, net.text.replace("lr=0.05", "lr=0.06"))
    assert not figures_of(other, runs).accuracies
    train(other, 0, runs)
    assert len(figures_of(other, runs).accuracies) == 1
    assert figures_of(net, runs) == figures


def test_a_run_that_was_ended_goes_on(net: Starter, commands: list[str], tmp_path: Path) -> None:
    runs, whole = tmp_path / "runs", tmp_path / "whole"
    train(net, 0, whole)
    (path,) = whole.iterdir()
    runs.mkdir()
    folder = create_run_at(runs / path.name, net.text)
    train_here(folder, report=stop_after(4))
    assert not figures_of(net, runs).accuracies
    train(net, 0, runs)
    assert commands[1:] == [f"train {folder.path}"]
    assert figures_of(net, runs) == figures_of(net, whole)


def test_what_does_not_come_to_its_end_is_said(net: Starter, commands: list[str], tmp_path: Path) -> None:
    (tmp_path / "d.npz").unlink()
    with pytest.raises(UserError, match=r"tuicnn train .* ended with exit code 1"):
        train(net, 0, tmp_path / "runs")


def test_a_time_is_that_of_all_epochs(net: Starter, commands: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = measure_seconds(net)
    assert 0 < seconds < 60
    assert commands == [f"train {net.path}"]


def test_what_was_reached_is_written_down_until_the_net_changes(
    net: Starter, commands: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nets, docs, runs = (tmp_path / name for name in ("nets", "docs", "runs"))
    nets.mkdir()
    docs.mkdir()
    monkeypatch.setattr("tuicnn.reproduce.__main__.bundled", lambda _: nets)
    monkeypatch.setattr("tuicnn.runs.starters.bundled_nets", lambda: sorted(nets.iterdir()))
    monkeypatch.setattr("tuicnn.runs.starters.DEFAULT", "small")
    (tmp_path / "README.md").write_text(
        "Before.\n\n| net | data | test accuracy | runs | weights | time |\n| --- |\n\nAfter.\n"
    )
    small = nets / "small.net"
    small.write_text(f"# A small net.\n\n{net.text}")

    def told(*arguments: str) -> str:
        done = CliRunner().invoke(reproduce, [*arguments, "--runs", str(runs)])
        assert done.exit_code == 0, done.output
        return done.stdout

    assert " on two cores" in told("small", "--seconds")
    assert "small: Reached: " in told("small", "--seeds", "2")
    assert "Reached" not in small.read_text()
    assert "mean of 2 seeds" in told("--write")
    assert "mean of 2 seeds" in small.read_text().partition("\n\n")[0]
    assert " on two cores" in told("--seconds", "--write")
    assert " on two cores" in small.read_text()
    assert "| 2 |" in (docs / "gallery.md").read_text()
    readme = (tmp_path / "README.md").read_text()
    assert readme.startswith("Before.\n\n| net |")
    assert readme.endswith("|\n\nAfter.\n")
    assert readme.count("| [small](docs/gallery.md#small) |") == 1
    measured = len(commands)
    assert "(one run)" not in told("--seeds", "1", "--write")  # what is known already stays known
    assert len(commands) == measured
    small.write_text(small.read_text().replace("lr=0.05", "lr=0.06"))
    assert told("--write") == ""
    assert small.read_text().startswith("# A small net.\n\n")
    assert "| - | - |" in (docs / "gallery.md").read_text()
    other = nets / "other.net"
    other.write_text(small.read_text().replace("lr=0.06", "lr=0.07"))
    assert "(one run)" in told("other", "--seeds", "1", "--write")
    other.write_text(other.read_text().replace("lr=0.07", "lr=0.08"))
    told("small", "--seconds", "--write")  # also without an accuracy a time is kept
    assert "Reached" not in other.read_text()
    assert "Reached" not in small.read_text()
    assert {net: (not of_net.accuracies, of_net.seconds is None) for net, of_net in known(docs).items()} == {
        "small": (True, False)
    }


def known(docs: Path) -> dict[str, Figures]:
    return read_figures(docs / "gallery.json")


def test_a_recipe_is_all_that_is_computed_and_nothing_else(tmp_path: Path) -> None:
    text = "data: mnist\ntrain: epochs=2\nconv 8 3x3 as a -> relu -> concat { identity | @a } -> flatten -> dense 10\n"
    first = recipe(written(tmp_path, text).plan)
    same = ["# A comment.\n" + text, text.replace(" as a", " as b").replace("@a", "@b"), text.replace("3x3", "3")]
    same += [text.replace("epochs=2", "epochs=2 seed=5 checkpoint=1s")]
    others = [text.replace("mnist", "mnist pad=1"), text.replace("epochs=2", "epochs=3"), text.replace("8", "9")]
    others += [text.replace("identity | @a", "@a | identity"), "augment: shift=1\n" + text, "loss: mse\n" + text]
    others += ["optim: adam lr=0.1\n" + text, "schedule: constant\n" + text]
    assert {recipe(written(tmp_path, each).plan) for each in same} == {first}
    assert len({first, *(recipe(written(tmp_path, each).plan) for each in others)}) == len(others) + 1
