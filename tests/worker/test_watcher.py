from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worker.fake_feed import OVERVIEW, FakeFeed
from tuicnn.errors import UserError
from tuicnn.observing.activations import AskActivations
from tuicnn.observing.image import PinnedImage
from tuicnn.observing.layer_stats import AskLayerStats
from tuicnn.observing.question import Question
from tuicnn.training.divergence import Divergence
from tuicnn.training.events import State
from tuicnn.worker.snapshot import Numbers, Snapshot
from tuicnn.worker.watcher import Watcher

A = TypeVar("A")


@given(st.lists(st.lists(st.floats(width=32, allow_nan=False), max_size=3000), max_size=6))
def test_numbers_keep_what_was_appended_and_earlier_views_do_not_change(parts: list[list[float]]) -> None:
    numbers = Numbers()
    everything: list[float] = []
    views = []
    for part in parts:
        numbers.extend(np.array(part, np.float32))
        everything += part
        views.append((numbers.values, list(everything)))
    for view, expected in views:
        assert view.tolist() == expected
        assert not view.flags.writeable


@asynccontextmanager
async def watching(feed: FakeFeed) -> AsyncIterator[tuple[Watcher, list[Snapshot]]]:
    told: list[Snapshot] = []

    async def connect() -> FakeFeed:
        return feed

    watcher = Watcher(connect, told.append)
    watcher.subscribe("test", AskActivations(0), AskLayerStats())
    task = asyncio.create_task(watcher.run())
    try:
        yield watcher, told
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_the_history_comes_together_without_gap_or_repeat(feed: FakeFeed) -> None:
    async with watching(feed) as (watcher, _):
        for _ in range(8):
            feed.advance(217)
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.25)
        assert np.array_equal(watcher.snapshot.losses, feed._losses[: feed.step])
        assert np.array_equal(watcher.snapshot.accuracies, feed._accuracies[: feed.step])
        assert [epoch.epoch for epoch in watcher.snapshot.epochs] == [1, 2]


UNDONE = {"diverged": Divergence(101, 1, "the loss", "NaN"), "message": "The loss became NaN in step 101."}


@pytest.mark.parametrize("said", UNDONE)
async def test_a_step_that_was_undone_is_followed_by_a_picture_of_the_weights_there_are(
    feed: FakeFeed, said: str
) -> None:
    async with watching(feed) as (watcher, _):
        async with asyncio.timeout(10):
            while watcher.snapshot.answer(AskActivations) is None:
                await asyncio.sleep(0.01)
            shown = watcher.snapshot.answer(AskActivations)
            setattr(feed, said, UNDONE[said])  # no step was done
            while watcher.snapshot.answer(AskActivations) is shown:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.5)
        assert len(feed.activations) == 2  # and no more, while nothing changes


async def test_when_a_point_becomes_several_steps_what_was_had_is_put_together_too(feed: FakeFeed) -> None:
    async with watching(feed) as (watcher, _):
        for stride in (1, 1, 2, 2, 8):
            feed.advance(217)
            feed.stride = stride
            await asyncio.sleep(0.25)
        count = feed.step // 8
        assert watcher.snapshot.stride == 8
        means = feed._losses[: count * 8].reshape(count, 8).mean(axis=1)
        np.testing.assert_allclose(watcher.snapshot.losses, means, rtol=1e-5)


async def test_an_earlier_snapshot_is_not_changed_by_what_comes(feed: FakeFeed) -> None:
    async with watching(feed) as (watcher, told):
        await asyncio.sleep(0.15)
        before = next(s for s in told if len(s.losses))
        kept = before.losses.copy()
        feed.advance(2000)
        await asyncio.sleep(0.25)
        assert len(watcher.snapshot.losses) == 2100
        assert np.array_equal(before.losses, kept)


