"""A group of processes on one machine: a leader, and members that it forked.

Why processes and not threads: NumPy releases Python's global lock in each call and takes it again, and a call in the
inner loops lasts a few microseconds, less than it takes to wake a thread that waits for the lock. Two threads are then
slower than one; two processes are twice as fast. What they share is memory (`zeros`); what they say to each other
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
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from tuicnn.engine.groups.group import WORTH_SHARING, MemberLostError, ProcessGroup, added
from tuicnn.optimizers import blocks
from tuicnn.system.children import FailureReport, end, exit_code, fork, ready

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    from tuicnn.engine.groups.group import Adds, Part, Work

__all__ = ["ForkedGroup"]

#: seconds that a process polls for a message before it sleeps: the system wakes a process on the processor of the one
#: that wakes it, and then the two take turns there
SPIN = 2e-3
#: seconds that a member may take to exit after its socket is closed
EXIT_TIMEOUT = 1.0
_HEADER = struct.Struct("<Q")
#: a piece of work: how many processes take part, and the four numbers that describe it
_WORK = struct.Struct("<5q")


@dataclass(frozen=True)
class _Peer:
    """Another process of the group: a member, for the leader; for a member the leader, who has no `pid` there."""

    link: socket.socket
    report: FailureReport
    pid: int | None = None

    def lost(self) -> MemberLostError:
        """Why it ended, once its socket is closed."""
        reason, traceback = self.report.read()
        code = 0 if self.pid is None else exit_code(self.pid, EXIT_TIMEOUT)
        if not reason and code == -signal.SIGKILL:
            reason = "was killed by SIGKILL, as the system does where memory is short"
        elif not reason and code is not None and code < 0:
            reason = f"was killed by {_name(-code)}"
        return MemberLostError(f"another process {reason or 'is gone'}", traceback)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal, which has no name
        return f"signal {number}"


class ForkedGroup(ProcessGroup):
    """A number of processes, of which this is one; they share the memory of `zeros`, so `broadcast` has nothing to do.

    A group of one is the process itself, and needs no `start`. Members do not outlive the thread that calls `start`.
    """

    shares_memory = True

    def __init__(self, size: int = 1) -> None:
        super().__init__()
        self.size = self.active = size
        self._peers: list[_Peer] = []  # the leader's: each member; a member's: the leader

    def zeros(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """An array of zeros that all processes see."""
        kind = np.dtype(dtype)
        count = math.prod(shape)
        if self.size == 1 or not count:
            return np.zeros(shape, kind)
        return np.frombuffer(mmap.mmap(-1, count * kind.itemsize), kind).reshape(shape)

    # --- the leader -------------------------------------------------------------------------------------------------

    def start(self, work: Work) -> None:
        """Fork the members."""
        for rank in range(1, self.size):
            ours, theirs = socket.socketpair()
            with theirs, contextlib.ExitStack() as on_error:
                on_error.enter_context(ours)
                report = FailureReport()
                serve = partial(self._serve, rank, _Peer(theirs, report), work)
                pid = fork(serve, keep=theirs.fileno(), report=report)
                self._peers.append(_Peer(ours, report, pid))
                on_error.pop_all()

    def dispatch(self, *numbers: int, workers: int | None = None) -> None:
        """As `ProcessGroup.dispatch`; members that are not active go on waiting."""
        super().dispatch(workers=workers)
        message = _WORK.pack(self.active, *numbers, *(0,) * (4 - len(numbers)))
        for peer in self._active_peers:
            self._send(peer, message)

    @property
    def members(self) -> list[int]:
        """The members' process numbers, of the leader's group."""
        return [peer.pid for peer in self._peers if peer.pid is not None]

    @property
    def _active_peers(self) -> list[_Peer]:
        return self._peers[: self.active - 1]

    def close(self) -> None:
        """Kill the members: they hold nothing that could be lost."""
        if self.rank:
            return
        end(self.members)
        for peer in self._peers:
            peer.link.close()
        self._peers = []
        super().close()

    # --- all of them ------------------------------------------------------------------------------------------------

    def gather(self, own: Sequence[Part]) -> list[Part]:
        """As `ProcessGroup.gather`."""
        if self.rank:
            self._send_arrays(self._peers[0], own)
            return list(own)
        found = list(own)
        for peer in self._active_peers:
            found += self._receive_arrays(peer, own)
        return found

    def allgather(self, own: Sequence[Part]) -> list[Part]:
        """The leader gathers, and sends all to each."""
        found = self.gather(own)
        if self.rank:
            return self._receive_arrays(self._peers[0], own)
        for peer in self._active_peers:
            self._send_arrays(peer, found)
        return found

    def tree_sum(self, rows: NDArray[Any], filled: Sequence[int], adds: Adds) -> tuple[NDArray[Any], float]:
        """As `ProcessGroup.tree_sum`; of a large array, each process adds some blocks in the memory that they share.

        In a member the sum of squares is that of its own.
        """
        parts = list(blocks(rows.shape[1]))
        if self.active == 1 or len(parts) < WORTH_SHARING:
            return (rows[0], 0.0) if self.rank else super().tree_sum(rows, filled, adds)
        nothing: list[Part] = []
        if self.rank:
            self._receive_arrays(self._peers[0], nothing)  # all have filled their rows
        for peer in self._active_peers if not self.rank else ():
            self._send_arrays(peer, nothing)
        squares = added(rows, adds, [parts[number] for number in self.partition(len(parts))])
        return rows[0], float(np.sum(self.gather([np.array([squares])])))

    def _send_arrays(self, peer: _Peer, arrays: Sequence[Part]) -> None:
        body = b"".join(array.tobytes() for array in arrays)
        self._send(peer, _HEADER.pack(len(body)) + body)

    def _receive_arrays(self, peer: _Peer, like: Sequence[Part]) -> list[Part]:
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
        """Exactly `size` bytes; polls for `SPIN` seconds before it sleeps."""
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

    def _serve(self, rank: int, leader: _Peer, work: Work) -> None:
        """What a member does: each piece of work that the leader dispatches."""
        self.rank, self._peers = rank, [leader]
        with contextlib.suppress(MemberLostError):  # the leader is gone, or has closed the group
            while True:
                self.active, *numbers = _WORK.unpack(self._receive(leader, _WORK.size))
                work(*numbers)
