"""Textual's driver, except for suspending and continuing the process.

Textual enters application mode at every SIGCONT. After Ctrl-Z it has left that mode, but not after SIGSTOP: then two
threads read the same keys, one of them blocks in its read, and the process never ends. Textual also does this inside
the signal handler, where the event loop may hold the lock of the queue that the handler writes to.
"""

from __future__ import annotations

import os
import signal

from textual.drivers.linux_driver import LinuxDriver

__all__ = ["TerminalDriver"]


class TerminalDriver(LinuxDriver):
    """Suspends and continues in the event loop, with one thread that reads keys at any time."""

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
