"""What becomes of a run whose step diverged, and of its learning rate when somebody changes it."""

from __future__ import annotations

import dataclasses
import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.faults.waiting import until
from tests.runs.small import (
    NET,
    checkpoint_of,
    killed_after_each_event,
    made_data,
    of,
    read_journal,
    same,
    story,
    train,
)
from tests.training.test_session import in_background
from tuicnn.language import check
from tuicnn.runs.checkpoint_folder import CheckpointFolder
from tuicnn.runs.creation import create_run
from tuicnn.runs.folder import RunFolder
from tuicnn.training.checkpoint import Checkpoint, Tally
from tuicnn.training.checkpointing import named_arrays
from tuicnn.training.divergence import MOST_HALVINGS, DivergedError, Divergence
from tuicnn.training.divergence_handling import BEGINNING, DivergenceHandler
from tuicnn.training.events import Diverged, End, Epoch, Event, Paused, RateChanged, Start, State, Step, WeightsRestored
from tuicnn.training.metrics import Metrics
from tuicnn.training.options import OnNan
from tuicnn.training.session import Session
from tuicnn.training.trainer import Trainer
from tuicnn.worker.runner import Run

#: mean squares grow without bound where the rate is too large, and nothing saturates
HOT = """\
data: mnist limit=640 val=100
loss: mse
optim: sgd lr=3 momentum=0.9
schedule: constant
train: epochs=3 batch=16 seed=3
conv 4 3x3 -> leakyrelu -> maxpool 2 -> flatten -> dense 10
"""


def session(on_nan: OnNan, threads: int = 1, text: str = HOT) -> tuple[Session, list[Event]]:
    events: list[Event] = []
    checked = check(text)
    assert checked.plan is not None
    return Session(checked.plan, threads=threads, on_event=events.append, on_nan=on_nan), events


def test_halving_finds_a_rate_by_itself_and_any_number_of_processes_the_same() -> None:
    ends = []
    for threads in (1, 2):
        made, events = session("halve-lr", threads)
        assert made.run() is State.DONE
        assert made.progress().test_accuracy > 0.2
        halved = of(events, Diverged)
        rates = [event.learning_rate for event in halved]
        assert rates == [3 * 0.5 ** (i + 1) for i in range(len(rates))]
        assert 3 < len(rates) <= MOST_HALVINGS
        assert {event.action for event in halved} == {"halve-lr"}
        assert (
            f"halved to {rates[0]:.3g}, and training goes on from the weights that it began with" in halved[0].message
        )
        # what the lost weights came to does not count
        assert all(0 < event.train_loss < 10 for event in of(events, Epoch))
        # each step is told once, whatever was undone
        assert [event.step for event in of(events, Step)] == list(range(1, 3 * 40 + 1))
        assert made.network is not None
        ends.append((made.network.state_dict(), rates, of(events, End)[0].test_loss))
    assert all(np.array_equal(ends[0][0][name], ends[1][0][name]) for name in ends[0][0])
    assert ends[0][1:] == ends[1][1:]


def test_halving_gives_up_in_the_end() -> None:
    made, events = session("halve-lr", text=HOT.replace("lr=3 momentum=0.9", "lr=1e5"))
    assert made.run() is State.DIVERGED
    assert [event.action for event in of(events, Diverged)] == ["halve-lr"] * MOST_HALVINGS + ["stop"]
    assert f"{MOST_HALVINGS} halvings of it in this epoch did not help" in made.progress().message


