"""Processes that work together: what they share, what they say to each other, and what happens when one is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.faults.looking import descriptors, state
from tests.faults.waiting import until
from tuicnn.engine.groups.forked import ForkedGroup
from tuicnn.engine.groups.group import MemberLostError
from tuicnn.system import children


@given(st.integers(1, 40), st.integers(0, 200))
def test_shares_are_a_partition_in_order(size: int, count: int) -> None:
    group = ForkedGroup(size)
    pieces: list[int] = []
    sizes = []
    for rank in range(size):
        group.rank = rank
        share = group.partition(count)
        sizes.append(len(share))
        pieces += share
    assert pieces == list(range(count))
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("size", [1, 2, 3])
def test_what_is_exchanged_comes_in_the_members_order(size: int) -> None:
    group = ForkedGroup(size)
    board = group.zeros((size, 4), np.float32)

    def work(first: int, second: int, _third: int, _fourth: int) -> list[np.ndarray]:
        own = [np.full((2, 2), 10.0 * group.rank + k) for k in range(group.rank + first)]
        everything = group.allgather(own)
        board[group.rank, : len(everything[:3]) + 1] = [len(everything), *(part[0, 0] for part in everything[:3])]
        return group.gather([np.array([group.rank + second], np.float64)])

    group.start(work)
    try:
        group.dispatch(1, 5)
        collected = work(1, 5, 0, 0)
    finally:
        group.close()
    values = [10.0 * rank + k for rank in range(size) for k in range(rank + 1)]
    expected = [len(values), *values[:3], *[0.0] * 3][:4]
    assert [part.tolist() for part in collected] == [[rank + 5.0] for rank in range(size)]
    np.testing.assert_array_equal(board, [expected] * size)


def ask(group: ForkedGroup) -> None:
    """Let the members do something, again and again: one that was killed may answer once more."""
    for _ in range(100):
        group.dispatch(0)
        group.gather([np.zeros(1)])


def summed(group: ForkedGroup) -> Callable[..., object]:
    """What a member does: it gives its rank."""
    return lambda *_: group.gather([np.array([float(group.rank)])])


@contextmanager
def started(work: Callable[[ForkedGroup], Callable[..., object]] = summed, size: int = 2) -> Iterator[ForkedGroup]:
    group = ForkedGroup(size)
    group.start(work(group))
    try:
        yield group
    finally:
        group.close()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_a_member_that_is_killed_is_missed(number: signal.Signals) -> None:
    with started() as group:
        os.kill(group.members[0], number)
        with pytest.raises(MemberLostError, match=f"another process was killed by {number.name}") as lost:
            ask(group)
    assert ("memory is short" in str(lost.value)) == (number == signal.SIGKILL)


def test_what_a_stopped_member_has_no_room_for_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "CHECK_INTERVAL", 0.02)

    def work(group: ForkedGroup) -> Callable[..., object]:
        def stop_and_sum(*_: int) -> None:
            if group.rank:
                group.gather([np.zeros(1 << 18)])
                os.kill(os.getpid(), signal.SIGSTOP)
                found = group._receive_arrays(group._peers[0], [np.zeros(1 << 18)])
                group.gather([found[0] + 1])

        return stop_and_sum

    with started(work) as group:
        group.dispatch()
        sent = group.gather([np.arange(1 << 18, dtype=np.float64)])
        group._send_arrays(group._peers[0], sent[:1])  # more than the system keeps for whoever does not read
        np.testing.assert_array_equal(group.gather([sent[0]])[1], sent[0] + 1)


def test_a_member_that_hangs_is_given_up_and_a_slow_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "CHECK_INTERVAL", 0.02)
    monkeypatch.setattr(children, "HUNG_AFTER", 10)

    def work(group: ForkedGroup) -> Callable[..., object]:
        def take_long(hang: int, *_: int) -> None:
            if hang:
                time.sleep(60)
            until = time.process_time() + 2 * 0.02 * children.HUNG_AFTER
            while time.process_time() < until:
                pass
            group.gather([np.ones(1)])

        return take_long

    with started(work) as group:
        group.dispatch(0)
        assert group.gather([np.zeros(1)]) == [0.0, 1.0]
        pid = group.members[0]
        group.dispatch(1)
        with pytest.raises(MemberLostError, match="hung"):
            group.gather([np.zeros(1)])
    assert state(pid) == ""


def test_members_that_are_stopped_do_not_hold_up_the_end() -> None:
    with started(size=3) as group:
        members = group.members
        for pid in members:
            os.kill(pid, signal.SIGSTOP)
            until(lambda pid=pid: state(pid) == "T")  # type: ignore[misc]
        began = descriptors(os.getpid())
        group.close()
        assert [state(pid) for pid in members] == ["", ""]
        assert descriptors(os.getpid()) == began - 2


def test_a_team_that_cannot_start_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    fork = os.fork
    forks: list[int] = []

    def one_only() -> int:
        if forks:
            raise BlockingIOError("Resource temporarily unavailable")
        forks.append(fork())
        return forks[0]

    before = descriptors(os.getpid())
    monkeypatch.setattr(os, "fork", one_only)
    group = ForkedGroup(3)
    with pytest.raises(BlockingIOError):
        group.start(summed(group))
    group.close()
    assert state(forks[0]) == ""
    assert descriptors(os.getpid()) == before


#: a leader that asks its member for each line that it is given, and gives it up after a second of its own time
ASKING = """
import sys
import numpy as np
from tuicnn.system import children
from tuicnn.engine.groups.forked import ForkedGroup
from tuicnn.engine.groups.group import MemberLostError
children.CHECK_INTERVAL, children.HUNG_AFTER = 0.2, 5
group = ForkedGroup(2)
group.start(lambda *_: group.gather([np.ones(1)]))
print(group.members[0], flush=True)
for line in sys.stdin:
    group.dispatch()
    print("asked", flush=True)
    print(group.gather([np.zeros(1)]), flush=True)
