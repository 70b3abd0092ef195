"""The screen's app: connects to a run, watches it, and holds what every view shares: control, help and leaving."""

from __future__ import annotations

import asyncio
import signal
import traceback
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar

from rich.console import COLOR_SYSTEMS
from textual import on
from textual.app import SystemCommand
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.command import DiscoveryHit, Hits, Provider
from textual.events import Event, InputEvent
from textual.filter import LineFilter, NoColor
from textual.screen import ModalScreen, Screen
from textual.system_commands import SystemCommandsProvider

from tuicnn.display.terminal import TerminalProfile
from tuicnn.display.verdict import doing
from tuicnn.errors import UserError
from tuicnn.runs.folder import RunFolder
from tuicnn.training.events import State
from tuicnn.training.progress import Progress
from tuicnn.tui.guard import OnlyPrintable
from tuicnn.tui.hangup import Hangup
from tuicnn.tui.memory import Memory
from tuicnn.tui.messages import GoDown, Watched
from tuicnn.tui.outcome import Outcome
from tuicnn.tui.runs_app import RunsApp
from tuicnn.tui.screens.help import HelpScreen
from tuicnn.tui.screens.leave import LeaveScreen, Leaving
from tuicnn.tui.screens.view import View
from tuicnn.tui.views import PARTS, TABS, VIEWS, load, load_all
from tuicnn.tui.widgets.keys import described, shortcuts
from tuicnn.tui.widgets.view_bar import ViewBar
from tuicnn.worker.feed import Action, Feed
from tuicnn.worker.snapshot import Snapshot

__all__ = ["TrainApp"]

COLOUR_SYSTEMS = {"truecolor": "truecolor", "256": "256", "16": "standard", "none": "standard"}
#: actions that change or end the training; the palette lists them last, since Enter alone chooses its first entry
CONTROLS = ("pause", "control", "train_on", "leave")
RATES: dict[Action, str] = {"halve-rate": "halved", "double-rate": "doubled"}
#: for each answer on leaving: the action, how the run is left, and the notice meanwhile
ENDINGS: dict[Leaving, tuple[Action, Leaving, str]] = {
    "go-on": ("resume", "background", "letting the run go on"),
    "stop": ("stop", "stop", "stopping; the weights are being saved"),
    "discard": ("discard", "discard", "discarding the run"),
}
IMPORT_DELAY = 1.0  # seconds after which the other views are imported, so that the first one comes at once
SAVING_PATIENCE = 15.0  # seconds that the screen waits to say that a checkpoint was written
ENDING_PATIENCE = 15.0  # seconds for a run that was told to stop to do so before the screen leaves without it


class Commands(SystemCommandsProvider):
    """The app's commands in its own order, which Textual would sort by name."""

    async def discover(self) -> Hits:
        """All commands, for a palette in which nothing is typed yet."""
        for name, help_text, callback, discover in self.app.get_system_commands(self.screen):
            if discover:
                yield DiscoveryHit(name, callback, help=help_text)


