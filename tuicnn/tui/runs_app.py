"""The part of the screen's app that knows which run is shown: opens another one in its place, and goes on with one."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from time import monotonic
from typing import ClassVar, Self

from textual import on
from textual.app import App
from textual.await_remove import AwaitRemove
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import AwaitMount, Widget

from tuicnn.display.terminal import TerminalProfile
from tuicnn.errors import UserError
from tuicnn.runs.continuation import Continuation, continuation
from tuicnn.runs.folder import RUNS, RunFolder
from tuicnn.training.events import State
from tuicnn.tui.context import ViewContext
from tuicnn.tui.driver import TerminalDriver
from tuicnn.tui.editor.desk import Desk
from tuicnn.tui.messages import Begun
from tuicnn.tui.outcome import Outcome
from tuicnn.tui.screens.question import QuestionScreen
from tuicnn.tui.screens.view import View
from tuicnn.tui.shelf import Shelf
from tuicnn.worker.feed import Feed, WorkerGone
from tuicnn.worker.opening import open_feed, resume_in_background
from tuicnn.worker.snapshot import Snapshot
from tuicnn.worker.watcher import Watcher

__all__ = ["RunsApp"]

#: the mode of an empty screen, while the views of one run give way to those of another
BETWEEN = "between"
RELEASE_PATIENCE = 5.0  # seconds for the process of a run that has ended to go


class RunsApp(App[Outcome], inherit_bindings=False):
    """Shows one run at a time, or none, in views that are made anew for each."""

    #: the modes that have a view; the one that a run is opened in, and the one where none is open
    MODES_OF_VIEWS: ClassVar[tuple[str, ...]] = ()
    FIRST_VIEW: ClassVar[str] = "train"
    RUNS_VIEW: ClassVar[str] = "runs"
    SWEEP_VIEW: ClassVar[str] = "sweep"
    #: the modes that need no run
    WITHOUT_RUN: ClassVar[tuple[str, ...]] = (RUNS_VIEW, SWEEP_VIEW, "edit")

    def __init__(
        self,
        connect: Callable[[], Awaitable[Feed]] | None,
        terminal: TerminalProfile,
        title: str,
        folder: RunFolder | None,
        sweep: Path | None = None,
    ) -> None:
        """`connect` reaches the run to begin with, None for none; then a `sweep`, by its folder, may be shown."""
        without = self.RUNS_VIEW if sweep is None else self.SWEEP_VIEW
        self.DEFAULT_MODE = self.FIRST_VIEW if connect is not None else without  # type: ignore[misc]
        super().__init__(driver_class=TerminalDriver, ansi_color=True)
        self.terminal = terminal
        self._at_once = False  # whether what is being shown is there already
        self._desk, self._shelf = Desk(), Shelf.of(_parent_of(folder))
        self._shelf.sweep = self._shelf.chosen = sweep
        self.context = self._context_of(connect, title, folder)
        for mode in self.MODES_OF_VIEWS:
            self.add_mode(mode, partial(self.make_view, mode))
        self._begun: list[subprocess.Popen[bytes]] = []  # processes of runs that were begun here

    @classmethod
    def of_run(
        cls, folder: RunFolder, terminal: TerminalProfile, process: subprocess.Popen[bytes] | None = None
    ) -> Self:
        """An app that shows a run in any state; its `process` may be just starting."""
        app = cls(lambda: open_feed(folder, process, app.tell_reading), terminal, title=folder.name, folder=folder)
        return app

    def make_view(self, mode: str) -> View:
        """The view of a mode, for the run that is shown now."""
        raise NotImplementedError

    def on_snapshot(self, snapshot: Snapshot) -> None:
        """Something new was seen of the run that is shown."""
        raise NotImplementedError

    def forget_run(self) -> None:
        """Another run is about to be shown: forget what was of the last one."""

    @property
    def watcher(self) -> Watcher:
        """That of the run that is shown."""
        return self.context.watcher

    def _context_of(
        self,
        connect: Callable[[], Awaitable[Feed]] | None,
        title: str,
        folder: RunFolder | None,
        former: RunFolder | None = None,
    ) -> ViewContext:
        """What the views share of a run; None for `connect` where none is open."""

        async def nothing() -> Feed:
            raise WorkerGone("No run is open.")

        def tell(snapshot: Snapshot) -> None:
            if self.context.watcher is watcher:  # another run may have been opened meanwhile
                self.on_snapshot(snapshot)

        watcher = Watcher(connect or nothing, tell)
        return ViewContext(
            self.terminal,
            watcher,
            title,
            folder,
            desk=self._desk,
            shelf=self._shelf,
            former=former,
            open=connect is not None,
        )

    def watch_run(self) -> None:
        """Begin to watch the run that is shown."""
        if self.context.open:
            self.run_worker(self.watcher.run(), name="watch", group="watch")

    async def open_run(
        self, folder: RunFolder, process: subprocess.Popen[bytes] | None = None, former: RunFolder | None = None
    ) -> None:
        """Show another run in the place of this one, which goes on as it is; `process` may be just starting.

        `former` is the run whose changed net the new one was begun with.
        """
        if process is not None:
            self._begun.append(process)
        left, progress, title = self.watcher.snapshot, self.watcher.latest, self.context.title
        self.workers.cancel_group(self, "watch")
        self.forget_run()
        connect = partial(open_feed, folder, process, self.tell_reading)
        self.context = self._context_of(connect, folder.name, folder, former)
        with self.batch_update():
            # a mode cannot be removed while it is in front, and there is always one in front
            self.add_mode(BETWEEN, Screen)
            await self.switch_mode(BETWEEN)
            for mode in self.MODES_OF_VIEWS:
                await self.remove_mode(mode)
                self.add_mode(mode, partial(self.make_view, mode))
            await self.switch_mode(self.FIRST_VIEW)
            await self.remove_mode(BETWEEN)
        self.watch_run()
        if left.begun and not (left.gone or progress.state.final):
            does = "stays paused" if progress.state is State.PAUSED else "goes on"
            self._notice(f"{title} {does} in the background")

    def switch_mode(self, mode: str) -> AwaitMount:
        """Show a view: at once where it is there already."""
        self._at_once = mode in self._screen_stacks
        try:
            return super().switch_mode(mode)
        finally:
            self._at_once = False

    def delay_update(self, delay: float = 0.05) -> None:
        """Draw nothing for a while, to hide that something is being made; Textual asks for that at each switch."""
        if not self._at_once:
            super().delay_update(delay)

    def _load_screen_css(self, screen: Screen[object]) -> None:
        """Read the style sheet of a view alone: Textual would parse all others again, and style all that is there."""
        paths = [path for path in screen.css_path if not self.stylesheet.has_source(str(path))]
        self.stylesheet.read_all(paths)
        if paths:
            self.stylesheet.parse()

    def _prune(self, *nodes: Widget, parent: DOMNode | None = None) -> AwaitRemove:
        """Remove widgets; a screen leaves those below it as they are, which Textual would lay out and draw again."""
        return super()._prune(*nodes, parent=None if parent is self else parent)

    def show_first_view(self) -> None:
        """Show the run that is open."""
        self.switch_mode(self.FIRST_VIEW)

    @on(Begun)
    def _on_begun(self, message: Begun) -> None:
        self.run_worker(self.open_run(message.folder, message.process, self.context.folder), group="begin")

    def tell_reading(self, sentence: str) -> None:
        """Show what is being read of a run's folder, until that is done ("")."""
        for screen in self.screen_stack:
            if isinstance(screen, View):
                screen.tell_reading(sentence)

    def _notice(self, text: str) -> None:
        """Show a sentence for some seconds."""
        for screen in self.screen_stack:
            if isinstance(screen, View):
                screen.notice(text)

    @property
    def continuation(self) -> Continuation | None:
        """How the run that is shown can go on, once it has ended."""
        folder, snapshot = self.context.folder, self.watcher.snapshot
        progress, overview = snapshot.progress, snapshot.overview
        if folder is None or overview is None or not (progress.state.final or snapshot.gone):
            return None
        state = progress.state if progress.state.final else State.LOST
        return continuation(
            folder.name,
            state,
            epochs=overview.epochs,
            saved=progress.saved > 0,
            unsaved=bool(progress.trouble),
            early=progress.epoch < overview.epochs,
        )

    def action_train_on(self) -> None:
        """Ask, then go on with the run that is shown."""
        if self.context.folder is not None and self.continuation is not None:
            self.run_worker(self.train_on(self.context.folder, self.continuation), group="begin", exclusive=True)

    async def train_on(self, folder: RunFolder, further: Continuation) -> None:
        """Ask, then go on with a run and show it; in a worker."""
        answers = (("y", further.words),)
        if not await self.push_screen_wait(QuestionScreen(self.terminal, "Go on", further.question, answers)):
            return
        self._notice(f"{further.words}: {folder.name}")
        here = self.context.folder is not None and self.context.folder.path == folder.path
        if here:
            await self._release(folder)
        try:
            process, said = await asyncio.to_thread(resume_in_background, folder, further.options)
        except UserError as error:
            if here:
                await self.open_run(folder)
            self._notice(str(error))
            return
        await self.open_run(folder, process)
        self._notice(said)

    async def _release(self, folder: RunFolder) -> None:
        """Let the process of a run that has ended go, which waits for screens that look at it."""
        with contextlib.suppress(UserError):
            await self.watcher.act("stop")
        self.workers.cancel_group(self, "watch")
        started = monotonic()
        while folder.alive and monotonic() - started < RELEASE_PATIENCE:
            await asyncio.sleep(0.05)


def _parent_of(folder: RunFolder | None) -> Path:
    """The folder whose `runs` a run is in; the working folder for one that is elsewhere, and for none."""
    if folder is not None and (runs := folder.path.absolute().parent).name == RUNS:
        return runs.parent
    return Path.cwd()
