"""Forked child processes: starts one that is isolated from its parent, tells whether it hangs, and ends it.

A child holds no data of its own, and its parent can do its work without it. So a fault of a child must not spread: not
to the terminal, not to the parent's files, and not to a parent that waits for it.
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import select
import signal
import socket
import stat
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from tuicnn.system.printable import printable
from tuicnn.system.process import end_with_parent, redirect_to_null

__all__ = ["FailureReport", "Watchdog", "end", "exit_code", "fork", "ready"]

#: seconds between two checks of a child that owes an answer
CHECK_INTERVAL = 1.0
#: checks in a row that find a child idle before it counts as hung; more for one that waits for a disk or for memory
#: that was swapped out
HUNG_AFTER, STUCK_AFTER = 30, 600
#: seconds that a killed child may take to be gone
KILL_TIMEOUT = 5.0
#: bytes of a child's failure report
REPORT_SIZE = 16384
#: how much sooner the system kills a child than its parent where memory is short, of 1000 points
OOM_SCORE_ADDED = 100

#: signals that a terminal or a user sends to all processes of a job: the parent decides what follows
_FOR_THE_PARENT = (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1)


class FailureReport:
    """Why a child failed, in memory that it shares with its parent: nothing has to be sent, waited for or closed."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, REPORT_SIZE)

    def write(self, error: BaseException) -> None:
        """Called in the child."""
        try:
            text = f"{_reason(error)}\n{''.join(traceback.format_exception(error))}"
            data = text.replace("\0", "").encode(errors="replace")[: REPORT_SIZE - 1]
        except BaseException:  # there is no memory, or the error cannot be formatted
            data = b"failed"
        self._memory[: len(data)] = data

    def read(self) -> tuple[str, str]:
        """The reason, which continues `another process`, and the traceback; both "" where nothing failed."""
        reason, _, trace = self._memory[:].partition(b"\0")[0].decode(errors="replace").partition("\n")
        return reason, trace.rstrip()


def _reason(error: BaseException) -> str:
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return "ran out of memory"
    text = printable(" ".join(str(error).split())).rstrip(".")[:300]
    return f"failed with {type(error).__name__}{': ' if text else ''}{text}"


def fork(run: Callable[[], object], *, keep: int, report: FailureReport) -> int:
    """Fork a child that calls `run` and exits; returns its process number. Raises `OSError`.

    Of this process's descriptors it keeps `keep` alone. It ignores the terminal's signals and is killed when the thread
    that forked it ends. An exception is written to `report`.
    """
    parent = os.getpid()
    # no signal may reach the child before it has reset this process's handlers
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        with warnings.catch_warnings():
            # Python warns that other threads may hold locks at this moment; the child takes none of them
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            _run_child(run, parent, keep, report, before)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return pid


def _run_child(
    run: Callable[[], object], parent: int, keep: int, report: FailureReport, mask: set[signal.Signals] | set[int]
) -> None:
    """All that a child does. It never returns into the code that forked it, whatever happens."""
    code = 1
    try:
        end_with_parent()
        if os.getppid() == parent:
            _isolate(keep)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            run()
        code = 0
    except BaseException as error:
        report.write(error)
    finally:
        os._exit(code)


def _isolate(keep: int) -> None:
    """Drop the parent's handlers, files and terminal; be killed before it where memory is short."""
    for number in signal.valid_signals():
        if number in _FOR_THE_PARENT:
            signal.signal(number, signal.SIG_IGN)
        elif callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    redirect_to_null(*((0, 1) if _is_a_file(2) else (0, 1, 2)))
    # a run's lock and sockets must not stay open here. Not all numbers up to the limit: that may be a billion
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - numbers, no paths
        if (descriptor := int(name)) > 2 and descriptor != keep:
            with contextlib.suppress(OSError):  # the one by which they were listed is closed already
                os.close(descriptor)
    with contextlib.suppress(OSError, ValueError):
        score = Path("/proc/self/oom_score_adj")
        score.write_text(str(min(1000, int(score.read_text()) + OOM_SCORE_ADDED)))


def _is_a_file(descriptor: int) -> bool:
    """Whether a descriptor is an ordinary file: a log, and neither a terminal nor what leads to one."""
    try:
        return stat.S_ISREG(os.fstat(descriptor).st_mode)
    except OSError:
        return False


class Watchdog:
    """Tells a child that hangs from one that is slow.

    It counts checks, not seconds: a child that was suspended together with this process, by Ctrl-Z or while a laptop
    sleeps, has missed one check.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._done: tuple[int, ...] | None = None
        self._idle = 0

    def hangs(self) -> bool:
        """One check of a child that owes an answer; continues a stopped one."""
        found = _signs_of_life(self._pid)
        if found is None:
            return False  # nothing is known; if it is gone, its socket tells
        state, done = found
        if done != self._done or state == "R":  # one that could run and gets no processor is only slow
            self._done, self._idle = done, 0
            return False
        if state == "T":  # perhaps stopped by Ctrl-Z, after which only this process was continued
            with contextlib.suppress(OSError):
                os.kill(self._pid, signal.SIGCONT)
        self._idle += 1
        return self._idle >= (STUCK_AFTER if state == "D" else HUNG_AFTER)


def _signs_of_life(pid: int) -> tuple[str, tuple[int, ...]] | None:
    """A process's state (man 5 proc), and counters that grow when it does something: page faults, processor time."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return fields[0].decode(), tuple(int(fields[place]) for place in (7, 9, 11, 12))
    except (OSError, ValueError, IndexError):
        return None


def ready(link: socket.socket, event: int, child: int | None) -> bool:
    """Wait until a socket can be read or written (`select.POLLIN`, `select.POLLOUT`).

    False where the `child` at its other end hangs; without `child` it waits for ever.
    """
    poll = select.poll()
    poll.register(link, event)
    if child is None:
        return bool(poll.poll())
    watchdog = Watchdog(child)
    while not poll.poll(CHECK_INTERVAL * 1000):
        if watchdog.hangs():
            return False
    return True


def exit_code(pid: int, timeout: float = 0.0) -> int | None:
    """How a child ended: its exit code, or minus a signal's number; None where it has not within `timeout` seconds.

    0 for a child that does not exist any more.
    """
    until = time.monotonic() + timeout
    while True:
        try:
            found, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            return 0
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= until:
            return None
        time.sleep(0.001)


def end(children: Sequence[int]) -> None:
    """Kill children and wait until they are gone, for `KILL_TIMEOUT` seconds at most.

    One that waits for a dead disk or that a debugger holds may take longer; it does nothing more.
    """
    alive = [pid for pid in children if exit_code(pid) is None]  # another process may have the number of a dead one
    for pid in alive:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + KILL_TIMEOUT
    for pid in alive:
        exit_code(pid, until - time.monotonic())
