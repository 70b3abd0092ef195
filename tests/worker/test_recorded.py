"""A run that no process trains answers from its folder what it answered while it trained."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest

from tests.runs.small import NET, killed_after_each_event, made_data, stop_after, train
from tuicnn.errors import UserError
from tuicnn.observing.histograms import AskHistograms
from tuicnn.observing.layer_stats import AskLayerStats
from tuicnn.observing.question import Question
from tuicnn.observing.specimen import AskSpecimen
from tuicnn.runs.creation import create_run
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.journal import Journal
from tuicnn.training.events import End, Epoch, Event, State
from tuicnn.training.progress import Progress
from tuicnn.worker.client import RemoteFeed
from tuicnn.worker.feed import Feed, WorkerGone
from tuicnn.worker.recorded import RecordedFeed
from tuicnn.worker.runner import Run
from tuicnn.worker.watcher import Watcher

T = TypeVar("T")


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """A run that has not begun."""
    return create_run(tmp_path, "small", NET.format(data=made_data(tmp_path), optim="optim: adam lr=0.01"))


def asked(folder: RunFolder, *questions: Question[Any], epoch: int | None = None, say: Any = print) -> list[Any]:
    async def ask() -> list[Any]:
        feed = RecordedFeed(folder, say)
        feed = feed if epoch is None else feed.at_epoch(epoch)
        return [await feed.ask(question) for question in questions]

    return asyncio.run(ask())


def weights_of(run: Run) -> dict[str, Any]:
    """The weights of a run that trains, in its own thread."""
    network = run.session.network
    assert network is not None
    return {name: array.copy() for name, array in network.named_parameters()}


def polled(folder: RunFolder) -> Any:
    async def poll() -> Any:
        feed = RecordedFeed(folder)
        return await feed.overview(), await feed.poll(0, 0)

    return asyncio.run(poll())


def same(one: Progress, other: Progress) -> None:
    """But for clocks."""
    loose = {"images_per_second", "seconds", "eta"}
    for name, value in vars(one).items():
        if name not in loose:
            kept = getattr(other, name)
            assert kept == (pytest.approx(value, nan_ok=True) if isinstance(value, float) else value), name


@pytest.mark.parametrize("report", [lambda run, event: None, stop_after(4)], ids=["done", "stopped"])
def test_the_numbers_and_curves_are_those_of_the_screen_that_watched(
    folder: RunFolder, report: Callable[..., object]
) -> None:
    run = train(folder, report=report)
    overview, poll = polled(folder)
    assert overview == replace(run.overview, run=str(folder.path))
    same(poll.progress, run.progress())
    live = run.history(0, 0)
    assert poll.history.epochs == live.epochs
    assert np.array_equal(poll.history.losses, live.losses)
    assert np.array_equal(poll.history.accuracies, live.accuracies)


def test_the_rate_is_that_of_the_run_also_where_somebody_changed_it(folder: RunFolder) -> None:
    stop = stop_after(5)

    def halve(run: Run, event: Event) -> None:
        if isinstance(event, Epoch):
            run.act("halve-rate")
        stop(run, event)

    run = train(folder, report=halve)
    assert polled(folder)[1].progress.learning_rate == pytest.approx(run.progress().learning_rate)


def test_questions_are_answered_with_the_weights_of_the_end(folder: RunFolder) -> None:
    run = train(folder)
    live = run.ask(AskSpecimen()).result(10)
    (found,) = asked(folder, AskSpecimen())
    assert found.step == live.step == 6
    assert found.names == live.names
    assert np.array_equal(found.values, live.values)


def test_a_past_epoch_has_its_weights_while_the_run_goes_on(folder: RunFolder) -> None:
    seen: dict[int, Any] = {}
    past: list[Any] = []

    def look(run: Run, event: object) -> None:
        if isinstance(event, Epoch):
            seen[event.epoch] = weights_of(run)
            past.extend(asked(folder, AskSpecimen(), epoch=1) if event.epoch == 2 else [])

    train(folder, report=look)
    shutil.rmtree(folder.checkpoints.path)
    past += asked(folder, AskSpecimen(), epoch=1)
    for state in past:
        assert (state.step, state.epochs) == (3, 1)
        assert all(np.array_equal(state.arrays[name], array) for name, array in seen[1].items())
    assert not any("/" in name for name in past[-1].names)  # what the optimizer kept is not known any more
    with pytest.raises(UserError, match="no snapshot of epoch 7"):
        asked(folder, AskSpecimen(), epoch=7)


@pytest.mark.parametrize("epoch", [None, 1])
def test_the_figures_of_a_layer_are_those_of_the_step_that_comes_next_which_changes_nothing(
    folder: RunFolder, epoch: int | None
) -> None:
    train(folder, report=stop_after(4))
    if epoch is not None:  # of which then the weights alone are known
        shutil.rmtree(folder.checkpoints.path)
    before, stats, spread, after = asked(
        folder, AskSpecimen(), AskLayerStats(), AskHistograms(0), AskSpecimen(), epoch=epoch
    )
    assert len(spread.gradients) > 0
    assert bool(np.isfinite(stats.update[0])) == (epoch is None)
    assert np.isfinite(stats.gradient).any()
    assert np.isfinite(stats.milliseconds).all()
    assert np.array_equal(stats.gradients, stats.gradient[None], equal_nan=True)
    assert (stats.gradient[np.isfinite(stats.gradient)] > 0).any()
    assert np.array_equal(before.values, after.values)
    assert (before.step, before.updates) == (after.step, after.updates)


def test_each_way_to_be_killed_leaves_a_run_that_can_be_looked_at(folder: RunFolder) -> None:
    for event, left in killed_after_each_event(folder):
        if not left.checkpoints.steps():
            with pytest.raises(UserError, match="no checkpoint yet"):
                asked(left, AskSpecimen())
            continue
        overview, poll = polled(left)
        assert poll.progress.state is (State.DONE if event == "end" else State.LOST)
        assert overview.complete
        (found,) = asked(left, AskSpecimen())
        assert found.step <= poll.progress.step


def test_what_keeps_it_from_being_looked_into_is_a_sentence(folder: RunFolder) -> None:
    train(folder)
    said: list[str] = []
    data = folder.path.parent.parent / "d.npz"
    asked(folder, AskSpecimen(), say=said.append)
    assert said[0].startswith("reading npz")
    assert said[-1] == ""

    shutil.rmtree(folder.checkpoints.path)
    assert asked(folder, AskSpecimen())[0].step == 6  # the newest snapshot
    shutil.rmtree(folder.snapshots.path)
    assert asked(folder, AskSpecimen())[0].step == 6  # the weights
    made_data(data.parent, seed=1)
    assert asked(folder, AskSpecimen())[0].step == 6  # whose data nobody noted
    folder.weights.unlink()
    with pytest.raises(UserError, match="no checkpoint yet"):
        asked(folder, AskSpecimen())


def test_data_that_is_gone_or_has_changed_is_told(folder: RunFolder) -> None:
    train(folder)
    data = folder.path.parent.parent / "d.npz"
    made_data(data.parent, seed=1)
    with pytest.raises(UserError, match="its images or labels have changed"):
        asked(folder, AskSpecimen())
    data.unlink()
    with pytest.raises(UserError, match=r"d\.npz"):
        asked(folder, AskSpecimen())
    assert polled(folder)[1].progress.state is State.DONE  # the curves need none


def test_a_run_that_never_trained_shows_its_layers_and_says_why(folder: RunFolder) -> None:
    async def look() -> Any:
        feed = RecordedFeed(folder)
        overview = await feed.overview()
        assert (overview.layers[0].name, overview.complete) == ("conv1", False)
        return await feed.poll(0, 0), await feed.overview()

    with pytest.raises(WorkerGone, match="lost before its first step"):
        asyncio.run(look())
    journal = Journal(folder.journal)
    journal.append(End(State.FAILED, "The disk is on fire."))
    journal.close()
    with pytest.raises(WorkerGone, match=r"ended before its first step: The disk is on fire\."):
        asyncio.run(look())


async def test_a_folder_that_is_gone_is_told(folder: RunFolder) -> None:
    feed = RecordedFeed(folder)
    shutil.rmtree(folder.path)
    with pytest.raises(WorkerGone, match="was discarded, or its folder moved"):
        await feed.overview()


async def test_nothing_is_trained(folder: RunFolder) -> None:
    with pytest.raises(UserError, match="only looked at"):
        await RecordedFeed(folder).act("step")


def test_damaged_numbers_in_the_journal_are_left_out(folder: RunFolder) -> None:
    train(folder)
    whole = polled(folder)[1]
    lines = folder.journal.read_bytes().splitlines(keepends=True)
    step = next(i for i, line in enumerate(lines) if b'"step":3,' in line and b'"event":"step"' in line)
    lines[step] = b'{"event":"step","step":9007199254740000,"loss":1,"accuracy":1}\n'
    lines.insert(step, b'{"event":"epoch","epoch":9007199254740000,"step":3}\n')
    lines.insert(step, b"}{\n")
    folder.journal.write_bytes(b"".join(lines))
    poll = polled(folder)[1]
    kept = np.arange(6) != 2
    assert np.array_equal(poll.history.losses[kept], whole.history.losses[kept])
    assert np.isnan(poll.history.losses[2])
    assert [astuple(e) for e in poll.history.epochs] == [astuple(e) for e in whole.history.epochs]


def test_a_screen_asks_for_a_past_epoch_by_its_number(folder: RunFolder) -> None:
    train(folder)

    async def ask(feed: Feed) -> list[int]:
        async def connect() -> Feed:
            return feed

        watcher = Watcher(connect, lambda snapshot: None)
        watching = asyncio.create_task(watcher.run())
        found = [await watcher.ask(AskSpecimen(), epoch) for epoch in (1, None, 2)]
        watching.cancel()
        return [state.step for state in found if state is not None]

    assert asyncio.run(ask(RecordedFeed(folder))) == [3, 6, 6]
    assert asyncio.run(ask(RemoteFeed(folder))) == [3, 6]  # whose process is gone: its epochs are there still
