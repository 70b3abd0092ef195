"""The terminal as Textual drives it, except where the process is stopped and let go on.

Textual takes the terminal over again at every SIGCONT. After Ctrl-Z that is right: it had given it back. A process that
was stopped with SIGSTOP has not, and would have two threads that read the same keys: each key wakes both, one reads it,
and the other waits in its read for the next one, also when the screen ends, so that the process never would. Textual
also does all this inside the signal's handler, in the middle of whatever the event loop was doing, which may hold the
lock of the queue that the handler then writes to.
"""

from __future__ import annotations

import os
import signal

from textual.drivers.linux_driver import LinuxDriver

__all__ = ["TerminalDriver"]


class TerminalDriver(LinuxDriver):
    """Textual's driver, with stopping and going on in the event loop, and one reader of keys at any time."""

    def _sigtstp_application(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._suspend)

    def _sigcont_application(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._go_on)

    def _suspend(self) -> None:
        """Give the terminal back, and stop."""
        if self._reads:
            self.suspend_application_mode()
        self._must_signal_resume = True
        os.kill(os.getpid(), signal.SIGSTOP)

    def _go_on(self) -> None:
        """Take the terminal over, which may be another program's by now, or as we left it."""
        before = self.attrs_before
        if self._reads:
            self._must_signal_resume = True
            self._end_threads()
        self.resume_application_mode()
        if before is not None:  # what it found this time may have been our own settings
            self.attrs_before = before
        if self._reads:  # else the terminal is not ours to write to
            self._app.refresh()  # every line: nothing is known of what the terminal shows by now

    @property
    def _reads(self) -> bool:
        return self._key_thread is not None and self._key_thread.is_alive()

    def _end_threads(self) -> None:
        """End the thread that reads keys and the one that writes; keys that were typed meanwhile stay to be read."""
        self.exit_event.set()
        if self._key_thread is not None:
            self._key_thread.join()
        self.exit_event.clear()
        self.close()
