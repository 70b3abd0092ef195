"""What may come over a run's socket: garbage, enormous frames, half frames, a thousand connections, another user."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import Begin
from tests.faults.looking import descriptors
from tests.faults.waiting import steps, until
from tuicnn.runs.lock import identity_of
from tuicnn.worker.address import address_for
from tuicnn.worker.client import RemoteFeed
from tuicnn.worker.frames import REQUEST_LIMIT, encode
from tuicnn.worker.messages import Act, AskPoll, Hello
from tuicnn.worker.server import VIEWERS
from tuicnn.worker.stopping import stop as stop_run

POLL = encode("poll", AskPoll(0, 0))
NOBODY = 65534
BAD = {
    "garbage": os.urandom(4096),
    "4 GB": struct.pack(">I", 0xFFFFFFFF) + b"x" * 1000,
    "half a frame": POLL[: len(POLL) // 2],
    "no frame at all": b"",
    "a frame that is too short": struct.pack(">I", 0),
    "arrays that are not there": POLL.replace(b'"arrays":[]', b'"arrays":[["a","<f8",[99999999]]]'),
    "a flood": POLL * 2000,
}


def connect(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(path))  # waits while others are let in
    connection.settimeout(10)
    return connection


async def test_bad_frames_and_a_thousand_connections_harm_nobody(begin: Begin) -> None:
    folder, worker = begin()
    path = address_for(folder.path)
    screen = await RemoteFeed.connect(folder)
    assert (await screen.overview()).net == "tiny"
    with contextlib.ExitStack() as stack:
        for data in BAD.values():
            bad = stack.enter_context(connect(path))
            with contextlib.suppress(OSError):
                bad.setblocking(False)
                bad.sendall(encode("hello", Hello(identity_of(folder.path))) + data)
        step = (await screen.poll(0, 0)).progress.step
        open_before = descriptors(worker.pid)
        for number in range(1000):
            stack.enter_context(await asyncio.to_thread(connect, path))
            if number % 100 == 0:
                assert not (await screen.poll(step, 0)).progress.state.final
                assert descriptors(worker.pid) <= open_before + VIEWERS
        late = await RemoteFeed.connect(folder)  # those who say nothing make room
        assert (await late.poll(0, 0)).progress.step >= step
        await late.close()
        await asyncio.to_thread(steps, folder, 100)
        assert (await screen.poll(step, 0)).progress.step > step
    await screen.close()
    until(lambda: descriptors(worker.pid) < open_before)
    assert worker.poll() is None
    assert "Traceback" not in folder.log.read_text()


def test_what_is_declared_is_not_reserved(begin: Begin) -> None:
    folder, _ = begin()
    with connect(address_for(folder.path)) as connection:
        connection.sendall(struct.pack(">I", 0xFFFFFFFF))
        said = connection.makefile("rb").read()  # an answer, and the end: more of it is not waited for
    assert f"4294967295 bytes, where 2 to {REQUEST_LIMIT} are allowed".encode() in said


def as_nobody(attempt: Callable[[], str]) -> str:
    """What comes of an attempt made by a process of the user nobody."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        said = "?"
        try:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            said = attempt()
        except Exception as error:
            said = type(error).__name__
        finally:
            os.write(theirs, said.encode())
            os._exit(0)
    os.close(theirs)
    with open(ours) as answer:  # noqa: PTH123 - a descriptor
        said = answer.read()
    os.waitpid(child, 0)
    return said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_cannot_read_connect_or_steer(begin: Begin, public: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = public / "runtime"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    folder, _ = begin(parent=public)
    path = address_for(folder.path)
    assert as_nobody(lambda: str(os.listdir(public))) == str(os.listdir(public))  # noqa: PTH208 - it is in there

    def steer() -> str:
        with connect(path) as connection:
            connection.sendall(encode("act", Act("stop")))
            return f"answered {connection.recv(100)!r}"

    attempts = {
        "list": lambda: str(list(folder.path.iterdir())),
        "read": folder.journal.read_text,
        "write": lambda: str(folder.journal.open("ab")),
        "connect": steer,
    }
    for name, attempt in attempts.items():
        assert (name, as_nobody(attempt)) == (name, "PermissionError")
    # and where somebody has opened all doors: who it is, the kernel says
    for place in (runtime, path.parent):
        place.chmod(0o755)
    path.chmod(0o666)
    assert as_nobody(steer) in ("answered b''", "ConnectionResetError", "BrokenPipeError")
    # what is in the folder stays closed even there
    public_runs = folder.path.parent
    for place in (public_runs, folder.path):
        place.chmod(0o755)
    for name in ("read", "write"):
        assert (name, as_nobody(attempts[name])) == (name, "PermissionError")
    steps(folder, 50)
    path.parent.chmod(0o700)
    stop_run(folder, 30)