class TrainApp(RunsApp, inherit_bindings=False):
    """Shows one run. `show()` returns an `Outcome` (None after a crash, with `return_code` not 0)."""

    MODES_OF_VIEWS = (*VIEWS, *PARTS)
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {Commands}

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(tab.key, f"show_view('{tab.mode}')", tab.label, show=False, tooltip=VIEWS[tab.mode].purpose)
            for tab in TABS
        ),
        Binding("escape", "up", "back", show=False, tooltip="Back to where one came from."),
        Binding("space", "pause", "pause", tooltip="Pause at the end of a step, or go on."),
        Binding("s", "control('step')", "step", tooltip="Train one step, then pause."),
        Binding(
            "<",
            "control('slower')",
            "slower",
            show=False,
            tooltip="Train more slowly, to watch: 100, 10, 2 steps a second, then one at a time.",
        ),
        Binding(">", "control('faster')", "faster", show=False, tooltip="Train faster again, up to full speed."),
        Binding("w", "control('save')", "write", show=False, tooltip="Write a checkpoint now, after the step."),
        Binding(
            "-",
            "control('halve-rate')",
            "halve the rate",
            show=False,
            tooltip="Halve the learning rate, from the next step on.",
        ),
        Binding(
            "+,=",
            "control('double-rate')",
            "double the rate",
            show=False,
            tooltip="Double the learning rate, from the next step on.",
        ),
        Binding("r", "train_on", "resume", tooltip="Go on with a run that has ended or was lost; it is asked before."),
        Binding("f", "freeze", "freeze", tooltip="Hold the picture still while training goes on, or let it go."),
        Binding("ctrl+p", "command_palette", "palette", show=False, tooltip="Find any of this by its name."),
        Binding("ctrl+z", "suspend_process", "suspend", show=False, tooltip="Back to the shell; fg comes back here."),
        Binding("?", "help", "keys", tooltip="Show the keys and what the numbers mean."),
        Binding("q", "leave", "leave", tooltip="Leave; while the run goes on, what becomes of it is asked."),
        Binding("ctrl+c,ctrl+q", "leave", "leave", show=False, priority=True),
    ]

    def __init__(
        self,
        connect: Callable[[], Awaitable[Feed]] | None,
        terminal: TerminalProfile,
        *,
        title: str = "tuicnn",
        folder: RunFolder | None = None,
        sweep: Path | None = None,
    ) -> None:
        super().__init__(connect, terminal, title, folder, sweep)
        self._guard = OnlyPrintable()
        self.title = title
        self.theme = "ansi-dark"  # the terminal's own colours: legible whether it is dark or light
        self.animation_level = "none"
        self.use_command_palette = not terminal.ascii  # Textual's palette has characters of its own
        self.console._color_system = _colour_system(terminal)
        self._memory = Memory(self, lambda: monotonic() - self._touched_at)
        self._touched_at = 0.0  # when a key was pressed or the mouse moved, by `monotonic`
        self._way: list[str] = []  # the views that a person came from
        self._hangup = Hangup(partial(self._leave_with, "background"))
        self._owns_process = False
        self._ending = False
        self._shown: tuple[bool, str] = (False, "")  # whether the run is over, and what the space bar does
        self._told: Leaving | None = None  # how the run was told to end
        self.broken = ""  # the traceback of an error that ended the screen

    def show(self) -> Outcome | None:
        """Run in the terminal of a process that does nothing else: with its signals, and all of its memory."""
        self._owns_process = True
        return self.run()

    # -- views

    def on_load(self) -> None:
        """Take the signals before the terminal is changed."""
        if self._owns_process:
            self._hangup.start()

    def on_mount(self) -> None:
        """Begin to watch the run; the view is shown before there is a connection."""
        self.watch_run()
        self._memory.limit(whole=self._owns_process)
        if not self.is_headless:
            self.set_timer(IMPORT_DELAY, partial(self.run_worker, load_all, thread=True, group="import"))

    def make_view(self, mode: str) -> View:
        """See `RunsApp`."""
        view = load(mode)(self.context, mode, TABS)
        view._css_update_count = self._css_update_count  # else all styles of all views are found anew, twice
        return view

    def forget_run(self) -> None:
        """See `RunsApp`."""
        self._way.clear()
        self._ending, self._shown, self._told = False, (False, ""), None

    def on_unmount(self) -> None:
        """Stop watching the terminal."""
        self._hangup.stop()

    def action_show_view(self, mode: str) -> None:
        """Show a view; there is no way back from it but the other views' keys."""
        if not self.context.open and mode not in self.WITHOUT_RUN:
            self._notice("no run is open; enter opens the chosen one")
            return
        self._way.clear()
        inside = mode == self.RUNS_VIEW and self._shelf.sweep is not None
        self.switch_mode(self.SWEEP_VIEW if inside else mode)

    @on(ViewBar.Chosen)
    def _on_view_chosen(self, message: ViewBar.Chosen) -> None:
        self.action_show_view(message.mode)

    def go_down(self, mode: str) -> None:
        """Show a view of what was chosen in this one; escape comes back."""
        self._way.append(self.current_mode)
        self.switch_mode(mode)

    @on(GoDown)
    def _on_go_down(self, message: GoDown) -> None:
        self.go_down(message.mode)

    def action_up(self) -> None:
        """Back to the view that a person came from."""
        if self._way:
            self.switch_mode(self._way.pop())

    def on_snapshot(self, snapshot: Snapshot) -> None:
        """See `RunsApp`."""
        over = snapshot.progress.state.final or bool(snapshot.gone)
        if (over, self.said["pause"]) != self._shown:
            self._shown = over, self.said["pause"]
            self.refresh_bindings()
        for screen in self.screen_stack:
            screen.post_message(Watched(snapshot))

    async def on_event(self, event: Event) -> None:
        """Note when a person does something."""
        if isinstance(event, InputEvent):
            self._touched_at = monotonic()
        await super().on_event(event)

    def pop_screen(self) -> AwaitComplete:
        """Close the dialog in front, and free its memory."""
        closing = super().pop_screen()
        self._memory.tidy_soon()
        return closing

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's filters, `OnlyPrintable`, and where there are no colours one that removes Textual's own."""
        filters = [*super().get_line_filters(), self._guard]
        return filters if self.terminal.colours != "none" else [*filters, NoColor()]

    # -- control

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enable the palette where it can be drawn, and control while there is a run to control."""
        if action == "show_view":
            return not isinstance(self.screen, ModalScreen)
        if action == "up":
            return bool(self._way)
        controls = action in ("pause", "freeze", "train_on", "control")
        if controls and not (self.context.open and getattr(self.screen, "CONTROLS_RUN", True)):
            return False
        if action == "train_on":
            return self.continuation is not None
        if action in ("pause", "freeze") or (action == "control" and parameters != ("save",)):
            return not (self.watcher.snapshot.progress.state.final or self.watcher.snapshot.gone)
        return self.use_command_palette if action == "command_palette" else True

    @property
    def said(self) -> dict[str, str]:
        """What an action does now, by its name, where that is not always the same."""
        on = self.continuation
        return {
            "pause": "go on" if self.watcher.latest.state is State.PAUSED else "pause",
            "train_on": on.words if on is not None else "resume",
        }

    def action_pause(self) -> None:
        """Pause at the end of a step, or go on."""
        self.action_control("resume" if self.watcher.latest.state is State.PAUSED else "pause")

    def action_control(self, action: Action) -> None:
        """Ask the run for something, and say what becomes of it."""
        snapshot = self.watcher.snapshot
        if snapshot.progress.state.final or snapshot.gone:
            self._notice("the run has ended")
        elif not snapshot.begun:
            self._notice("not training yet")
        elif action == "slower" and self.watcher.latest.state is State.PAUSED:
            self._notice("one step at a time already: s trains the next one")
        elif action == "faster" and self.watcher.latest.state is not State.PAUSED and not self.watcher.latest.pace:
            self._notice("at full speed already")
        elif (action in RATES or action == "step") and self._last_step_done:
            self._notice("no step follows: training is over, and the test images are next")
        else:
            self.run_worker(self._do_control(action), group="control")

    @property
    def _last_step_done(self) -> bool:
        progress = self.watcher.latest
        return progress.state is State.TESTING or 0 < progress.steps <= progress.step

    async def _do_control(self, action: Action) -> None:
        try:
            asked = await self.watcher.act(action)
        except UserError as error:  # the run has come to its end meanwhile
            self._notice(str(error))
            return
        frozen = self.watcher.snapshot.frozen
        if asked is not None and action in RATES:
            self._notice(f"the learning rate is {RATES[action]} from the next step on")
        elif asked is not None and frozen:  # what became of it is told by the run's numbers, which stand still
            done = "a checkpoint is written after this step" if action == "save" else doing(asked)
            self._notice(f"{done}; the view is frozen, f lets it go on")
        elif asked is not None and action == "save":
            await self._wait_for(lambda now: now.saved >= asked.step, SAVING_PATIENCE)
            if (saved := self.watcher.latest.saved) >= asked.step:
                self._notice(f"saved after step {saved:,}")

    def action_freeze(self) -> None:
        """Freeze the view while training goes on, or unfreeze it."""
        self.watcher.freeze(not self.watcher.snapshot.frozen)

    def action_help(self) -> None:
        """Show the keys and what the numbers mean."""
        words = self.screen.WORDS if isinstance(self.screen, View) else ()
        keys = shortcuts(self.screen.active_bindings.values())
        self.push_screen(HelpScreen(self.terminal, keys, words, self.watcher.snapshot.overview))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Every action that has a key, for the palette: first those that leave the training alone."""
        every = shortcuts(screen.active_bindings.values())
        for shortcut in sorted(every, key=lambda s: s.binding.action.partition("(")[0] in CONTROLS):
            binding = shortcut.binding
            run = partial(self.run_action, binding.action, shortcut.node)
            name = f"{described(shortcut)} ({' '.join(shortcut.keys)})"
            yield SystemCommand(name[0].upper() + name[1:], binding.tooltip, run)

    # -- leaving

    @property
    def ended_by(self) -> signal.Signals | None:
        """The signal that ended the screen, SIGHUP also where its terminal hung up without one."""
        return self._hangup.signal

    def restore_terminal(self) -> None:
        """Give the terminal the settings that it had before the screen."""
        self._hangup.restore()

    def _fatal_error(self) -> None:
        """On an unexpected error, leave and keep the traceback, which Textual would print."""
        self.broken = traceback.format_exc()
        self._close_messages_no_wait()

    def action_leave(self) -> None:
        """Leave at once where nothing can be lost, else ask. A second time while asking: leave, and train on."""
        snapshot = self.watcher.snapshot
        if not self.context.open:
            self._leave_with("none")
        elif snapshot.gone and not snapshot.progress.state.final:
            self._leave_with("gone")
        elif snapshot.progress.state.final:
            self._leave_with("ended")
        elif self._ending or isinstance(self.screen, LeaveScreen):
            self._leave_with(self._told or "background")
        else:
            self.push_screen(LeaveScreen(self.terminal, self.watcher, self.title), self._on_answer)

    def _on_answer(self, answer: Leaving | None) -> None:
        if answer == "background":
            self._leave_with("background")
        elif answer is not None:
            self._ending = True
            self.run_worker(self._end(answer), group="end")

    async def _end(self, answer: Leaving) -> None:
        """Control the run as answered, and wait until it has done so, for the summary that is printed."""
        action, choice, notice = ENDINGS[answer]
        self._notice(notice)
        self.watcher.freeze(False)
        told = await self.watcher.act(action)
        if told is not None:
            self._told = choice
            await self._wait_for(lambda now: now.state.final or (action == "resume" and now.state is not State.PAUSED))
        self._leave_with(choice if told is not None else "gone")

    async def _wait_for(self, come: Callable[[Progress], bool], seconds: float = ENDING_PATIENCE) -> None:
        """Wait until the run is as it was asked to be, for so many seconds, or gone."""
        started = monotonic()
        while monotonic() - started < seconds and not (come(self.watcher.latest) or self.watcher.snapshot.gone):
            await asyncio.sleep(0.02)

    def _leave_with(self, choice: Any) -> None:
        snapshot, progress = self.watcher.snapshot, self.watcher.latest
        if choice == "background" and snapshot.gone:
            choice = "gone"
        self.workers.cancel_group(self, "begin")  # views of another run that are just being made
        kept = self._desk.leave(discarded=self.context.folder if choice == "discard" else None)
        self.exit(Outcome(choice, progress, snapshot.overview, snapshot.epochs, snapshot.gone, kept))


def _colour_system(terminal: TerminalProfile) -> Any:
    """Rich's colour system for the terminal: Textual's own choice, by the environment, overrates some terminals."""
    return COLOR_SYSTEMS[COLOUR_SYSTEMS[terminal.colours]]
