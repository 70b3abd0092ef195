"""Runs whose other process fails, is killed, stopped or hangs in the midst of a step: their bits, and what is said."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tests.faults.looking import descriptors
from tests.runs.small import of
from tuicnn import sharding
from tuicnn.engine.groups.forked import ForkedGroup
from tuicnn.language import check
from tuicnn.observing.layer_stats import AskLayerStats
from tuicnn.system import children
from tuicnn.training import workers
from tuicnn.training.events import End, Event, State, Step, Warned
from tuicnn.training.session import Session

NET = """\
data: mnist limit=200 val=50
train: epochs=2 batch=50 seed=3
conv 4 3x3 -> batchnorm -> relu -> maxpool 2 -> dropout 0.3 -> flatten -> dense 10
"""
#: the exchange at which the other process meets its fault: that of the third step's backward
PLACE = 6


def fail(error: BaseException) -> Callable[[], None]:
    def fault() -> None:
        raise error

    return fault


def signalled(number: signal.Signals) -> Callable[[], None]:
    return lambda: os.kill(os.getpid(), number)


def outcome(threads: int) -> tuple[dict[str, np.ndarray], list[Any], list[Warned]]:
    """The weights and losses at the end of a run, and what was said in it."""
    checked = check(NET)
    assert checked.plan is not None
    events: list[Event] = []
    session = Session(checked.plan, threads=threads, on_event=events.append)
    session.ask(AskLayerStats().answer)  # so that the next step is watched
    assert session.run() is State.DONE
    assert session.network is not None
    told = [event.loss for event in of(events, Step)]
    return (session.network.state_dict(), [*told, of(events, End)[0].test_loss], of(events, Warned))


@pytest.fixture(scope="module", autouse=True)
def shared() -> Iterator[None]:
    """Every step is shared, however busy the machine is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sharding, "SMALL_BATCH", 0)
        patch.setattr(workers, "SOONEST", 1e9)
        yield


@pytest.fixture(scope="module")
def whole(shared: None) -> tuple[dict[str, np.ndarray], list[Any]]:
    """How a run of one process ends."""
    return outcome(1)[:2]


KILLED = "was killed by SIGKILL, as the system does where memory is short"


@pytest.mark.parametrize(
    ("fault", "because", "traced"),
    [
        (fail(ValueError("no such shape")), "failed with ValueError: no such shape", True),
        (fail(MemoryError("Unable to allocate 7 GiB")), "ran out of memory", True),
        (signalled(signal.SIGKILL), KILLED, False),
        (lambda: time.sleep(60), "hung, and was ended", False),
        (signalled(signal.SIGSTOP), "", False),
    ],
    ids=["failed", "memory", "killed", "hung", "stopped"],
)
def test_whatever_becomes_of_the_other_process_the_bits_are_the_same(
    fault: Callable[[], None],
    because: str,
    traced: bool,
    whole: tuple[dict[str, np.ndarray], list[Any]],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    allgather, gathered = ForkedGroup.allgather, []

    def faulty(group: ForkedGroup, own: Any) -> Any:
        gathered.append(group.rank)
        if gathered == [1] * PLACE:  # each process has this list to itself
            fault()
        return allgather(group, own)

    monkeypatch.setattr(children, "CHECK_INTERVAL", 0.02)
    monkeypatch.setattr(ForkedGroup, "allgather", faulty)
    before = descriptors(os.getpid())
    weights, losses, warnings = outcome(2)
    assert losses == whole[1]
    assert all(np.array_equal(array, weights[name]) for name, array in whole[0].items())
    assert [event.message for event in warnings] == (
        [f"Training goes on in one process: another process {because}."] if because else []
    )
    traces = [event.traceback.splitlines()[0] for event in warnings if event.traceback]
    assert traces == ["Traceback (most recent call last):"] * traced
    assert descriptors(os.getpid()) == before
    assert capfd.readouterr() == ("", "")
