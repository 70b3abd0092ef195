"""Textual's driver, except for suspending and continuing the process, and for Esc with a key close behind it.

Textual enters application mode at every SIGCONT. After Ctrl-Z it has left that mode, but not after SIGSTOP: then two
threads read the same keys, one of them blocks in its read, and the process never ends. Textual also does this inside
the signal handler, where the event loop may hold the lock of the queue that the handler writes to.
"""

from __future__ import annotations

import os
import signal
from typing import cast

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key
from textual.keys import _character_to_key
from textual.message import Message

__all__ = ["TerminalDriver", "separated"]

# Esc and a digit that arrive together, as over a slow line, are no `¡` or `§`, which some keyboards write that way.
for digit in "0123456789":
    cast("dict[str, object]", ANSI_SEQUENCES_KEYS).pop(f"\x1b{digit}", None)


def separated(message: Message) -> list[Message]:
    """Esc and the letter after it, where they came together and were taken for one with Alt; else the message."""
    if isinstance(message, Key) and message.key.startswith("alt+") and message.character and message.is_printable:
        return [Key("escape", "\x1b"), Key(_character_to_key(message.character), message.character)]
    return [message]


class TerminalDriver(LinuxDriver):
    """Suspends and continues in the event loop, with one thread that reads keys at any time."""

    def process_message(self, message: Message) -> None:
        """No key of the screen has Alt: Esc and a letter are two keys, however fast they come."""
        for each in separated(message):
            super().process_message(each)

    def _sigtstp_application(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._suspend)

    def _sigcont_application(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._go_on)

    def _suspend(self) -> None:
        """Leave application mode, and stop the process."""
        if self._reads:
            self.suspend_application_mode()
        self._must_signal_resume = True
        os.kill(os.getpid(), signal.SIGSTOP)

    def _go_on(self) -> None:
        """Enter application mode, unless another program has the terminal."""
        before = self.attrs_before
        if self._reads:
            self._must_signal_resume = True
            self._end_threads()
        self.resume_application_mode()
        if before is not None:  # those found now may be our own
            self.attrs_before = before
        if self._reads:  # else another program has the terminal
            self._app.refresh()  # every line: the terminal may show anything

    @property
    def _reads(self) -> bool:
        return self._key_thread is not None and self._key_thread.is_alive()

    def _end_threads(self) -> None:
        """End the threads that read keys and write; keys typed meanwhile are read by the next ones."""
        self.exit_event.set()
        if self._key_thread is not None:
            self._key_thread.join()
        self.exit_event.clear()
        self.close()