async def test_nothing_is_asked_for_while_frozen_but_what_a_person_chooses(feed: FakeFeed) -> None:
    async with watching(feed) as (watcher, _):
        await asyncio.sleep(0.15)
        watcher.freeze(True)
        await asyncio.sleep(0.05)
        polls, asked = feed.asked["poll"], feed.asked["AskActivations"]
        feed.advance(50)
        await asyncio.sleep(0.4)
        assert (feed.asked["poll"], feed.asked["AskActivations"]) == (polls, asked)
        watcher.subscribe("test", AskActivations(3))
        await asyncio.sleep(0.1)
        assert feed.activations[-1] == (3, 0)
        assert feed.asked["AskActivations"] == asked + 1
        assert len(watcher.snapshot.losses) == 100
        watcher.freeze(False)
        await asyncio.sleep(0.1)
        assert len(watcher.snapshot.losses) == 150


async def test_what_nobody_subscribes_to_is_not_asked_for(feed: FakeFeed) -> None:
    async with watching(feed) as (watcher, _):
        watcher.subscribe("test", AskLayerStats())
        for _ in range(5):
            feed.advance(1)
            await asyncio.sleep(0.1)
        assert feed.asked["AskActivations"] == 0
        watcher.subscribe("test", AskActivations(0))
        await asyncio.sleep(0.1)
        assert feed.asked["AskActivations"] == 1


async def test_each_subscriber_has_what_it_draws_and_a_question_of_two_is_asked_once(feed: FakeFeed) -> None:
    async with watching(feed) as (watcher, _):
        watcher.subscribe("test", AskActivations(0))
        watcher.subscribe("other", AskActivations(0), AskLayerStats())
        await asyncio.sleep(0.15)
        assert feed.asked["AskActivations"] == feed.asked["AskLayerStats"] == 1
        watcher.subscribe("test")
        feed.advance(1)
        await asyncio.sleep(1.0)
        assert feed.asked["AskActivations"] == feed.asked["AskLayerStats"] == 2
        assert watcher.snapshot.answer(AskLayerStats) is not None


async def test_what_comes_by_itself_is_told_with_the_numbers_and_what_was_chosen_at_once(feed: FakeFeed) -> None:
    async with watching(feed) as (watcher, told):
        await asyncio.sleep(0.3)
        seen, before, polls = len(told), feed.asked["AskActivations"], feed.asked["poll"]
        for _ in range(20):
            feed.advance(1)
            await asyncio.sleep(0.05)
        assert feed.asked["AskActivations"] > before
        assert len(told) - seen <= feed.asked["poll"] - polls + 1
        watcher.subscribe("test", AskActivations(3))
        seen = len(told)
        while len(told) == seen:
            await asyncio.sleep(0)
        answer = told[seen].answer(AskActivations)
        assert answer is not None
        assert answer.layer == 3


