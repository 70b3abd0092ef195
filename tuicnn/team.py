"""Processes that do one piece of work together: a leader, and members that it forked.

Why processes and not threads: NumPy gives Python's one lock back and takes it again at each call, and a call in the
inner loops lasts a few microseconds, less than it takes to wake a thread that waits for the lock. Two threads are then
slower than one; two processes are twice as fast. What they share is memory (`Team.array`); what they say to each other
goes over a pair of sockets for each member, in the members' order, so that nothing depends on who is quicker.
"""

from __future__ import annotations

import contextlib
import math
import mmap
import os
import signal
import socket
import struct
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

__all__ = ["MemberLostError", "Team"]

#: seconds that a process looks again and again for word from the others before it sleeps: whoever sleeps is put by the
#: system on the processor of the one that wakes it, and then the two take turns there
SPIN = 2e-3
_HEADER = struct.Struct("<Q")
#: what a member is told: how many processes take part, a number that names the work, and three more for it
_ORDER = struct.Struct("<5q")


class MemberLostError(RuntimeError):
    """A member of the team is gone: killed, or out of memory."""


class Team:
    """A number of processes, of which this is one. `rank` 0 is the leader, who has the idea of what to do next.

    A team of one is the process itself, and needs no `start`. `busy` is how many of them, from the leader on, take part
    in the present work.
    """

    def __init__(self, size: int = 1) -> None:
        self.rank, self.size, self.busy = 0, size, size
        self._links: list[socket.socket] = []  # the leader's to each member; a member's to the leader
        self._members: list[int] = []

    def array(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """An array of zeros that all processes see; to be made before `start`."""
        kind = np.dtype(dtype)
        count = math.prod(shape)
        if self.size == 1 or not count:
            return np.zeros(shape, kind)
        return np.frombuffer(mmap.mmap(-1, count * kind.itemsize), kind).reshape(shape)

    def share(self, count: int) -> range:
        """Which of `count` pieces of work are this process's: neighbours, as evenly as can be, the leader first."""
        return range(-(-self.rank * count // self.busy), -(-(self.rank + 1) * count // self.busy))

    # --- the leader -------------------------------------------------------------------------------------------------

    def start(self, work: Callable[[int, int, int, int], object]) -> None:
        """Fork the members; each does `work` with the numbers of every `order`, until the leader is gone."""
        for rank in range(1, self.size):
            ours, theirs = socket.socketpair()
            sys.stdout.flush()
            sys.stderr.flush()
            with warnings.catch_warnings():
                # other threads of this process may hold locks at this moment, says Python; a member takes none of them
                warnings.simplefilter("ignore", DeprecationWarning)
                pid = os.fork()
            if pid == 0:
                self.rank, self._links = rank, [theirs]
                self._serve(work, keep=theirs.fileno())
            theirs.close()
            self._links.append(ours)
            self._members.append(pid)

    def order(self, *numbers: int, hands: int | None = None) -> None:
        """Tell every member to do its part of a piece of work, or as many as make `hands` with the leader.

        Raises `MemberLostError`.
        """
        self.busy = self.size if hands is None else max(1, min(hands, self.size))
        message = _ORDER.pack(self.busy, *numbers, *(0,) * (4 - len(numbers)))
        for link in self._busy_links:
            self._send(link, message)

    @property
    def _busy_links(self) -> list[socket.socket]:
        return self._links[: self.busy - 1]

    def close(self) -> None:
        """End the members."""
        if self.rank:
            return
        for link in self._links:
            link.close()
        for pid in self._members:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)  # they hold nothing that could be lost
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
        self._links, self._members, self.size, self.busy = [], [], 1, 1

    # --- all of them ------------------------------------------------------------------------------------------------

    def collect(self, own: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
        """Every process's arrays (all of one shape) in the members' order, for the leader, who must have one itself; a
        member gets its own.

        Raises `MemberLostError`.
        """
        if self.rank:
            self._send_arrays(self._links[0], own)
            return list(own)
        found = list(own)
        for link in self._busy_links:
            found += self._receive_arrays(link, own)
        return found

    def exchange(self, own: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
        """Every process's arrays (all of one shape) in the members' order, for each of them. Raises `MemberLostError`.

        A process that has none to give gets none.
        """
        found = self.collect(own)
        if self.rank:
            return self._receive_arrays(self._links[0], own)
        for link in self._busy_links:
            self._send_arrays(link, found)
        return found

    def _send_arrays(self, link: socket.socket, arrays: Sequence[NDArray[np.float64]]) -> None:
        body = b"".join(array.tobytes() for array in arrays)
        self._send(link, _HEADER.pack(len(body)) + body)

    def _receive_arrays(self, link: socket.socket, like: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
        (size,) = _HEADER.unpack(self._receive(link, _HEADER.size))
        body = np.frombuffer(self._receive(link, size), np.float64)
        return list(body.reshape(-1, *like[0].shape)) if like else []

    def _send(self, link: socket.socket, message: bytes) -> None:
        try:
            link.sendall(message)
        except OSError:
            raise MemberLostError("another process is gone") from None

    def _receive(self, link: socket.socket, size: int) -> bytearray:
        """Exactly `size` bytes; looks again and again for a moment before it sleeps until they come."""
        body = bytearray(size)
        view, waits_from = memoryview(body), perf_counter()
        while view:
            patient = perf_counter() - waits_from > SPIN
            try:
                count = link.recv_into(view, 0, 0 if patient else socket.MSG_DONTWAIT)
            except BlockingIOError:
                continue
            except OSError:
                count = 0
            if not count:
                raise MemberLostError("another process is gone")
            view = view[count:]
        return body

    # --- a member ---------------------------------------------------------------------------------------------------

    def _serve(self, work: Callable[[int, int, int, int], object], keep: int) -> NoReturn:
        """A member's whole life. It never returns into the code that forked it, whatever happens."""
        code = 1
        try:
            # the leader is told by a terminal or a user what to do, and tells the members; it holds the run's lock
            # and sockets, which must not outlive it in a member
            for number in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
                signal.signal(number, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.closerange(3, keep)
            os.closerange(keep + 1, os.sysconf("SC_OPEN_MAX"))
            with contextlib.suppress(MemberLostError):  # the leader is gone, or has closed the team
                while True:
                    self.busy, *numbers = _ORDER.unpack(self._receive(self._links[0], _ORDER.size))
                    work(*numbers)
            code = 0
        except BaseException:
            with contextlib.suppress(OSError):  # by its number: what sys.stderr writes to may be closed
                os.write(2, traceback.format_exc().encode(errors="replace"))
        finally:
            os._exit(code)
