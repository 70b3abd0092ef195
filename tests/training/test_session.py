"""A run in one process: what comes out of it, and how it is watched and controlled while it trains."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.data.made import write_tree
from tests.faults.waiting import until
from tests.runs.small import kinds, of
from tuicnn.data import Dataset, DataSpec
from tuicnn.errors import UserError
from tuicnn.language import check
from tuicnn.observing.histograms import AskHistograms
from tuicnn.observing.layer_stats import AskLayerStats
from tuicnn.training.events import End, Epoch, Event, Reading, Start, State, Step
from tuicnn.training.session import Session

NET = """\
data: mnist limit=320 val=100
train: epochs=2 batch=50 seed=3
conv 4 3x3 -> relu -> maxpool 2 -> flatten -> dense 10
"""


def session(text: str = NET, threads: int = 1) -> tuple[Session, list[Event]]:
    events: list[Event] = []
    checked = check(text)
    assert checked.plan is not None
    return Session(checked.plan, threads=threads, on_event=events.append), events


def pauses(events: list[Event]) -> list[str]:
    return [kind for kind in kinds(events) if kind in ("paused", "unpaused")]


@contextmanager
def in_background(made: Session) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=made.run)
    thread.start()
    try:
        yield thread
    finally:
        made.control.stop()
        thread.join(30)
        assert not thread.is_alive()


def test_a_run_from_start_to_end() -> None:
    made, events = session()
    assert made.run() is State.DONE
    assert kinds(events) == ["start", *["step"] * 7, "epoch", *["step"] * 7, "epoch", "end"]
    (start,), (end,) = of(events, Start), of(events, End)
    assert (start.train_images, start.val_images, start.test_images) == (320, 100, 10_000)
    assert (start.steps_per_epoch, start.parameters) == (7, 40 + 4 * 13 * 13 * 10 + 10)
    assert end.state is State.DONE
    assert end.test_accuracy is not None
    assert 0 < end.test_accuracy < 1
    steps = [event.loss for event in of(events, Step)]
    history = made.history(0, 0)
    np.testing.assert_allclose(history.losses, steps, rtol=1e-6)
    assert [epoch.step for epoch in history.epochs] == [7, 14]
    # an epoch's loss is the mean over its images: the last batch, of 20, counts less
    assert of(events, Epoch)[0].train_loss == pytest.approx((50 * sum(steps[:6]) + 20 * steps[6]) / 320)
    assert made.history(10, 1).start == 10
    assert len(made.history(10, 1).losses) == 4
    assert len(made.history(10, 1).epochs) == 1


def test_how_many_pictures_are_read_is_told(tmp_path: Path) -> None:
    write_tree(tmp_path, ("a", "b"), 8, 4, 4)
    made, events = session(f'data: folder "{tmp_path}"\ntrain: epochs=1\nflatten -> dense 2\n')
    assert made.run() is State.DONE
    assert of(events, Reading)[-1].message == "reading folder: 16 of 16 images"


def test_the_layers_are_known_before_the_data_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = session()
    kind = type(made.plan.data)
    load, entered, gate = kind.load, threading.Event(), threading.Event()

    def slow(data: DataSpec) -> Dataset:
        entered.set()
        assert gate.wait(20)
        return load(data)

    monkeypatch.setattr(kind, "load", slow)
    with in_background(made):
        try:
            assert entered.wait(20)
            early = made.overview
        finally:
            gate.set()
        until(lambda: made.overview.complete)
        known = made.overview
    assert not early.complete
    assert (early.train_images, early.val_images, early.test_images, early.class_names) == (0, 0, 0, ())
    assert (known.train_images, known.val_images, known.test_images, known.steps_per_epoch) == (320, 100, 10_000, 7)
    later = ("class_names", "train_images", "val_images", "test_images", "steps_per_epoch")
    assert dataclasses.replace(early, **{name: getattr(known, name) for name in later}) == known


def test_the_same_seed_gives_the_same_bits_with_any_number_of_threads() -> None:
    augmented = NET.replace("train:", "augment: shift=2 cutout=3\ntrain:").replace(
        "dense 10", "dropout 0.3 -> dense 10"
    )
    results = []
    for threads in (1, 2, 3):
        made, events = session(augmented, threads)
        made.run()
        assert made.network is not None
        results.append((made.network.state_dict(), of(events, Step), of(events, End)[0].test_loss))
    weights, losses, test = results[0]
    for other_weights, other_losses, other_test in results[1:]:
        assert all(np.array_equal(weights[name], other_weights[name]) for name in weights)
        assert (losses, test) == (other_losses, other_test)


def test_another_seed_gives_another_run() -> None:
    finals = []
    for seed in (1, 2):
        made, events = session(NET.replace("seed=3", f"seed={seed}"))
        made.run()
        finals.append(of(events, End)[0].test_loss)
    assert finals[0] != finals[1]


def test_pause_one_step_and_resume() -> None:
    made, events = session(NET.replace("epochs=2", "epochs=500"))
    with in_background(made):
        until(lambda: made.progress().step >= 3)
        made.control.pause()
        until(lambda: made.progress().state is State.PAUSED)
        at = made.progress().step
        time.sleep(0.05)
        assert made.progress().step == at
        made.control.step()
        until(lambda: made.progress().step == at + 1 and made.progress().state is State.PAUSED)
        time.sleep(0.05)
        assert made.progress().step == at + 1
        made.control.resume()
        until(lambda: made.progress().step > at + 3)
    assert made.progress().state is State.STOPPED
    assert pauses(events) == ["paused", "unpaused"]
    assert of(events, End)[0].state is State.STOPPED


def test_a_pause_in_the_last_step_holds_before_the_test() -> None:
    made, events = session(NET.replace("epochs=2", "epochs=1"))

    def on_event(event: Event) -> None:
        events.append(event)
        if isinstance(event, Step) and event.step == 7:
            made.control.pause()

    made._on_event = on_event
    with in_background(made) as thread:
        until(lambda: made.progress().state is State.PAUSED)
        time.sleep(0.1)
        assert made.progress().state is State.PAUSED
        assert np.isnan(made.progress().test_accuracy)
        # questions are answered meanwhile, however many, and the pause is told once
        assert all(made.ask(lambda trainer: trainer.step).result(10) == 7 for _ in range(20))
        made.control.resume()
        thread.join(20)
    assert made.progress().state is State.DONE
    assert pauses(events) == ["paused", "unpaused"]


def test_a_resume_during_a_single_step_is_told() -> None:
    made, events = session(NET.replace("epochs=2", "epochs=500"))
    stepped = threading.Event()

    def on_event(event: Event) -> None:
        events.append(event)
        if stepped.is_set() and isinstance(event, Step):
            stepped.clear()
            made.control.resume()  # while the single step is not quite over

    made._on_event = on_event
    with in_background(made):
        made.control.pause()
        until(lambda: made.progress().state is State.PAUSED)
        at = made.progress().step
        stepped.set()
        made.control.step()
        until(lambda: made.progress().step > at + 3)
        assert made.progress().state is not State.PAUSED
    assert pauses(events) == ["paused", "unpaused"]


def test_data_that_cannot_be_read_fails_with_a_sentence(tmp_path: Any) -> None:
    np.savez(tmp_path / "d.npz", x_train=np.zeros((40, 8, 8), np.uint8), y_train=np.arange(40) % 2,
             x_test=np.zeros((4, 8, 8), np.uint8), y_test=np.arange(4) % 2)  # fmt: skip
    made, events = session(f'data: npz "{tmp_path / "d.npz"}"\nflatten -> dense 2')
    (tmp_path / "d.npz").unlink()
    pending = made.ask(lambda trainer: trainer.step)
    assert made.run() is State.FAILED
    assert "d.npz" in made.progress().message
    assert of(events, End)[0].state is State.FAILED
    for asked in (pending, made.ask(lambda trainer: trainer.step)):
        with pytest.raises(UserError, match="training did not begin"):
            asked.result(10)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_run_that_nobody_watched_has_figures_of_its_layers_at_its_end_too(threads: int) -> None:
    made, _ = session(threads=threads)
    made.run()
    assert made.network is not None
    before = made.network.state_dict()
    stats = made.ask(AskLayerStats().answer).result(10)
    assert (stats.activation > 0).any()
    assert stats.step > 0
    assert made.ask(AskHistograms(0).answer).result(10).gradients.sum() == pytest.approx(1)
    after = made.network.state_dict()
    assert all(np.array_equal(before[name], after[name]) for name in before)