"""


def test_a_team_that_stood_still_goes_on_when_its_leader_does() -> None:
    """As after Ctrl-Z, and `kill -CONT` of the one process that a user knows."""
    with subprocess.Popen(
        [sys.executable, "-c", ASKING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as leader:
        assert leader.stdin is not None
        assert leader.stdout is not None
        try:
            member = int(leader.stdout.readline())
            os.kill(member, signal.SIGSTOP)
            until(lambda: state(member) == "T")
            leader.stdin.write("\n")
            leader.stdin.flush()
            assert leader.stdout.readline() == "asked\n"
            until(lambda: state(leader.pid) == "S")  # it waits
            leader.send_signal(signal.SIGSTOP)
            until(lambda: state(leader.pid) == "T")
            time.sleep(1.5)
            leader.send_signal(signal.SIGCONT)
            assert leader.stdout.readline() == "[array([0.]), array([1.])]\n"
            leader.stdin.close()
            assert leader.wait(20) == 0
            until(lambda: state(member) in ("", "Z"))  # nobody closed the group
        finally:
            leader.kill()


LEADER = """
import os, time
import numpy as np
from tuicnn.engine.groups.forked import ForkedGroup
from tuicnn.engine.groups.group import MemberLostError
lock = open({lock!r}, "w")
group = ForkedGroup(2)
group.start(lambda *_: None)
print(group.members[0], flush=True)
time.sleep(60)
"""


def open_files(pid: int) -> list[Path]:
    """What a process has open."""
    found = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # it was just closed
            found.append(entry.readlink())
    return found


def test_members_leave_with_a_killed_leader_and_hold_none_of_its_files(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    command = [sys.executable, "-c", LEADER.format(lock=str(lock))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path.cwd()) as leader:
        try:
            assert leader.stdout is not None
            member = int(leader.stdout.readline())
            until(lambda: lock not in open_files(member))  # it closes them in its first moments
        finally:
            leader.kill()
    until(lambda: state(member) in ("", "Z"))  # one that waits to be reaped by init is gone
