"""Leaving, help and the palette: what stands over a view, and what is left of it when it is closed."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from typing import Any

import pytest
from textual._styles_cache import StylesCache
from textual.app import App
from textual.strip import Strip

from tests.tui.pictures import showing
from tests.worker.fake_feed import FakeFeed
from tuicnn.display.terminal import TerminalProfile
from tuicnn.observing.activations import AskActivations
from tuicnn.training.divergence import Divergence
from tuicnn.training.events import State
from tuicnn.tui.app import TrainApp
from tuicnn.tui.memory import clear_caches
from tuicnn.tui.screens.help import HelpScreen
from tuicnn.tui.screens.leave import LeaveScreen
from tuicnn.tui.widgets.keys import KeyLine, shortcuts


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (30, 8)])
async def test_the_result_stays_and_leaving_then_asks_nothing(feed: FakeFeed, size: tuple[int, int]) -> None:
    async with showing(feed, size) as screen:
        await screen.watches()
        feed.advance(100_000)
        await screen.until(lambda: screen.app.watcher.snapshot.progress.state.final)
        await screen.pause()
        if size[0] > 30:
            assert "97.83% of the 10,000 test images are right" in screen.text
            # there is nothing to steer any more, and nothing says that there is
            await screen.until(lambda: "pause" not in screen.lines[-1])
            await screen.press("space", "s")
        await screen.press("q")
    outcome = screen.outcome
    assert outcome.choice == "ended"
    assert [epoch.epoch for epoch in outcome.epochs] == [1, 2, 3]
    assert outcome.progress.test_accuracy == pytest.approx(0.9783)
    assert not feed.acted


@pytest.mark.parametrize(
    ("leave", "keys", "acted", "choice"),
    [
        ("q", ["k"], [], "background"),
        ("ctrl+q", ["enter"], [], "background"),
        ("ctrl+c", ["ctrl+c"], [], "background"),
        ("q", ["s"], ["stop"], "stop"),
        ("ctrl+c", ["down", "enter"], ["stop"], "stop"),
        ("ctrl+q", ["d"], ["discard"], "discard"),
        ("q", ["up", "up", "enter"], ["discard"], "discard"),
    ],
)
async def test_each_answer_on_leaving_reaches_the_run(
    feed: FakeFeed, leave: str, keys: list[str], acted: list[str], choice: str
) -> None:
    async with showing(feed) as screen:
        await screen.watches()
        await screen.press(leave)
        await screen.pause()
        assert isinstance(screen.app.screen, LeaveScreen)
        assert feed.acted == []
        await screen.press(*keys)
        await screen.leaves()
    assert feed.acted == acted
    assert screen.outcome.choice == choice


DIVERGED = Divergence(12, 1, "the output of conv1", "NaN", "conv1")


@pytest.mark.parametrize(
    ("diverged", "keys", "acted"),
    [
        (None, ["k"], ["resume"]),
        (None, ["enter"], ["resume"]),
        (None, ["p"], []),
        (None, ["down", "enter"], []),
        (DIVERGED, ["k", "enter"], []),
        (DIVERGED, ["s"], ["stop"]),
    ],
)
async def test_a_paused_run_is_left_paused_only_where_one_says_so(
    feed: FakeFeed, diverged: Divergence | None, keys: list[str], acted: list[str]
) -> None:
    feed.advance(100)
    feed.state, feed.diverged = State.PAUSED, diverged
    async with showing(feed) as screen:
        await screen.until(lambda: screen.app.watcher.snapshot.progress.state is State.PAUSED)
        await screen.press("q")
        await screen.pause()
        assert ("go on training" in screen.text) is not bool(diverged)
        assert "leave it paused" in screen.text
        assert "keep training" not in screen.text
        assert "cancel" in screen.text
        await screen.press(*keys)
        await screen.leaves()
    assert feed.acted == acted
    expected = State.STOPPED if acted == ["stop"] else State.TRAINING if acted else State.PAUSED
    assert screen.outcome.progress.state is expected


async def test_an_answer_that_is_given_before_the_run_is_reached_reaches_it(feed: FakeFeed) -> None:
    reached = asyncio.Event()

    async def connect() -> FakeFeed:
        await reached.wait()
        return feed

    async with showing(TrainApp(connect, TerminalProfile())) as screen:
        await screen.press("q", "d")
        await screen.pause(0.2)
        assert screen.app.return_value is None
        reached.set()
        await screen.leaves()
    assert feed.acted == ["discard"]
    assert screen.outcome.choice == "discard"


@pytest.mark.parametrize(("move", "key"), [([], "enter"), ([], "k"), (["up", "down"], "enter")])
async def test_a_run_that_is_paused_while_it_is_asked_goes_on_where_that_was_chosen(
    feed: FakeFeed, move: list[str], key: str
) -> None:
    async with showing(feed) as screen:
        await screen.watches()
        await screen.press("q", *move)
        await screen.sees("keep training")
        feed.state = State.PAUSED  # by another screen; or it was, and this one did not know yet
        await screen.sees("go on training", "is paused")
        assert "leave it paused" in screen.text
        assert "cancel" in screen.text
        await screen.press(key)
        await screen.leaves()
    assert feed.acted == ["resume"]


async def test_a_run_that_was_paused_in_a_frozen_view_is_known_to_be(feed: FakeFeed) -> None:
    async with showing(feed) as screen:
        await screen.watches()
        await screen.press("f", "space")
        await screen.until(lambda: feed.acted == ["pause"])
        await screen.press("space")
        await screen.until(lambda: feed.acted == ["pause", "resume"])
        await screen.press("space")
        await screen.until(lambda: len(feed.acted) == 3)
        await screen.press("q")
        await screen.sees("go on training")
        await screen.press("p")
    assert screen.outcome.progress.state is State.PAUSED


async def test_a_question_that_has_no_object_any_more_is_taken_back(feed: FakeFeed) -> None:
    async with showing(feed) as screen:
        await screen.watches()
        await screen.press("q")
        await screen.until(lambda: isinstance(screen.app.screen, LeaveScreen))
        feed.advance(100_000)
        await screen.sees("97.83% of the 10,000 test images are right")
        assert not isinstance(screen.app.screen, LeaveScreen)
        await screen.press("q")
    assert screen.outcome.choice == "ended"


@pytest.mark.parametrize(("key", "choice"), [("s", "stop"), ("d", "discard")])
async def test_who_does_not_wait_for_the_end_is_told_what_the_run_was_asked(key: str, choice: str) -> None:
    class Long(FakeFeed):
        async def act(self, action: Any) -> Any:
            self.acted.append(action)
            return self.progress()

    feed = Long()
    feed.advance(100)
    async with showing(feed) as screen:
        await screen.watches()
        await screen.press("q", key)
        await screen.until(lambda: feed.acted)
        await screen.pause(0.1)
        await screen.press("q")
        await screen.leaves()
    assert screen.outcome.choice == choice


@pytest.mark.parametrize("key", ["c", "escape"])
async def test_leaving_can_be_called_off(feed: FakeFeed, key: str) -> None:
    async with showing(feed) as screen:
        await screen.watches()
        await screen.press("q")
        await screen.press(key)
        await screen.pause()
        assert not isinstance(screen.app.screen, LeaveScreen)
        feed.advance(760)
        await screen.sees("epoch 2/3")
        assert feed.acted == []


async def test_stopping_is_waited_for(feed: FakeFeed) -> None:
    class Saving(FakeFeed):
        async def act(self, action: Any) -> Any:
            self.acted.append(action)
            return self.progress()

    saving = Saving()
    saving.advance(100)
    async with showing(saving) as screen:
        await screen.watches()
        await screen.press("q", "s")
        await screen.sees("being saved")
        assert screen.app.is_running
        saving.state = State.STOPPED
        await screen.leaves()
    assert screen.outcome.progress.state == "stopped"


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 15)])
async def test_at_most_six_keys_in_the_foot(feed: FakeFeed, size: tuple[int, int]) -> None:
    async with showing(feed, size) as screen:
        await screen.watches()
        shown = screen.app.screen.query_one(KeyLine).shown()
        assert len(shown) <= 6
        assert [s.binding.action for s in shown][-2:] == ["help", "leave"]
        await screen.sees("? keys", "q leave", line=-1)


async def test_help_has_every_key_and_what_it_does(feed: FakeFeed) -> None:
    async with showing(feed, (120, 60)) as screen:
        await screen.watches()
        every = shortcuts(screen.app.screen.active_bindings.values())
        await screen.press("question_mark")
        await screen.sees("Keys and words", "share of right answers")
        shown = screen.text
        for shortcut in every:
            assert " ".join(shortcut.keys) in shown
            assert shortcut.binding.tooltip.split()[0] in shown
        await screen.press("escape")
        assert not isinstance(screen.app.screen, HelpScreen)


async def test_the_palette_knows_every_key(feed: FakeFeed) -> None:
    async with showing(feed, (120, 40)) as screen:
        await screen.watches()
        names = [command.title for command in screen.app.get_system_commands(screen.app.screen)]
        assert len(names) == len(shortcuts(screen.app.screen.active_bindings.values()))
        await screen.press("ctrl+p")
        await screen.pause(0.3)
        await screen.press(*"next image")
        await screen.pause(0.5)
        await screen.press("enter")
        await screen.until(lambda: (0, 1) in feed.activations)


async def test_enter_in_the_palette_leaves_the_training_alone(feed: FakeFeed) -> None:
    async with showing(feed, (120, 40)) as screen:
        await screen.watches()
        await screen.press("ctrl+p")
        await screen.sees("Freeze")
        await screen.press("enter")
        await screen.until(lambda: screen.app.watcher.snapshot.frozen)
        assert feed.acted == []


@pytest.mark.parametrize("keys", [["d"], ["up", "up", "enter"]])
async def test_long_training_is_discarded_only_after_a_second_question(feed: FakeFeed, keys: list[str]) -> None:
    feed.trained = 7200.0
    async with showing(feed) as screen:
        await screen.watches()
        await screen.press("q", *keys)
        await screen.sees("of training for good?")
        assert feed.acted == []
        await screen.press("enter")  # once more is not enough
        await screen.until(lambda: not isinstance(screen.app.screen, LeaveScreen))
        assert feed.acted == []
        await screen.press("q", *keys, "d")
        await screen.leaves()
    assert feed.acted == ["discard"]


async def test_a_terminal_that_is_gone_is_left_without_a_question(feed: FakeFeed) -> None:
    async with showing(feed) as screen:
        await screen.watches()
        screen.app._hangup._go()
        await screen.pause()
    assert screen.outcome.choice == "background"
    assert feed.acted == []


async def test_a_signal_does_not_make_a_run_that_is_gone_go_on(feed: FakeFeed) -> None:
    async with showing(feed) as screen:
        await screen.watches()
        feed.gone = "It was killed."
        await screen.until(lambda: screen.app.watcher.snapshot.gone)
        screen.app._hangup._go()
        await screen.pause()
    assert (screen.outcome.choice, screen.outcome.message) == ("gone", "It was killed.")


@pytest.fixture
def unfrozen() -> Iterator[None]:
    """All objects are seen by garbage collection, by which the app finds the caches that it empties."""
    gc.unfreeze()
    yield
    gc.collect()
    gc.freeze()


@pytest.mark.usefixtures("unfrozen")
async def test_closed_dialogs_leave_nothing_behind(feed: FakeFeed) -> None:
    def kept(app: App[Any]) -> tuple[int, int]:
        clear_caches(app)  # as the app does when nobody has pressed a key for a while
        kinds = [type(o) for o in gc.get_objects()]  # isinstance would wake what is loaded when it is asked for
        return kinds.count(StylesCache), sum(issubclass(kind, Strip) for kind in kinds)

    counts: list[tuple[int, int]] = []
    async with showing(feed, (120, 40)) as screen:
        await screen.until(lambda: screen.app.watcher.snapshot.answer(AskActivations))
        for _ in range(3):
            for key in ("question_mark", "escape", "q", "escape", "ctrl+p", "escape"):
                await screen.press(key)
                await screen.pause()
            counts.append(kept(screen.app))
    # of six dialogs the last may still be on its way out
    assert counts[-1][0] - counts[0][0] < 15
    assert counts[-1][1] < 1.2 * counts[0][1] + 300


async def test_under_a_dialog_nothing_is_painted(feed: FakeFeed, monkeypatch: pytest.MonkeyPatch) -> None:
    async with showing(feed, (120, 40)) as screen:
        await screen.watches()
        for key in ("q", "question_mark"):
            await screen.press(key)
            await screen.pause(0.3)
            painted: list[object] = []
            monkeypatch.setattr(screen.app, "_display", lambda *given, painted=painted: painted.append(given))
            for _ in range(5):
                feed.advance(10)
                await screen.pause(0.1)
            # the dialog on leaving tells how far the run is; Textual alone paints 60 times a second
            assert len(painted) <= (12 if key == "q" else 1)
            monkeypatch.undo()
            await screen.press("escape")
