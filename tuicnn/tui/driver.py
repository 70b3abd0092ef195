"""Textual's driver, except for suspending and continuing the process, and for Esc with a key close behind it.

Textual enters application mode at every SIGCONT. After Ctrl-Z it has left that mode, but not after SIGSTOP: then two
threads read the same keys, one of them blocks in its read, and the process never ends. Textual also does this inside
the signal handler, where the event loop may hold the lock of the queue that the handler writes to.
"""

from __future__ import annotations

import codecs
import os
import select
import signal
import threading
from collections.abc import Iterable
from typing import Any, cast

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.constants import ESCAPE_DELAY
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key

__all__ = ["KeyParser", "TerminalDriver"]

# Esc and one of these that come together, as over a slow line, are no `¡` or `≠`, which some keyboards write that way.
for key in "0123456789-=":
    cast("dict[str, object]", ANSI_SEQUENCES_KEYS).pop(f"\x1b{key}", None)


class KeyParser(XTermParser):
    """No key of the screen has Alt: Esc and a character are two keys, however fast they come."""

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[Key]:
        if alt:
            yield Key("escape", "\x1b")
        yield from super()._sequence_to_key_events(sequence)


class _Ending(threading.Event):
    """An event that also wakes who waits for keys: its `wakes` can be read while it is set."""

    def __init__(self) -> None:
        super().__init__()
        self.wakes, self._wake = os.pipe()

    def set(self) -> None:
        """Set it."""
        if not self.is_set():
            os.write(self._wake, b"!")
        super().set()

    def clear(self) -> None:
        """Unset it."""
        if self.is_set():
            os.read(self.wakes, 1)
        super().clear()


class TerminalDriver(LinuxDriver):
    """Suspends and continues in the event loop, with one thread that reads keys at any time."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self.exit_event: _Ending = _Ending()

    def run_input_thread(self) -> None:
        """Read keys until it is to end; Textual's looks ten times a second whether it is, which takes from training.

        Only after an Esc, which may begin the code of a key, a little later the parser is to say that it was just that.
        """
        parser, decoder = KeyParser(self._debug), codecs.getincrementaldecoder("utf-8")(errors="replace")
        poll = select.poll()
        poll.register(self.fileno, select.POLLIN)
        poll.register(self.exit_event.wakes, select.POLLIN)
        while not self.exit_event.is_set():
            waits = parser._timeout_time is not None
            for descriptor, _ in poll.poll(1000 * ESCAPE_DELAY if waits else None):
                if descriptor != self.fileno:
                    continue
                if not (read := os.read(self.fileno, 4096)):
                    return  # the terminal is gone; who watches it ends the screen
                text = decoder.decode(read)
                for message in parser.feed(text) if text else ():  # "" would be the end for it
                    self.process_message(message)
            for message in parser.tick():
                self.process_message(message)

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