def test_a_pause_waits_for_a_smaller_rate_and_goes_on_from_sound_weights() -> None:
    made, events = session("pause")
    with in_background(made) as thread:
        until(lambda: made.progress().state is State.PAUSED)
        first = made.progress()
        assert first.diverged is not None
        assert first.diverged.sentence.startswith(("The output of ", "The loss ", "The gradient in "))
        assert "with a smaller learning rate than 3 training can go on" in first.message
        assert made.network is not None
        assert all(np.isfinite(w).all() for w in made.network.state_dict().values())
        # going on as it was leads to the same place
        made.control.resume()
        until(lambda: len(of(events, Diverged)) == 2 and made.progress().state is State.PAUSED)
        assert (made.progress().step, made.progress().diverged) == (first.step, first.diverged)
        for _ in range(8):
            made.control.scale_rate(0.5)
        until(lambda: made.progress().learning_rate == 3 / 256)
        assert made.progress().state is State.PAUSED
        made.control.resume()
        thread.join(60)
    assert made.progress().state is State.DONE
    assert made.progress().diverged is None
    assert made.progress().test_accuracy > 0.2
    assert [event.to for event in of(events, WeightsRestored)] == ["the weights that it began with"]
    assert of(events, RateChanged)[-1].factor == 1 / 256


def test_a_single_step_out_of_the_pause_is_undone_again() -> None:
    made, events = session("pause")
    with in_background(made):
        until(lambda: made.progress().state is State.PAUSED)
        at = made.progress().step
        made.control.step()
        until(lambda: len(of(events, Diverged)) == 2)
        until(lambda: made.progress().state is State.PAUSED)
        assert made.progress().step == at
    assert made.progress().state is State.STOPPED


# --- in a run's folder ----------------------------------------------------------------------------------------------


def a_run(parent: Path, optim: str, **changes: str) -> RunFolder:
    text = NET.format(data=made_data(parent), optim=f"optim: {optim}")
    for old, new in changes.items():
        text = text.replace(old, new)
    return create_run(parent, "small", text)


def test_at_a_pause_by_divergence_the_last_good_checkpoint_is_kept_and_one_is_written(tmp_path: Path) -> None:
    folder = a_run(tmp_path, "sgd lr=1e6")

    def stop(run: Run, event: Event) -> None:
        if isinstance(event, Paused):
            run.stop()

    run = train(folder, on_nan="pause", report=stop)
    assert run.progress().state is State.STOPPED
    said = next(event for event in read_journal(folder.journal).events if isinstance(event, Diverged))
    assert (said.layer, said.action) == ("batchnorm1", "pause")
    steps = folder.checkpoints.steps()
    assert steps[:2] == [said.step - 1, said.step - 2]
    kept = checkpoint_of(folder)
    assert all(np.isfinite(array).all() for array in kept.arrays.values())


def test_a_run_that_stops_there_has_a_checkpoint_of_the_step_before(tmp_path: Path) -> None:
    folder = a_run(tmp_path, "sgd lr=1e6")
    run = train(folder, every=0.0, on_nan="stop")
    assert run.progress().state is State.DIVERGED
    said = next(event for event in read_journal(folder.journal).events if isinstance(event, Diverged))
    kept = checkpoint_of(folder)
    assert kept.step == said.step - 1 == run.progress().step
    assert all(np.isfinite(array).all() for array in kept.arrays.values())


def test_a_run_set_back_to_its_best_epoch_goes_on_to_the_same_bits_when_killed(tmp_path: Path) -> None:
    folder = a_run(tmp_path, "sgd lr=300 momentum=0.9", **{"epochs=2": "epochs=4"})
    left = killed_after_each_event(folder, on_nan="halve-lr")
    events = read_journal(folder.journal).events
    # which epoch is the best depends on how a processor's products round
    first = next(place for place, event in enumerate(events) if isinstance(event, WeightsRestored))
    best = max((e for e in events[:first] if isinstance(e, Epoch)), key=lambda epoch: epoch.val_accuracy)
    restored = [e.to for e in events if isinstance(e, WeightsRestored)]
    assert restored == [f"the weights after epoch {best.epoch}", *[BEGINNING] * len(restored[1:])]
    whole, told = checkpoint_of(folder), story(folder)
    for kind, killed in left[2::4]:
        if kind == "end":
            continue
        train(killed, resume=True, threads=2, on_nan="halve-lr")
        assert same(checkpoint_of(killed), whole), kind
        assert story(killed) == told, kind


