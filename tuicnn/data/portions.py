"""Long work on many files, cut into portions that several processes share."""

from __future__ import annotations

import contextlib
import gc
import json
import select
import signal
import socket
import struct
from collections.abc import Callable
from functools import partial
from typing import Any

from tuicnn.system import machine
from tuicnn.system.children import FailureReport, end, fork

__all__ = ["in_portions", "processes_for"]

_MOST_PROCESSES = 8
#: files, or bytes of them, that are worth a process more: to start one takes as long as some hundred small pictures
_FILES, _BYTES = 500, 2**23
_HEADER = struct.Struct("<qq")  # where the portion begins, and bytes of what came of it; of a request, 0
#: bytes and files of a portion: often enough for a count that moves, and so that none is the last for long
_PORTION_BYTES, _PORTION_FILES = 2**22, 256


def processes_for(files: int, size: int) -> int:
    """How many processes are to share the work on so many files, of so many bytes in all."""
    worth = 1 + max(files // _FILES, size // _BYTES)
    return min(machine.processors(), _MOST_PROCESSES, worth)


def in_portions(
    count: int,
    size: int,
    work: Callable[[int, int], Any],
    take: Callable[[int, Any], object],
    *,
    processes: int = 1,
) -> None:
    """Call `take(start, work(start, stop))` for portions of `range(count)`, files of `size` bytes in all.

    With more `processes` than one, forked ones call `work`, in any order; it returns what JSON can carry, and what it
    writes into shared memory is seen here. What a process that ends too early has not done is done in this one.
    """
    each = max(1, min(_PORTION_FILES, _PORTION_BYTES * count // max(1, size)))
    starts = list(range(0, count, each))[::-1]

    def here(start: int) -> None:
        take(start, work(start, min(start + each, count)))

    if processes > 1 and len(starts) > 1:
        _share(starts, lambda start: work(start, min(start + each, count)), take, min(processes, len(starts)))
    while starts:
        here(starts.pop())


def _share(starts: list[int], work: Callable[[int], Any], take: Callable[[int, Any], object], processes: int) -> None:
    """Have forked processes do what is in `starts`, from its end; it is left with what none of them has done."""
    children: dict[int, tuple[int, socket.socket]] = {}  # by the descriptor of our end of the socket
    owed: dict[int, int] = {}
    poll = select.poll()
    try:
        for _ in range(processes):
            ours, theirs = socket.socketpair()
            try:
                pid = fork(partial(_serve, theirs, work), keep=theirs.fileno(), report=FailureReport())
            except OSError:  # no more processes are allowed: those that there are do it
                ours.close()
                break
            finally:
                theirs.close()
            children[ours.fileno()] = pid, ours
            poll.register(ours, select.POLLIN)
        for number, (_, link) in children.items():
            _ask(number, link, starts, owed)
        while owed:
            for number, _ in poll.poll():
                link = children[number][1]
                try:
                    start, answer = _answer(link)
                except (OSError, ValueError):  # it has ended
                    starts.append(owed.pop(number))
                    poll.unregister(link)
                    continue
                owed.pop(number)
                _ask(number, link, starts, owed)
                take(start, answer)
    finally:
        for _, link in children.values():
            link.close()
        end([pid for pid, _ in children.values()])


def _ask(number: int, link: socket.socket, starts: list[int], owed: dict[int, int]) -> None:
    if starts:
        owed[number] = starts.pop()
        with contextlib.suppress(OSError):  # that it has ended is seen where its answer is read
            link.sendall(_HEADER.pack(owed[number], 0))


def _answer(link: socket.socket) -> tuple[int, Any]:
    start, size = _HEADER.unpack(_receive(link, _HEADER.size))
    return start, json.loads(_receive(link, size))


def _receive(link: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        part = link.recv(size - len(data))
        if not part:
            raise ConnectionError("the other end is closed")
        data += part
    return bytes(data)


def _serve(link: socket.socket, work: Callable[[int], Any]) -> None:
    """In a forked process: do what is asked for until the other end is closed."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    gc.freeze()  # what was there before is not looked through again and again, and so stays shared memory
    with contextlib.suppress(ConnectionError):
        while True:
            start, _ = _HEADER.unpack(_receive(link, _HEADER.size))
            answer = json.dumps(work(start)).encode()
            link.sendall(_HEADER.pack(start, len(answer)) + answer)
