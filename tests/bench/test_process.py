"""The processes that are measured: what they are asked, what is said when one of them cannot, and that none is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tuicnn.bench.contest import Timing, contest
from tuicnn.bench.process import SideProcess
from tuicnn.errors import UserError
from tuicnn.language import check

NET = "data: mnist limit=300 val=100\ntrain: batch=20\nconv 2 3x3 -> relu -> maxpool 4 -> flatten -> dense 10\n"
ORDER = {"text": NET, "path": "small.net", "threads": 1, "side": "tuicnn"}


def test_a_contest_of_one() -> None:
    plan = check(NET, name="small.net").plan
    assert plan is not None
    said: list[str] = []
    result = contest(plan, Path("small.net"), 2, Timing(0.01, 3), against=False, said=said.append)
    assert (result.threads, result.batch, result.own_data) == (2, 20, True)
    assert list(result.sides) == ["tuicnn"]
    assert [len(rounds) for rounds in result.ours.rounds.values()] == [3, 3]
    assert [name for name, _, _ in result.nodes] == [node.name for node in plan.nodes]
    assert result.ours.layers[0][0] > 0
    assert 0 < result.share("tuicnn", "training") < 2
    assert result.ratio("training") is None
    assert any("round 3 of 3" in line for line in said)


def test_a_side_says_what_is_wrong() -> None:
    with SideProcess("tuicnn", 1) as side, pytest.raises(UserError, match=r"tuicnn cannot go on: broken\.net cannot"):
        side.ask({**ORDER, "text": "covn 8", "path": "broken.net"})


def test_a_side_that_dies() -> None:
    with SideProcess("tuicnn", 1) as side:
        side.ask(ORDER)
        os.kill(side.pid, signal.SIGKILL)
        with pytest.raises(UserError, match=r"ended by SIGKILL; there may not be enough memory"):
            side.ask({"do": "train", "seconds": 0.01})
    with pytest.raises(ProcessLookupError):
        os.kill(side.pid, 0)


def test_a_side_that_nobody_asks_any_more_ends() -> None:
    side = subprocess.Popen(
        [sys.executable, "-m", "tuicnn.bench.side"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True
    )
    out, _ = side.communicate(json.dumps(ORDER) + "\n", timeout=60)
    assert side.returncode == 0
    assert json.loads(out)["own_data"] is True


def test_killed_in_the_middle_of_a_turn(tmp_path: Path, environment: dict[str, str]) -> None:
    net = tmp_path / "small.net"
    net.write_text(NET)
    process = subprocess.Popen(
        [sys.executable, "-m", "tuicnn", "bench", str(net), "--threads", "2", "--seconds", "3600"],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    side = wait_for_child(process.pid, ())
    until = time.monotonic() + 60
    while not (members := children_of(side)) and time.monotonic() < until:  # it has begun
        time.sleep(0.05)
    time.sleep(1.5)  # and is in a turn, which would take a quarter of an hour
    process.kill()
    process.wait()
    assert members
    gone([side, *members])


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted(tmp_path: Path, environment: dict[str, str], number: signal.Signals, code: int) -> None:
    """What is measured by then is printed, no process is left behind."""
    net = tmp_path / "small.net"
    net.write_text(NET)
    process = subprocess.Popen(
        [sys.executable, "-m", "tuicnn", "bench", str(net), "--threads", "1,2", "--seconds", "0.5", "--rounds", "2"],
        cwd=tmp_path,
        env={**environment, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    first = wait_for_child(process.pid, ())
    second = wait_for_child(process.pid, (first,))  # the first number of threads is measured
    process.send_signal(number)
    out, said = process.communicate(timeout=60)
    assert process.returncode == code, said
    assert "Traceback" not in said
    assert any(line.split()[:2] == ["small", "1"] for line in out.splitlines()), out
    gone([second])


def children_of(pid: int) -> list[int]:
    """The processes that a process has started."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def wait_for_child(pid: int, known: tuple[int, ...]) -> int:
    """The process of a side that `pid` has started, but for those that are known."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        for child in children_of(pid):
            if child not in known and b"tuicnn.bench.side" in Path(f"/proc/{child}/cmdline").read_bytes():
                return child
        time.sleep(0.02)
    raise AssertionError("it has started nothing")


def gone(processes: list[int]) -> None:
    """See that processes end soon, if they have not (a zombie has ended: whoever adopted it will notice)."""
    until = time.monotonic() + 20
    left = processes
    while left and time.monotonic() < until:
        left = [pid for pid in left if running(pid)]
        time.sleep(0.05)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
