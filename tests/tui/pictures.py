"""What stands on the screen of an app under test, as text."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import TypeVar
from unittest.mock import patch

from textual.app import App
from textual.pilot import Pilot

from tuicnn.display.terminal import TerminalProfile
from tuicnn.runs.folder import RunFolder
from tuicnn.tui.app import TrainApp
from tuicnn.tui.outcome import Outcome
from tuicnn.worker.feed import Feed

__all__ = ["Picture", "app_of", "running", "showing"]

R = TypeVar("R")

FRAME = 0.02  # seconds, in which Textual lays out and paints what has changed


class Picture:
    """An app that runs without a terminal, and the person before it."""

    def __init__(self, app: TrainApp, pilot: Pilot[Outcome]) -> None:
        self.app, self.pilot = app, pilot
        self.press, self.pause = pilot.press, pilot.pause

    @property
    def lines(self) -> list[str]:
        """The lines of the screen in front, each as wide as the terminal."""
        return [strip.text for strip in self.app.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        """The whole screen."""
        return "\n".join(self.lines)

    @property
    def outcome(self) -> Outcome:
        """How the app was left."""
        assert self.app.return_value is not None
        return self.app.return_value

    async def until(self, condition: Callable[[], object], seconds: float = 5.0) -> None:
        """Wait until a condition holds; fail where it does not within some seconds."""
        end = monotonic() + seconds
        while monotonic() < end:
            await self.pause()
            if condition():
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"it did not come to be:\n{self.text}")

    async def sees(self, *texts: str, line: int | None = None) -> None:
        """Wait until texts stand on the screen, or in one line of it."""
        await self.until(lambda: all(t in (self.text if line is None else self.lines[line]) for t in texts))

    async def watches(self) -> None:
        """Wait until the app has seen the run."""
        await self.until(lambda: self.app.watcher.snapshot.progress.step)

    async def opens(self, folder: RunFolder) -> None:
        """Wait until a run is shown in the place of what was shown before."""
        await self.until(lambda: self.app.context.folder == folder)
        await self.until(lambda: self.app.current_mode == "train" and "between" not in self.app._modes)

    async def leaves(self) -> Outcome:
        """Wait until the app has ended."""
        await self.until(lambda: self.app.return_value)
        return self.outcome


def app_of(feed: Feed, terminal: TerminalProfile | None = None, folder: RunFolder | None = None) -> TrainApp:
    """An app that shows a feed."""

    async def connect() -> Feed:
        return feed

    return TrainApp(connect, terminal or TerminalProfile(), title="mnist", folder=folder)


@asynccontextmanager
async def showing(
    feed: Feed | TrainApp, size: tuple[int, int] = (80, 24), terminal: TerminalProfile | None = None
) -> AsyncIterator[Picture]:
    """Run an app that shows a feed in a terminal of so many columns and rows."""
    app = feed if isinstance(feed, TrainApp) else app_of(feed, terminal)
    async with running(app, size) as pilot:
        yield Picture(app, pilot)


@asynccontextmanager
async def running(app: App[R], size: tuple[int, int]) -> AsyncIterator[Pilot[R]]:
    """Run any app. A pilot that pressed a key or paused goes on after a frame, once nothing is left to do but wait.

    Textual's own goes on once the process takes next to no time, for which it waits a second where a run moves.
    """

    async def until_idle(*_: float) -> None:
        loop, turns, end = asyncio.get_running_loop(), 0, monotonic() + 1.0
        await asyncio.sleep(FRAME)
        while turns < 2 and monotonic() < end:
            await asyncio.sleep(0)
            turns = 0 if loop._ready else turns + 1  # type: ignore[attr-defined]

    with patch("textual.app.wait_for_idle", until_idle), patch("textual.pilot.wait_for_idle", until_idle):
        async with app.run_test(size=size) as pilot:
            yield pilot
            await until_idle()  # a view that is just opening is not torn apart
