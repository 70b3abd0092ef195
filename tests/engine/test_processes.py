"""Forked processes: what they have of the one that forked them, when one is given up, and how it ends."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.faults.looking import state
from tests.faults.waiting import until
from tuicnn.system import children
from tuicnn.system.children import HUNG_AFTER, STUCK_AFTER, FailureReport, Watchdog, end, exit_code, fork

#: holds a process as a debugger does, and does not even look at it
HOLDER = """
import ctypes, sys, time
libc = ctypes.CDLL(None)
if libc.ptrace(16, int(sys.argv[1]), ctypes.c_void_p(), ctypes.c_void_p()):
    sys.exit(1)
print("held", flush=True)
time.sleep(60)
"""
#: allows any process to hold this one, where the system would want it asked
MAY_BE_HELD = (0x59616D61, ctypes.c_ulong(-1))


@contextmanager
def child(life: Callable[[], object], report: FailureReport | None = None) -> Iterator[int]:
    """A child, which is gone in the end."""
    end_of_a_pipe, other = os.pipe()
    pid = fork(life, keep=other, report=report or FailureReport())
    try:
        yield pid
    finally:
        os.close(end_of_a_pipe)
        os.close(other)
        end([pid])


def sleep() -> None:
    ctypes.CDLL(None).prctl(*MAY_BE_HELD)
    time.sleep(60)


@contextmanager
def held(pid: int) -> Iterator[None]:
    """A debugger holds a process."""
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(pid)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        try:
            if holder.stdout.readline() != "held\n":
                pytest.skip("this system lets no process hold another")
            yield
        finally:
            holder.kill()


# --- what is said -----------------------------------------------------------------------------------------------------


class Untellable(Exception):  # noqa: N818 - an error that is one itself
    def __str__(self) -> str:
        raise MemoryError


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("no such\nwork."), "failed with ValueError: no such work"),
        (ValueError("\x1b[31mred\0"), "failed with ValueError: \\x1b[31mred\\x00"),
        (KeyError(), "failed with KeyError"),
        (MemoryError("Unable to allocate 7 GiB"), "ran out of memory"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "ran out of memory"),
        (Untellable(), "failed"),
        (ValueError("x" * 10**6), "failed with ValueError: " + "x" * 300),
    ],
)
def test_a_child_that_fails_says_why_in_one_line(error: BaseException, reason: str) -> None:
    def life() -> None:
        raise error

    report = FailureReport()
    with child(life, report) as pid:
        assert exit_code(pid, 20) == 1
    said, trace = report.read()
    assert said == reason
    assert trace.startswith("Traceback") or reason == "failed"


def test_nobody_who_has_said_nothing_is_heard() -> None:
    report = FailureReport()
    with child(lambda: None, report) as pid:
        assert exit_code(pid, 20) == 0
    assert report.read() == ("", "")


# --- what a child has -------------------------------------------------------------------------------------------------


def test_a_child_has_no_terminal_no_files_and_no_handlers_of_its_parent(capfd: pytest.CaptureFixture[str]) -> None:
    def life() -> None:
        for descriptor in (1, 2):
            os.write(descriptor, b"for the terminal")
        time.sleep(60)

    terminal, slave = os.openpty()
    kept = [os.dup(number) for number in (0, 1, 2)]
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        for number in (0, 1, 2):
            os.dup2(slave, number)
        try:
            with child(life) as pid:
                until(lambda: len(os.listdir(f"/proc/{pid}/fd")) == 4)  # noqa: PTH208 - numbers
                places = {int(path.name): str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()}
                status = Path(f"/proc/{pid}/status").read_text()
        finally:
            for number, copy in enumerate(kept):
                os.dup2(copy, number)
        assert [places.pop(number) for number in (0, 1, 2)] == ["/dev/null"] * 3
        assert [place.partition(":")[0] for place in places.values()] == ["pipe"]
        caught = int(next(line for line in status.splitlines() if line.startswith("SigCgt:")).split()[1], 16)
        assert not caught & 1 << signal.SIGTERM - 1
        assert not caught & 1 << signal.SIGINT - 1
        os.set_blocking(terminal, False)
        with pytest.raises(BlockingIOError):
            os.read(terminal, 100)
    finally:
        signal.signal(signal.SIGTERM, before)
        for number in (terminal, slave, *kept):
            os.close(number)


def test_where_memory_is_short_a_child_goes_before_its_parent() -> None:
    def score(pid: int) -> int:
        return int(Path(f"/proc/{pid}/oom_score").read_text())

    with child(sleep) as pid:
        until(lambda: score(pid) > score(os.getpid()))


def test_what_cannot_be_forked_leaves_this_process_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise BlockingIOError("Resource temporarily unavailable")

    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    monkeypatch.setattr(os, "fork", refuse)
    with pytest.raises(BlockingIOError):
        fork(sleep, keep=0, report=FailureReport())
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before


# --- slow, or hung ----------------------------------------------------------------------------------------------------


class Seen:
    """A watch of a process of which the system tells what the test says."""

    def __init__(self) -> None:
        self.state, self.done = "S", 0
        self.watchdog = Watchdog(0)

    def hangs(self, monkeypatch: pytest.MonkeyPatch, looks: int) -> bool:
        """Whether any of so many looks says so."""
        with monkeypatch.context() as patch:
            patch.setattr(children, "_signs_of_life", lambda pid: (self.state, (self.done,)))
            return any(self.watchdog.hangs() for _ in range(looks))


@given(st.lists(st.tuples(st.sampled_from("RSDTtI"), st.booleans(), st.integers(1, 2 * HUNG_AFTER)), max_size=4))
def test_only_who_did_nothing_for_many_looks_hangs(seen: list[tuple[str, bool, int]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "kill", lambda *_: None)
        process = Seen()
        process.hangs(patch, 1)
        idle = 0
        for process.state, works, looks in seen:
            for _ in range(looks):
                process.done += works
                idle = 0 if works or process.state == "R" else idle + 1
                limit = STUCK_AFTER if process.state == "D" else HUNG_AFTER
                assert process.hangs(patch, 1) == (idle >= limit)


def test_who_waits_for_a_disk_has_more_time_and_who_is_not_let_run_has_all(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Seen()
    process.state = "R"
    assert not process.hangs(monkeypatch, 3 * STUCK_AFTER)
    process.state = "D"
    assert not process.hangs(monkeypatch, STUCK_AFTER - 1)
    assert process.hangs(monkeypatch, 1)


def test_a_stopped_child_is_let_go_on_and_a_held_one_hangs() -> None:
    with child(sleep) as pid:
        until(lambda: state(pid) == "S")
        watchdog = Watchdog(pid)
        os.kill(pid, signal.SIGSTOP)
        until(lambda: state(pid) == "T")
        assert not watchdog.hangs()  # the first look has nothing to compare with
        assert not watchdog.hangs()
        until(lambda: state(pid) == "S")
        with held(pid):
            until(lambda: state(pid) == "t")
            looks = 0
            while not watchdog.hangs():
                looks += 1
                assert looks < 3 * HUNG_AFTER
            assert looks > HUNG_AFTER / 2


# --- ends -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stopped", [True, False])
def test_a_child_is_ended_whatever_it_does(stopped: bool) -> None:
    with child(sleep) as pid:
        if stopped:
            os.kill(pid, signal.SIGSTOP)
            until(lambda: state(pid) == "T")
        end([pid])
        assert state(pid) == ""


def test_nobody_waits_for_ever_for_a_child_that_the_system_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "KILL_TIMEOUT", 0.1)
    with child(sleep) as pid:
        until(lambda: state(pid) == "S")
        with held(pid):
            end([pid])  # comes back
            until(lambda: state(pid) == "Z", 20)  # and it will do nothing more
        assert exit_code(pid, 20) == -signal.SIGKILL


PARENT = """
import os, signal, sys, time
from tuicnn.system.children import FailureReport, fork
pid = fork(lambda: time.sleep(60), keep=0, report=FailureReport())
while b"S" != (found := open(f"/proc/{pid}/stat", "rb").read().rpartition(b")")[2].split()[0]):
    time.sleep(0.01)
os.kill(pid, signal.SIGSTOP)
print(pid, flush=True)
time.sleep(60)
"""


def test_a_stopped_child_does_not_outlive_a_killed_parent() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        try:
            until(lambda: state(pid) == "T")
        finally:
            parent.kill()
    until(lambda: state(pid) in ("", "Z"), 20)  # a zombie waits to be reaped by init
