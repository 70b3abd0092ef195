"""Ends the screen on a signal, and when its terminal is closed, which may come without a signal, or stops reading.

A Textual app without its terminal would read the end of its input in a loop that takes a whole core. One whose terminal
does not read blocks in a write, and its event loop with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import sys
import termios
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

__all__ = ["Hangup"]

PATIENCE = 2.0  # seconds for an orderly end
CHECK = 1000  # milliseconds between two checks of whether to stop watching
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
#: what Textual switched on, switched off: mouse, focus, paste and resize reports, keyboard protocol, the other screen;
#: and the cursor on
RESTORE = (
    b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[?2048l\x1b[<u"
    b"\x1b[?1049l\x1b[0m\x1b[?25h"
)


class Hangup:
    """Calls `leave` in the event loop, once, when the process gets a signal to end or its terminal is closed.

    A write to a terminal that is closed or does not read may block for ever: where `leave` has not ended the process
    within `PATIENCE`, it exits at once. The run has a process of its own and goes on.
    """

    def __init__(self, leave: Callable[[], None]) -> None:
        self._leave = leave
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = threading.Event()
        self._left = False
        self._settings: list[tuple[int, list[Any]]] = []
        self.signal: signal.Signals | None = None  # the one that ended it; SIGHUP also where the terminal just went

    def start(self) -> None:
        """Begin to watch. To be called in the event loop of the main thread, before the terminal's settings change."""
        self._loop = asyncio.get_running_loop()
        # not the loop's own handlers: they would wait with the loop
        for number in SIGNALS:
            signal.signal(number, self._asked)
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # for the run; may be sent to all processes named tuicnn
        terminals = [sys.__stdin__.fileno()] if sys.__stdin__ is not None else []  # gone by now, it is no terminal
        terminals += [sys.__stderr__.fileno()] if sys.__stderr__ is not None and sys.__stderr__.isatty() else []
        for fileno in terminals:
            with contextlib.suppress(termios.error):
                self._settings.append((fileno, termios.tcgetattr(fileno)))
        if terminals:
            threading.Thread(target=self._watch, args=(terminals,), name="hang-up", daemon=True).start()

    def restore(self) -> None:
        """Restore the terminal's settings: Textual, continued after SIGSTOP, saves its own as those from before."""
        for fileno, settings in self._settings:
            with contextlib.suppress(OSError, termios.error):
                termios.tcsetattr(fileno, termios.TCSANOW, settings)

    def stop(self) -> None:
        """Stop watching the terminal. A signal still ends the process at once, with the terminal restored."""
        self._stopped.set()

    def _watch(self, terminals: list[int]) -> None:
        poll = select.poll()
        for fileno in terminals:
            poll.register(fileno, 0)  # POLLHUP and POLLERR are always told
        while not self._stopped.is_set():
            if any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in poll.poll(CHECK)):
                self._end(signal.SIGHUP)
                return

    def _asked(self, number: int, _frame: FrameType | None) -> None:
        self._end(signal.Signals(number))

    def _end(self, number: signal.Signals) -> None:
        if self.signal is not None:
            return
        self.signal = number
        timer = threading.Timer(PATIENCE, self._force_exit)
        timer.daemon = True
        timer.start()
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended already
                self._loop.call_soon_threadsafe(self._go)

    def _force_exit(self) -> None:
        self.restore()
        for fileno, _ in self._settings:
            with contextlib.suppress(OSError, termios.error):
                termios.tcflush(fileno, termios.TCOFLUSH)  # makes room in a terminal that does not read
                poll = select.poll()
                poll.register(fileno, select.POLLOUT)
                if any(event & select.POLLOUT for _, event in poll.poll(0)):
                    os.write(fileno, RESTORE)
        os._exit(128 + (self.signal or signal.SIGHUP))

    def _go(self) -> None:
        if not self._left:
            self._left = True
            self._leave()
