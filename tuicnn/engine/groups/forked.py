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
import select
import signal
import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from tuicnn.engine.groups.processes import LastWords, end, exit_code, fork, ready

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

__all__ = ["MemberLostError", "Team"]

#: seconds that a process looks again and again for word from the others before it sleeps: whoever sleeps is put by the
#: system on the processor of the one that wakes it, and then the two take turns there
SPIN = 2e-3
#: seconds in which a member that has hung up is gone
GOING = 1.0
_HEADER = struct.Struct("<Q")
#: what a member is told: how many processes take part, a number that names the work, and three more for it
_ORDER = struct.Struct("<5q")


class MemberLostError(RuntimeError):
    """A member of the team is lost: it was killed, failed or hung. Says so, to go on after a colon.

    `traceback`: where a member failed, for a log; else "".
    """

    def __init__(self, message: str, traceback: str = "") -> None:
        super().__init__(message)
        self.traceback = traceback


@dataclass(frozen=True)
class _Peer:
    """Another process of the team: a member, for the leader; for a member the leader, who has no `pid` there."""

    link: socket.socket
    last_words: LastWords
    pid: int | None = None

    def lost(self) -> MemberLostError:
        """How it came to its end; it has hung up."""
        reason, traceback = self.last_words.read()
        code = 0 if self.pid is None else exit_code(self.pid, GOING)
        if not reason and code == -signal.SIGKILL:
            reason = "was killed by SIGKILL, as the system does where memory is short"
        elif not reason and code is not None and code < 0:
            reason = f"was killed by {_name(-code)}"
        return MemberLostError(f"another process {reason or 'is gone'}", traceback)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # one of the many that have no names of their own
        return f"signal {number}"


class Team:
    """A number of processes, of which this is one. `rank` 0 is the leader, who has the idea of what to do next.

    A team of one is the process itself, and needs no `start`. `busy` is how many of them, from the leader on, take part
    in the present work.
    """

    def __init__(self, size: int = 1) -> None:
        self.rank, self.size, self.busy = 0, size, size
        self.waited = 0.0  # seconds that this process has waited for word from the others
        self._peers: list[_Peer] = []  # the leader's: each member; a member's: the leader

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
        """Fork the members; each does `work` with the numbers of every `order`, until the leader is gone.

        They do not outlive the thread that calls this. Raises `OSError`.
        """
        for rank in range(1, self.size):
            ours, theirs = socket.socketpair()
            with theirs, contextlib.ExitStack() as unless_it_lives:
                unless_it_lives.enter_context(ours)
                words = LastWords()
                life = partial(self._serve, rank, _Peer(theirs, words), work)
                pid = fork(life, keep=theirs.fileno(), last_words=words)
                self._peers.append(_Peer(ours, words, pid))
                unless_it_lives.pop_all()

    def order(self, *numbers: int, hands: int | None = None) -> None:
        """Tell every member to do its part of a piece of work, or as many as make `hands` with the leader.

        Raises `MemberLostError`.
        """
        self.busy = self.size if hands is None else max(1, min(hands, self.size))
        message = _ORDER.pack(self.busy, *numbers, *(0,) * (4 - len(numbers)))
        for peer in self._busy_peers:
            self._send(peer, message)

    @property
    def members(self) -> list[int]:
        """The members' process numbers, of the leader's team."""
        return [peer.pid for peer in self._peers if peer.pid is not None]

    @property
    def _busy_peers(self) -> list[_Peer]:
        return self._peers[: self.busy - 1]

    def close(self) -> None:
        """End the members, whatever they do."""
        if self.rank:
            return
        end(self.members)  # they hold nothing that could be lost
        for peer in self._peers:
            peer.link.close()
        self._peers, self.size, self.busy = [], 1, 1

    # --- all of them ------------------------------------------------------------------------------------------------

    def collect(self, own: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
        """Every process's arrays (all of one shape) in the members' order, for the leader, who must have one itself; a
        member gets its own.

        Raises `MemberLostError`.
        """
        if self.rank:
            self._send_arrays(self._peers[0], own)
            return list(own)
        found = list(own)
        for peer in self._busy_peers:
            found += self._receive_arrays(peer, own)
        return found

    def exchange(self, own: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
        """Every process's arrays (all of one shape) in the members' order, for each of them. Raises `MemberLostError`.

        A process that has none to give gets none.
        """
        found = self.collect(own)
        if self.rank:
            return self._receive_arrays(self._peers[0], own)
        for peer in self._busy_peers:
            self._send_arrays(peer, found)
        return found

    def _send_arrays(self, peer: _Peer, arrays: Sequence[NDArray[np.float64]]) -> None:
        body = b"".join(array.tobytes() for array in arrays)
        self._send(peer, _HEADER.pack(len(body)) + body)

    def _receive_arrays(self, peer: _Peer, like: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
        (size,) = _HEADER.unpack(self._receive(peer, _HEADER.size))
        body = np.frombuffer(self._receive(peer, size), np.float64)
        return list(body.reshape(-1, *like[0].shape)) if like else []

    def _send(self, peer: _Peer, message: bytes) -> None:
        view = memoryview(message)
        while view:
            try:
                view = view[peer.link.send(view, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL) :]
            except BlockingIOError:
                self._wait(peer, select.POLLOUT)
            except OSError:
                raise peer.lost() from None

    def _receive(self, peer: _Peer, size: int) -> bytearray:
        """Exactly `size` bytes; looks again and again for a moment before it sleeps until they come."""
        body = bytearray(size)
        view, waits_from = memoryview(body), perf_counter()
        while view:
            try:
                count = peer.link.recv_into(view, 0, socket.MSG_DONTWAIT)
            except BlockingIOError:
                if perf_counter() - waits_from > SPIN:
                    self._wait(peer, select.POLLIN)
                continue
            except OSError:
                count = 0
            if not count:
                raise peer.lost()
            view = view[count:]
        self.waited += perf_counter() - waits_from
        return body

    def _wait(self, peer: _Peer, event: int) -> None:
        """Sleep until a peer has read or written something."""
        if not ready(peer.link, event, peer.pid):
            raise MemberLostError("another process hung, and was ended")

    # --- a member ---------------------------------------------------------------------------------------------------

    def _serve(self, rank: int, leader: _Peer, work: Callable[[int, int, int, int], object]) -> None:
        """A member's life."""
        self.rank, self._peers = rank, [leader]
        with contextlib.suppress(MemberLostError):  # the leader is gone, or has closed the team
            while True:
                self.busy, *numbers = _ORDER.unpack(self._receive(leader, _ORDER.size))
                work(*numbers)