def test_a_run_is_not_set_back_to_a_running_variance_that_is_negative(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = a_run(tmp_path, "sgd lr=300 momentum=0.9", **{"epochs=2": "epochs=4"})
    write = CheckpointFolder.write

    def spoilt(self: CheckpointFolder, checkpoint: Checkpoint) -> None:
        arrays = {**checkpoint.arrays, "batchnorm1.running_var": -checkpoint.arrays["batchnorm1.running_var"]}
        write(self, dataclasses.replace(checkpoint, arrays=arrays))

    monkeypatch.setattr(CheckpointFolder, "write", spoilt)
    train(folder, on_nan="halve-lr")
    events = read_journal(folder.journal).events
    assert {e.to for e in events if isinstance(e, WeightsRestored)} == {"the weights that it began with"}


def changes_of(folder: RunFolder) -> list[tuple[int, float]]:
    events = read_journal(folder.journal).events
    return [(event.step, event.factor) for event in events if isinstance(event, RateChanged)]


@pytest.mark.parametrize("every", [0, 1e-9])
def test_a_learning_rate_that_was_changed_is_changed_after_a_kill_too(tmp_path: Path, every: float) -> None:
    folder = a_run(tmp_path, "adam lr=0.01")
    untouched = a_run(tmp_path, "adam lr=0.01")
    train(untouched)

    def steer(run: Run, event: Event) -> None:
        if isinstance(event, Step) and event.step == 2:
            run.act("halve-rate")
            run.act("halve-rate")
        if isinstance(event, Step) and event.step == 4:
            run.act("double-rate")

    left = killed_after_each_event(folder, report=steer, every=every)
    whole = checkpoint_of(folder)
    assert whole.rate_factor == 0.5
    assert not same(whole, checkpoint_of(untouched))
    assert changes_of(folder) == [(2, 0.5), (2, 0.25), (4, 0.5)]
    for kind, killed in left[:-1]:
        known = changes_of(killed)
        if kind == "learning_rate":  # killed before a checkpoint knew of it: nothing was trained at that rate yet
            known = known[:-1]
        train(killed, resume=True, every=every)
        assert changes_of(killed) == known, kind
        assert checkpoint_of(killed).rate_factor == (known[-1][1] if known else 1)
        if known == changes_of(folder):
            assert same(checkpoint_of(killed), whole)
            assert story(killed) == story(folder)


@given(st.lists(st.sampled_from(["pause", "resume", "halve-rate", "double-rate"]), max_size=6))
@settings(max_examples=12, deadline=None)
def test_a_rate_that_was_answered_survives_a_kill(actions: list[Any]) -> None:
    """The folder is copied at the moment at which each change is answered: its checkpoint has the rate already."""
    with tempfile.TemporaryDirectory() as parent:
        folder = a_run(Path(parent), "adam lr=0.01")
        left: list[float] = []
        wanted: list[float] = []
        factor = 1.0

        def steer(run: Run, event: Event) -> None:
            nonlocal factor
            if not isinstance(event, Step) or event.step != 2:
                return
            for action in actions:
                done = run.act(action)
                factor *= {"halve-rate": 0.5, "double-rate": 2.0}.get(action, 1)
                if done is not None:
                    wanted.append(factor)
                    done.add_done_callback(lambda _: left.append(checkpoint_of(folder).rate_factor))
            run.act("resume")

        train(folder, report=steer, every=0)
        assert checkpoint_of(folder).rate_factor == factor
        assert left == wanted


def test_a_rate_that_is_changed_in_a_pause_is_saved_with_the_next_checkpoint(tmp_path: Path) -> None:
    folder = a_run(tmp_path, "adam lr=0.01")

    def steer(run: Run, event: Event) -> None:
        if isinstance(event, Step) and event.step == 2:
            run.act("pause")
        elif isinstance(event, Paused):
            run.act("halve-rate")
            run.stop()

    train(folder, report=steer)
    assert (checkpoint_of(folder).step, checkpoint_of(folder).rate_factor) == (2, 0.5)


def test_weights_that_are_taken_up_again_come_with_their_optimizer(tmp_path: Path) -> None:
    """Adam's means are freed of their start at 0 by the steps that they have seen, not by those of the run."""
    checked = check(NET.format(data=made_data(tmp_path), optim="optim: adam lr=0.01"))
    assert checked.plan is not None
    fresh, trainer = (Trainer(checked.plan, checked.plan.data.load(), threads=1) for _ in range(2))
    for _ in range(4):
        trainer.advance()
    trainer.network.store.flat[:3] = 3e38
    with pytest.raises(DivergedError) as error:
        trainer.advance()
    told, weights = DivergenceHandler("halve-lr", lambda step: None, "").handle(
        trainer, error.value.divergence, Metrics()
    )
    assert (told.action, weights) == ("halve-lr", "the weights that it began with")
    assert (trainer.step, trainer.updates, trainer.rate_factor) == (4, 0, 0.5)
    assert trainer.network.store.flat.tobytes() == fresh.network.store.flat.tobytes()
    assert trainer.network.store.flat_buffers.tobytes() == fresh.network.store.flat_buffers.tobytes()
    before, rate = trainer.network.store.flat.copy(), trainer.learning_rate
    trainer.advance()
    moved = np.abs(trainer.network.store.flat - before)
    assert moved.max() == pytest.approx(rate, rel=1e-2)  # Adam's first step is of just this size


def test_a_run_that_began_with_weights_of_another_one_is_set_back_to_these(tmp_path: Path) -> None:
    checked = check(NET.format(data=made_data(tmp_path), optim="optim: adam lr=0.01"))
    assert checked.plan is not None
    trainer = Trainer(checked.plan, checked.plan.data.load(), threads=1)
    trainer.advance()
    arrays = {name: array.copy() for name, array in named_arrays(trainer.network, trainer.state).items()}
    begin = Checkpoint(step=0, epochs=0, arrays=arrays, updates=1)
    trainer.advance()
    handler = DivergenceHandler("halve-lr", lambda step: begin if step == 0 else None, "")
    _, weights = handler.handle(trainer, Divergence(3, 1, "the loss", "NaN"), Metrics())
    assert weights == "the weights that it began with"
    found = named_arrays(trainer.network, trainer.state)
    assert all(np.array_equal(array, found[name]) for name, array in arrays.items())
    assert (trainer.step, trainer.updates) == (2, 1)


@pytest.mark.parametrize("action", ["halve-rate", "double-rate"])
def test_a_rate_has_bounds(tmp_path: Path, action: Any) -> None:
    folder = a_run(tmp_path, "sgd lr=1e-3")

    def steer(run: Run, event: Event) -> None:
        if isinstance(event, Start):
            for _ in range(2000):
                run.act(action)

    train(folder, on_nan="stop", report=steer)
    assert checkpoint_of(folder).rate_factor in (2.0**30, 2.0**-30)


@pytest.mark.parametrize("halvings", [0, 1, MOST_HALVINGS])
def test_who_chose_to_stop_is_told_of_the_other_choice(tmp_path: Path, halvings: int) -> None:
    """Whatever was tried before, by a person or under another choice, is nothing that `--on-nan stop` has tried."""
    checked = check(NET.format(data=made_data(tmp_path), optim="optim: adam lr=0.01"))
    assert checked.plan is not None
    trainer = Trainer(checked.plan, checked.plan.data.load(), threads=1)
    divergence = Divergence(1, 1, "the loss", "NaN")
    metrics = Metrics()
    metrics.tally = Tally(halvings=halvings)
    said = (
        DivergenceHandler("stop", lambda step: None, "--on-nan halve-lr")
        .handle(trainer, divergence, metrics)[0]
        .message
    )
    assert re.search(r"; try a smaller learning rate than [0-9.]+, or --on-nan halve-lr\.$", said)
