"""The signal handlers of a training in the foreground: see `Signals`. They leave the terminal as it was."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from types import FrameType

from tuicnn.system.process import redirect_to_null

__all__ = ["Signals"]

#: seconds within which a second Ctrl-C counts as the same one: wrappers forward what the terminal sent to all processes
SAME = 0.5
_SHOW_CURSOR, _HIDE_CURSOR = b"\x1b[?25h", b"\x1b[?25l"


class Signals:
    """SIGINT and SIGTERM end the run in order, a second one at once; SIGHUP lets it go on without its terminal.

    SIGQUIT ends it at once, SIGTSTP suspends it; both show the terminal's cursor. SIGUSR1 saves a checkpoint. A signal
    that was ignored when the process began (`nohup`) stays ignored. A context manager, for the main thread.
    """

    def __init__(self, stop: Callable[[], None], save: Callable[[], None], hung_up: Callable[[], None]) -> None:
        self._stop, self._save, self._hung_up = stop, save, hung_up
        self._terminals = [descriptor for descriptor in (0, 1, 2) if _is_terminal(descriptor)]
        self._before: dict[signal.Signals, object] = {}
        self._first = 0.0
        self.stopped_by: signal.Signals | None = None  # the signal that ended the run
        self.terminal_gone = False

    def __enter__(self) -> Signals:
        handlers: dict[signal.Signals, Callable[[int, FrameType | None], None]] = {
            signal.SIGINT: self._end,
            signal.SIGTERM: self._end,
            signal.SIGHUP: lambda *_: self.release_terminal(),
            signal.SIGUSR1: lambda *_: self._save(),
        }
        if any(descriptor in self._terminals for descriptor in (1, 2)):
            handlers |= {signal.SIGQUIT: self._at_once, signal.SIGTSTP: self._suspend}
        for number, handler in handlers.items():
            if signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = signal.signal(number, handler)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def release_terminal(self) -> None:
        """The terminal is gone: discard all further output, and train on."""
        if not self.terminal_gone:
            self.terminal_gone = True
            redirect_to_null(*self._terminals)
            self._hung_up()

    def lost_terminal(self) -> bool:
        """Whether a failed write means that the terminal is gone; if so, it is released."""
        if self._terminals:
            self.release_terminal()
        return self.terminal_gone

    def _end(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self.stopped_by is None:
            self.stopped_by, self._first = signal.Signals(number), now
            self._stop()
            self._write(2, b"\r\nEnding after this step. Once more: end at once.\r\n")
        elif now - self._first > SAME:
            self._at_once(number, frame)

    def _at_once(self, number: int, frame: FrameType | None) -> None:
        self._write(1, _SHOW_CURSOR)
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)

    def _suspend(self, number: int, frame: FrameType | None) -> None:
        self._write(1, _SHOW_CURSOR)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)  # the process is suspended here, until SIGCONT
        signal.signal(number, self._suspend)
        self._write(1, _HIDE_CURSOR)

    def _write(self, descriptor: int, data: bytes) -> None:
        """Write to the terminal without Python's buffers, which the handler may have interrupted in a write."""
        if descriptor in self._terminals and not self.terminal_gone:
            with contextlib.suppress(OSError):
                os.write(descriptor, data)


def _is_terminal(descriptor: int) -> bool:
    try:
        return os.isatty(descriptor)
    except OSError:
        return False
