"""Leaving, help and the palette: what stands over a view, and what is left of it when it is closed."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import pytest
from textual._styles_cache import StylesCache
from textual.strip import Strip

from tests.tui.pictures import lines, text, until
from tests.worker.fake_feed import FakeFeed
from tuicnn.display.summary import Outcome
from tuicnn.observing.activations import AskActivations
from tuicnn.training.events import State
from tuicnn.tui.app import TrainApp
from tuicnn.tui.screens.help import HelpScreen
from tuicnn.tui.screens.leave import LeaveScreen
from tuicnn.tui.widgets.keys import KeyLine, shortcuts

MakeApp = Callable[..., TrainApp]


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (30, 8)])
async def test_the_result_stays_and_leaving_then_asks_nothing(
    make_app: MakeApp, feed: FakeFeed, size: tuple[int, int]
) -> None:
    app = make_app(feed)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.watcher.snapshot.overview)
        feed.advance(100_000)
        await until(pilot, lambda: app.watcher.snapshot.progress.state.final)
        await pilot.pause()
        if size[0] > 30:
            assert "97.83% of the 10,000 test images are right" in text(app)
            # there is nothing to steer any more, and nothing says that there is
            await until(pilot, lambda: "pause" not in lines(app)[-1])
            await pilot.press("space", "s")
        await pilot.press("q")
    outcome = app.return_value
    assert isinstance(outcome, Outcome)
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
    make_app: MakeApp, feed: FakeFeed, leave: str, keys: list[str], acted: list[str], choice: str
) -> None:
    app = make_app(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.watcher.snapshot.progress.step)
        await pilot.press(leave)
        await pilot.pause()
        assert isinstance(app.screen, LeaveScreen)
        assert feed.acted == []
        await pilot.press(*keys)
        await until(pilot, lambda: app.return_value)
    assert feed.acted == acted
    assert app.return_value is not None
    assert app.return_value.choice == choice


@pytest.mark.parametrize(
    ("diverged", "keys", "acted"),
    [
        ("", ["k"], ["resume"]),
        ("", ["enter"], ["resume"]),
        ("", ["p"], []),
        ("", ["down", "enter"], []),
        ("conv1 diverged.", ["k", "enter"], []),
        ("conv1 diverged.", ["s"], ["stop"]),
    ],
)
async def test_a_paused_run_is_left_paused_only_where_one_says_so(
    make_app: MakeApp, feed: FakeFeed, diverged: str, keys: list[str], acted: list[str]
) -> None:
    feed.advance(100)
    feed.state, feed.diverged = State.PAUSED, diverged
    app = make_app(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.watcher.snapshot.progress.state is State.PAUSED)
        await pilot.press("q")
        await pilot.pause()
        assert ("go on training" in text(app)) is not bool(diverged)
        assert "leave it paused" in text(app)
        assert "keep training" not in text(app)
        assert "cancel" in text(app)
        await pilot.press(*keys)
        await until(pilot, lambda: app.return_value)
    assert feed.acted == acted
    assert app.return_value is not None
    expected = State.STOPPED if acted == ["stop"] else State.TRAINING if acted else State.PAUSED
    assert app.return_value.progress.state is expected


async def test_an_answer_that_is_given_before_the_run_is_reached_reaches_it(make_app: MakeApp, feed: FakeFeed) -> None:
    reached = asyncio.Event()

    async def connect() -> FakeFeed:
        await reached.wait()
        return feed

    app = make_app(feed)
    app.watcher._connect = connect
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("q", "d")
        await pilot.pause(0.2)
        assert app.return_value is None
        reached.set()
        await until(pilot, lambda: app.return_value)
    assert feed.acted == ["discard"]
    assert app.return_value is not None
    assert app.return_value.choice == "discard"


@pytest.mark.parametrize(("move", "key"), [([], "enter"), ([], "k"), (["up", "down"], "enter")])
async def test_a_run_that_is_paused_while_it_is_asked_goes_on_where_that_was_chosen(
    make_app: MakeApp, feed: FakeFeed, move: list[str], key: str
) -> None:
    app = make_app(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.watcher.snapshot.progress.step)
        await pilot.press("q", *move)
        await until(pilot, lambda: "keep training" in text(app))
        feed.state = State.PAUSED  # by another screen; or it was, and this one did not know yet
        await until(pilot, lambda: "go on training" in text(app) and "is paused" in text(app))
        assert "leave it paused" in text(app)
        assert "cancel" in text(app)
        await pilot.press(key)
        await until(pilot, lambda: app.return_value)
    assert feed.acted == ["resume"]


async def test_a_run_that_was_paused_in_a_frozen_view_is_known_to_be(make_app: MakeApp, feed: FakeFeed) -> None:
    app = make_app(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.watcher.snapshot.progress.step)
        await pilot.press("f", "space")
        await until(pilot, lambda: feed.acted == ["pause"])
        await pilot.press("space")
        await until(pilot, lambda: feed.acted == ["pause", "resume"])
        await pilot.press("space")
        await until(pilot, lambda: len(feed.acted) == 3)
        await pilot.press("q")
        await until(pilot, lambda: "go on training" in text(app))
        await pilot.press("p")
    assert app.return_value is not None
    assert app.return_value.progress.state is State.PAUSED


async def test_a_question_that_has_no_object_any_more_is_taken_back(make_app: MakeApp, feed: FakeFeed) -> None:
    app = make_app(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.watcher.snapshot.progress.step)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, LeaveScreen))
        feed.advance(100_000)
        await until(pilot, lambda: "97.83% of the 10,000 test images are right" in text(app))
        assert not isinstance(app.screen, LeaveScreen)
        await pilot.press("q")
    assert app.return_value is not None
    assert app.return_value.choice == "ended"


@pytest.mark.parametrize(("key", "choice"), [("s", "stop"), ("d", "discard")])
async def test_who_does_not_wait_for_the_end_is_told_what_the_run_was_asked(
    make_app: MakeApp, key: str, choice: str
) -> None:
    class Long(FakeFeed):
        async def act(self, action: Any) -> Any:
            self.acted.append(action)
            return self.progress()

    feed = Long()
    feed.advance(100)
    app = make_app(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.watcher.snapshot.progress.step)
        await pilot.press("q", key)
        await until(pilot, lambda: feed.acted)
        await pilot.pause(0.1)
        await pilot.press("q")
        await until(pilot, lambda: app.return_value)
    assert app.return_value is not None
    assert app.return_value.choice == choice


@pytest.mark.parametrize("key", ["c", "escape"])
async def test_leaving_can_be_called_off(make_app: MakeApp, feed: FakeFeed, key: str) -> None:
    app = make_app(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.watcher.snapshot.progress.step)
        await pilot.press("q")
        await pilot.press(key)
        await pilot.pause()
        assert not isinstance(app.screen, LeaveScreen)
        feed.advance(760)
        await until(pilot, lambda: "epoch 2/3" in text(app))
        assert feed.acted == []


async def test_stopping_is_waited_for(make_app: MakeApp, feed: FakeFeed) -> None:
    class Saving(FakeFeed):
        async def act(self, action: Any) -> Any:
            self.acted.append(action)
            asyncio.get_running_loop().call_later(0.3, self._end)
            return self.progress()

        def _end(self) -> None:
            self.state = State.STOPPED

    saving = Saving()
    saving.advance(100)
    app = make_app(saving)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.watcher.snapshot.progress.step)
        await pilot.press("q", "s")
        await until(pilot, lambda: "being saved" in text(app))
        await until(pilot, lambda: app.return_value)
    assert app.return_value is not None
    assert app.return_value.progress.state == "stopped"


async def test_at_most_six_keys_in_the_foot_and_all_under_help(make_app: MakeApp, feed: FakeFeed) -> None:
    app = make_app(feed)
    for size in ((120, 40), (80, 24), (60, 15)):
        async with make_app(feed).run_test(size=size) as pilot:
            await until(pilot, lambda: pilot.app.watcher.snapshot.overview)  # type: ignore[attr-defined]
            shown = pilot.app.screen.query_one(KeyLine).shown()
            assert len(shown) <= 6
            assert [s.binding.action for s in shown][-2:] == ["help", "leave"]
            foot = lines(pilot.app)[-1]  # type: ignore[arg-type]
            assert "? keys" in foot
            assert "q leave" in foot
    async with app.run_test(size=(120, 60)) as pilot:
        await until(pilot, lambda: app.watcher.snapshot.overview)
        every = shortcuts(app.screen.active_bindings.values())
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)
        shown_text = text(app)
        for shortcut in every:
            assert shortcut.binding.tooltip, shortcut
            assert " ".join(shortcut.keys) in shown_text
            assert shortcut.binding.tooltip.split()[0] in shown_text
        for key in ("escape",):
            await pilot.press(key)
        assert not isinstance(app.screen, HelpScreen)


async def test_the_palette_knows_every_key(make_app: MakeApp, feed: FakeFeed) -> None:
    app = make_app(feed)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.watcher.snapshot.overview)
        names = [command.title for command in app.get_system_commands(app.screen)]
        assert len(names) == len(shortcuts(app.screen.active_bindings.values()))
        await pilot.press("ctrl+p")
        await pilot.pause(0.3)
        await pilot.press(*"next image")
        await pilot.pause(0.5)
        await pilot.press("enter")
        await until(pilot, lambda: (0, 1) in feed.activations)


async def test_enter_in_the_palette_leaves_the_training_alone(make_app: MakeApp, feed: FakeFeed) -> None:
    app = make_app(feed)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.watcher.snapshot.overview)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: "Freeze" in text(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.watcher.snapshot.frozen)
        assert feed.acted == []


@pytest.mark.parametrize("keys", [["d"], ["up", "up", "enter"]])
async def test_long_training_is_discarded_only_after_a_second_question(
    make_app: MakeApp, feed: FakeFeed, keys: list[str]
) -> None:
    feed.trained = 7200.0
    app = make_app(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.watcher.snapshot.progress.step)
        await pilot.press("q", *keys)
        await until(pilot, lambda: "of training for good?" in text(app))
        assert feed.acted == []
        await pilot.press("enter")  # once more is not enough
        await until(pilot, lambda: not isinstance(app.screen, LeaveScreen))
        assert feed.acted == []
        await pilot.press("q", *keys, "d")
        await until(pilot, lambda: app.return_value)
    assert feed.acted == ["discard"]


async def test_a_terminal_that_is_gone_is_left_without_a_question(make_app: MakeApp, feed: FakeFeed) -> None:
    app = make_app(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.watcher.snapshot.progress.step)
        app._hangup._go()
        await pilot.pause()
    assert app.return_value is not None
    assert app.return_value.choice == "background"
    assert feed.acted == []


async def test_a_signal_does_not_make_a_run_that_is_gone_go_on(make_app: MakeApp, feed: FakeFeed) -> None:
    app = make_app(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.watcher.snapshot.progress.step)
        feed.gone = "It was killed."
        await until(pilot, lambda: app.watcher.snapshot.gone)
        app._hangup._go()
        await pilot.pause()
    assert app.return_value is not None
    assert (app.return_value.choice, app.return_value.message) == ("gone", "It was killed.")


async def test_closed_dialogs_leave_nothing_behind(make_app: MakeApp, feed: FakeFeed) -> None:
    def kept() -> tuple[int, int]:
        kinds = [type(o) for o in gc.get_objects()]  # isinstance would wake what is loaded when it is asked for
        return kinds.count(StylesCache), sum(issubclass(kind, Strip) for kind in kinds)

    app = make_app(feed)
    counts: list[tuple[int, int]] = []
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.watcher.snapshot.answer(AskActivations))
        for _ in range(4):
            for key in ("question_mark", "escape", "q", "escape", "ctrl+p", "escape"):
                await pilot.press(key)
                await pilot.pause()
            counts.append(kept())
    # of nine dialogs the last may still be on its way out
    assert counts[-1][0] - counts[0][0] < 15
    assert counts[-1][1] < 1.2 * counts[0][1] + 300