async def test_a_run_that_is_slowed_to_be_watched_is_asked_more_often(
    feed: FakeFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    for period in ("NUMBERS_PERIOD", "CROWDED_PERIOD"):
        monkeypatch.setattr(f"tuicnn.worker.watcher.{period}", 3600)
    feed.pace = 10
    async with watching(feed) as (watcher, _):
        for _ in range(3):
            feed.advance(1)
            async with asyncio.timeout(10):
                while watcher.snapshot.progress.step < feed.step:
                    await asyncio.sleep(0.01)


@pytest.mark.parametrize(("threads", "asked_on"), [(1, True), (2, False)])
async def test_a_run_that_has_every_processor_is_asked_less_often(
    threads: int, asked_on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuicnn.worker.watcher.processors", lambda: 2)
    monkeypatch.setattr("tuicnn.worker.watcher.NUMBERS_PERIOD", 0.02)
    monkeypatch.setattr("tuicnn.worker.watcher.CROWDED_PERIOD", 3600)
    feed = FakeFeed(replace(OVERVIEW, threads=threads))
    feed.advance(1)
    async with watching(feed) as (watcher, _):
        async with asyncio.timeout(10):
            while not watcher.snapshot.progress.step:
                await asyncio.sleep(0.01)
        feed.advance(1)
        await asyncio.sleep(0.3)
        assert (watcher.snapshot.progress.step == feed.step) == asked_on


async def test_the_same_picture_is_not_fetched_twice_while_paused(feed: FakeFeed) -> None:
    feed.state = State.PAUSED
    async with watching(feed):
        await asyncio.sleep(0.9)
        assert feed.asked["AskActivations"] <= 2  # the second one where the first came before the first numbers


async def test_an_act_is_shown_at_once_but_for_a_frozen_view_which_is_told_that_there_is_news(feed: FakeFeed) -> None:
    async with watching(feed) as (watcher, told):
        assert await watcher.act("pause") == watcher.snapshot.progress == watcher.latest
        watcher.freeze(True)
        before = len(told)
        assert await watcher.act("resume") == watcher.latest != watcher.snapshot.progress
        await asyncio.sleep(0.1)
        assert len(told) > before
        assert told[-1].progress.state is State.PAUSED


async def test_what_a_run_reads_is_told_before_it_begins() -> None:
    feed = FakeFeed(reading=0.3)
    feed.message = "reading mnist: 7 of 9 images"
    async with watching(feed) as (watcher, told):
        await asyncio.sleep(0.6)
        early = [snapshot for snapshot in told if not snapshot.begun]
        assert early[-1].progress.message == feed.message
        assert watcher.snapshot.begun


async def test_the_end_of_a_run_is_shown_in_a_frozen_view_too(feed: FakeFeed) -> None:
    async with watching(feed) as (watcher, _):
        await asyncio.sleep(0.15)
        watcher.freeze(True)
        feed.advance(100_000)
        await asyncio.sleep(1.3)
        assert not watcher.snapshot.frozen
        assert watcher.snapshot.progress.state is State.DONE


async def test_after_the_end_all_is_fetched_and_then_nothing_is_asked(feed: FakeFeed) -> None:
    async with watching(feed) as (watcher, _):
        await asyncio.sleep(0.1)
        feed.advance(100_000)
        await asyncio.sleep(0.6)
        assert len(watcher.snapshot.losses) == feed.steps
        assert len(watcher.snapshot.epochs) == 3
        polls = feed.asked["poll"]
        await asyncio.sleep(0.3)
        assert feed.asked["poll"] == polls
        watcher.subscribe("test", AskActivations(0, PinnedImage(7)))
        await asyncio.sleep(0.1)
        assert feed.activations[-1] == (0, 7)


async def test_a_process_that_is_gone_is_told_and_the_picture_stays(feed: FakeFeed) -> None:
    async with watching(feed) as (watcher, _):
        await asyncio.sleep(0.15)
        feed.gone = "It was killed."
        await asyncio.sleep(0.25)
        assert watcher.snapshot.gone == "It was killed."
        assert len(watcher.snapshot.losses) == 100
        assert await watcher.act("pause") is None
        assert feed.asked["close"] == 1


async def test_a_layer_that_cannot_be_shown_is_told_and_watching_goes_on(feed: FakeFeed) -> None:
    class Shy(FakeFeed):
        async def ask(self, question: Question[A]) -> A:
            if question == AskActivations(2):
                raise UserError("Nothing to be seen of conv2.")
            return await super().ask(question)

    shy = Shy()
    shy.advance(10)
    async with watching(shy) as (watcher, _):
        watcher.subscribe("test", AskActivations(2))
        await asyncio.sleep(0.15)
        assert watcher.snapshot.refusal(AskActivations) == "Nothing to be seen of conv2."
        assert watcher.snapshot.answer(AskActivations) is None
        watcher.subscribe("test", AskActivations(1))
        await asyncio.sleep(0.15)
        assert watcher.snapshot.refusal(AskActivations) == ""
        seen = watcher.snapshot.answer(AskActivations)
        assert seen is not None
        assert seen.layer == 1


async def test_a_slow_picture_does_not_hold_up_the_numbers(feed: FakeFeed) -> None:
    class Slow(FakeFeed):
        async def ask(self, question: Question[A]) -> A:
            await asyncio.sleep(60)
            raise AssertionError

    slow = Slow()
    async with watching(slow) as (watcher, _):
        await asyncio.sleep(0.05)
        slow.advance(33)
        await asyncio.sleep(0.3)
        assert len(watcher.snapshot.losses) == 33
