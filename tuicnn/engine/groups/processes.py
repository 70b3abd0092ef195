"""Processes that this one forks: how one begins a life apart, whether one still works, and how one is ended.

A child here has nothing that could be lost, and its parent does what is left without it. So whatever happens to a child
must not reach further: not the terminal, not the parent's files, and not a parent that waits for it.
"""

from __future__ import annotations

import contextlib
import ctypes
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

__all__ = ["LastWords", "Watch", "end", "exit_code", "fork", "ready"]

#: seconds between two looks at a child that owes an answer
LOOK = 1.0
#: looks in a row that find a child doing nothing at all before it hangs; and one that waits for a disk, or for memory
#: that was swapped out, which is no reason to give it up before the disk is
HUNG, STUCK = 30, 600
#: seconds that a killed child may take to be gone
LEAVING = 5.0
#: bytes of a child's last words
ROOM = 16384
#: points of a thousand by which the system rather ends a child than its parent where memory is short
EXPENDABLE = 100

_prctl = getattr(ctypes.CDLL(None), "prctl", None)
#: prctl's order to be sent a signal when the parent ends (Linux, man 2 prctl)
_PARENT_DEATH_SIGNAL = 1
#: what a terminal or a user tells all processes of a job, and is the parent's to decide
_FOR_THE_PARENT = (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1)


class LastWords:
    """Where a child says why it failed: memory of both, so that nothing has to be sent, waited for or closed."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, ROOM)

    def say(self, error: BaseException) -> None:
        """Write down what happened, in the child."""
        try:
            text = f"{_reason(error)}\n{''.join(traceback.format_exception(error))}"
            data = text.replace("\0", "").encode(errors="replace")[: ROOM - 1]
        except BaseException:  # there is no memory, or the error cannot be told
            data = b"failed"
        self._memory[: len(data)] = data

    def read(self) -> tuple[str, str]:
        """The reason, which goes on from `another process`, and the traceback; both "" where nothing was said."""
        reason, _, trace = self._memory[:].partition(b"\0")[0].decode(errors="replace").partition("\n")
        return reason, trace.rstrip()


def _reason(error: BaseException) -> str:
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return "ran out of memory"
    text = printable(" ".join(str(error).split())).rstrip(".")[:300]
    return f"failed with {type(error).__name__}{': ' if text else ''}{text}"


def fork(life: Callable[[], object], *, keep: int, last_words: LastWords) -> int:
    """Fork a child that lives its `life` and ends; gives its number. Raises `OSError`.

    It has nothing of this process's but the descriptor `keep`, does not answer to the terminal, and ends at once with
    the thread that forked it. What it fails with becomes its `last_words`.
    """
    parent = os.getpid()
    # none may reach the child before it has put off this process's handlers
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        with warnings.catch_warnings():
            # other threads of this process may hold locks at this moment, says Python; the child takes none of them
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            _live(life, parent, keep, last_words, before)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return pid


def _live(
    life: Callable[[], object], parent: int, keep: int, last_words: LastWords, mask: set[signal.Signals] | set[int]
) -> None:
    """A child's whole life. It never returns into the code that forked it, whatever happens."""
    code = 1
    try:
        if _prctl is not None:  # also one that is stopped, or in the midst of something long
            _prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() == parent:
            _set_apart(keep)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            life()
        code = 0
    except BaseException as error:
        last_words.say(error)
    finally:
        os._exit(code)


def _set_apart(keep: int) -> None:
    """Put off what was the parent's: handlers, files, the terminal; and go before it where memory is short."""
    for number in signal.valid_signals():
        if number in _FOR_THE_PARENT:
            signal.signal(number, signal.SIG_IGN)
        elif callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1) if _is_a_file(2) else (0, 1, 2):
        os.dup2(nowhere, descriptor)
    # a run's lock and sockets must not outlive it here. Not all numbers up to the limit: that may be a billion
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - numbers, no paths
        if (descriptor := int(name)) > 2 and descriptor != keep:
            with contextlib.suppress(OSError):  # the one by which they were listed is closed already
                os.close(descriptor)
    with contextlib.suppress(OSError, ValueError):
        score = Path("/proc/self/oom_score_adj")
        score.write_text(str(min(1000, int(score.read_text()) + EXPENDABLE)))


def _is_a_file(descriptor: int) -> bool:
    """Whether a descriptor is an ordinary file: a log, and neither a terminal nor what leads to one."""
    try:
        return stat.S_ISREG(os.fstat(descriptor).st_mode)
    except OSError:
        return False


class Watch:
    """Tells a child that hangs from one that is slow.

    By looks and not by a clock: one that stood still together with this process, as both do after Ctrl-Z or while a
    laptop sleeps, has missed one look.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._done: tuple[int, ...] | None = None
        self._idle = 0

    def hangs(self) -> bool:
        """One look at a child that owes an answer. One that was stopped is let go on first."""
        found = _signs_of_life(self._pid)
        if found is None:
            return False  # nothing is known; where it is gone, its socket says so
        state, done = found
        if done != self._done or state == "R":  # one that may run, and is not let, is only slow
            self._done, self._idle = done, 0
            return False
        if state == "T":  # by Ctrl-Z, perhaps, when only this process was continued
            with contextlib.suppress(OSError):
                os.kill(self._pid, signal.SIGCONT)
        self._idle += 1
        return self._idle >= (STUCK if state == "D" else HUNG)


def _signs_of_life(pid: int) -> tuple[str, tuple[int, ...]] | None:
    """A process's state (man 5 proc), and what grows when it does something: page faults and processor time."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return fields[0].decode(), tuple(int(fields[place]) for place in (7, 9, 11, 12))
    except (OSError, ValueError, IndexError):
        return None


def ready(link: socket.socket, event: int, child: int | None) -> bool:
    """Wait until a socket can be read or written (`select.POLLIN`, `select.POLLOUT`).

    False where the `child` that it waits for hangs; without one it waits for as long as it takes.
    """
    poll = select.poll()
    poll.register(link, event)
    if child is None:
        return bool(poll.poll())
    watch = Watch(child)
    while not poll.poll(LOOK * 1000):
        if watch.hangs():
            return False
    return True


def exit_code(pid: int, patience: float = 0.0) -> int | None:
    """How a child ended: its exit code, or minus a signal's number; None where it has not within `patience` seconds.

    Of one that is not there any more, 0.
    """
    until = time.monotonic() + patience
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
    """Kill children and see them gone.

    One that waits for a dead disk, or that a debugger holds, may not be gone for long; it will do nothing more.
    """
    alive = [pid for pid in children if exit_code(pid) is None]  # the number of another may be somebody else's by now
    for pid in alive:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + LEAVING
    for pid in alive:
        exit_code(pid, until - time.monotonic())
