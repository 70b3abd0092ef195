"""Leaving when the terminal does: SIGTERM and SIGHUP, and a terminal that hung up without a signal.

A Textual app whose terminal is gone would spin at 100% of a core, reading the end of its input again and again.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
import threading
from collections.abc import Callable

__all__ = ["Hangup"]

PATIENCE = 2.0  # seconds for an orderly end once the terminal is gone
CHECK = 1000  # milliseconds between two looks at whether watching is still wanted


class Hangup:
    """Calls `leave` in the event loop, once, when the process is asked to end or its terminal is gone.

    Writing to a terminal that is gone may block for ever; where leaving has not ended the process in `PATIENCE`, it
    is ended as it is. The run lives in a process of its own and is not harmed.
    """

    def __init__(self, leave: Callable[[], None]) -> None:
        self._leave = leave
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = threading.Event()
        self._left = False

    def start(self) -> None:
        """Begin to watch. To be called in the event loop of the main thread."""
        self._loop = asyncio.get_running_loop()
        self._loop.add_signal_handler(signal.SIGTERM, self._go)
        self._loop.add_signal_handler(signal.SIGHUP, self._gone)
        terminals = [file.fileno() for file in (sys.__stdin__, sys.__stderr__) if file is not None and file.isatty()]
        if terminals:
            threading.Thread(target=self._watch, args=(terminals,), name="hang-up", daemon=True).start()

    def stop(self) -> None:
        """Stop watching, and give the signals back."""
        self._stopped.set()
        if self._loop is not None:
            self._loop.remove_signal_handler(signal.SIGTERM)
            self._loop.remove_signal_handler(signal.SIGHUP)
            self._loop = None

    def _watch(self, terminals: list[int]) -> None:
        poll = select.poll()
        for fileno in terminals:
            poll.register(fileno, 0)  # POLLHUP and POLLERR are always told
        while not self._stopped.is_set():
            if any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in poll.poll(CHECK)):
                self._gone_in_thread()
                return

    def _gone_in_thread(self) -> None:
        loop = self._loop
        if loop is not None and not self._stopped.is_set():
            self._end_anyway()
            loop.call_soon_threadsafe(self._go)

    def _gone(self) -> None:
        self._end_anyway()
        self._go()

    def _end_anyway(self) -> None:
        timer = threading.Timer(PATIENCE, os._exit, (128 + signal.SIGHUP,))
        timer.daemon = True
        timer.start()

    def _go(self) -> None:
        if not self._left:
            self._left = True
            self._leave()
