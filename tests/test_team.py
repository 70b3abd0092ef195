"""Processes that work together: what they share, what they say to each other, and what happens when one is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicnn.team import MemberLostError, Team


@given(st.integers(1, 40), st.integers(0, 200))
def test_shares_are_a_partition_in_order(size: int, count: int) -> None:
    team = Team(size)
    pieces: list[int] = []
    sizes = []
    for rank in range(size):
        team.rank = rank
        share = team.share(count)
        sizes.append(len(share))
        pieces += share
    assert pieces == list(range(count))
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("size", [1, 2, 3])
def test_what_is_exchanged_comes_in_the_members_order(size: int) -> None:
    team = Team(size)
    board = team.array((size, 4), np.float32)

    def work(first: int, second: int, _third: int, _fourth: int) -> list[np.ndarray]:
        own = [np.full((2, 2), 10.0 * team.rank + k) for k in range(team.rank + first)]
        everything = team.exchange(own)
        board[team.rank, : len(everything[:3]) + 1] = [len(everything), *(part[0, 0] for part in everything[:3])]
        return team.collect([np.array([team.rank + second], np.float64)])

    team.start(work)
    try:
        team.order(1, 5)
        collected = work(1, 5, 0, 0)
    finally:
        team.close()
    values = [10.0 * rank + k for rank in range(size) for k in range(rank + 1)]
    expected = [len(values), *values[:3], *[0.0] * 3][:4]
    assert [part.tolist() for part in collected] == [[rank + 5.0] for rank in range(size)]
    np.testing.assert_array_equal(board, [expected] * size)


def ask(team: Team) -> None:
    """Let the members do something, again and again: one that was killed may answer once more."""
    for _ in range(100):
        team.order(0)
        team.collect([np.zeros(1)])


def test_a_member_that_is_killed_is_missed() -> None:
    team = Team(2)
    team.start(lambda *_: team.collect([np.zeros(1)]))
    try:
        os.kill(team._members[0], signal.SIGKILL)
        with pytest.raises(MemberLostError, match="is gone"):
            ask(team)
    finally:
        team.close()


def test_an_error_in_a_member_is_missed_and_told(capfd: pytest.CaptureFixture[str]) -> None:
    def work(*_: int) -> None:
        raise ValueError("no such work")

    team = Team(2)
    team.start(work)
    try:
        with pytest.raises(MemberLostError):
            ask(team)
    finally:
        team.close()
    assert "no such work" in capfd.readouterr().err


LEADER = """
import os, time
import numpy as np
from tuicnn.team import Team
lock = open({lock!r}, "w")
team = Team(2)
team.start(lambda *_: None)
print(team._members[0], flush=True)
time.sleep(60)
"""


def open_files(pid: int) -> list[Path]:
    """What a process has open."""
    return [entry.readlink() for entry in Path(f"/proc/{pid}/fd").iterdir()]


def test_members_leave_with_a_killed_leader_and_hold_none_of_its_files(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    leader = subprocess.Popen(
        [sys.executable, "-c", LEADER.format(lock=str(lock))], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    assert leader.stdout is not None
    member = int(leader.stdout.readline())
    deadline = time.monotonic() + 10
    while lock in open_files(member) and time.monotonic() < deadline:  # it closes them in its first moments
        time.sleep(0.01)
    assert lock not in open_files(member)
    leader.kill()
    leader.communicate()
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{member}/stat").read_text().split()[2]
        except FileNotFoundError:
            break
        if state == "Z":  # waits to be reaped by init
            break
        time.sleep(0.01)
    else:
        pytest.fail("the member outlived its leader")
