"""Every event comes back from its line of JSON, under the name that journals have had from the beginning."""

from __future__ import annotations

from typing import get_args

import pytest

from tests.worker.pretend import an_overview
from tuicnn.records import RecordError, dump, parse
from tuicnn.training.events import (
    Diverged,
    End,
    Epoch,
    Event,
    Imported,
    Machine,
    PaceChanged,
    Paused,
    RateChanged,
    Reading,
    Resumed,
    Start,
    State,
    Step,
    Unknown,
    Unpaused,
    WarmStart,
    Warned,
    WeightsRestored,
    event_of,
    to_dict,
)  # fmt: skip

ABOUT = vars(an_overview())
MACHINE = Machine("Linux", "x86_64", 2)
EVENTS: dict[str, Event] = {
    "start": Start(**ABOUT, versions={"numpy": "2"}, machine=MACHINE, time=1.5),
    "resumed": Resumed(**ABOUT, step=3, epochs_done=1, learning_rate=0.1, machine=MACHINE),
    "reading": Reading("reading mnist: 3 of 5 images"),
    "warm": WarmStart("mnist-1", 72, ("conv1", "dense1")),
    "imported": Imported("net.onnx", ("conv1", "dense1")),
    "step": Step(1, 2.3, 0.25),
    "epoch": Epoch(1, 24, 1.0, 0.5, 2.0, 0.25, 1000.0, 3.0),
    "paused": Paused(7),
    "unpaused": Unpaused(7),
    "learning_rate": RateChanged(7, 0.05, 0.5),
    "pace": PaceChanged(7, 10),
    "diverged": Diverged(7, 1, "the loss", "infinite", "dense1", (("its input", 1e30),), True,
                         action="halve-lr", learning_rate=0.05, message="The loss became infinite."),
    "set_back": WeightsRestored(7, "the weights after epoch 1"),
    "warning": Warned("One process is gone.", "Traceback"),
    "end": End(State.DONE, "", 24, 0.5, 0.75, 0.8, 1, 39, 2.5, True, "The disk is full.", 2.5),
}  # fmt: skip


def test_all_kinds_are_here() -> None:
    assert {type(event) for event in EVENTS.values()} == {*get_args(Event)} - {Unknown}


@pytest.mark.parametrize("kind", EVENTS)
def test_an_event_comes_back(kind: str) -> None:
    plain = to_dict(EVENTS[kind])
    assert next(iter(plain.items())) == ("event", kind)
    assert event_of(parse(dump(plain))) == EVENTS[kind]


def test_what_is_not_known_is_not_written() -> None:
    assert to_dict(End(State.FAILED, "No data.")) == {"event": "end", "state": "failed", "message": "No data."}


def test_an_event_of_another_version_is_none_of_ours_and_no_damage() -> None:
    assert event_of({"event": "moved", "to": "elsewhere"}) == Unknown("moved")
    assert event_of({"event": "step", "step": 1, "loss": None, "accuracy": 0.5, "more": []}) != Unknown("step")


@pytest.mark.parametrize(
    "plain",
    [{}, {"event": 1}, {"event": "step"}, {"event": "step", "step": -1}, {"event": "step", "step": 2**53},
     {"event": "epoch", "epoch": 1, "val_accuracy": 1.1}, {"event": "end", "state": "asleep"},
     {"event": "start", "time": 1e18}],
)  # fmt: skip
def test_what_we_do_not_write_is_refused(plain: dict[str, object]) -> None:
    with pytest.raises(RecordError):
        event_of(plain)


@pytest.mark.parametrize(
    "plain",
    [{"event": "step", "step": 0}, {"event": "step", "step": 2**53 - 1}, {"event": "start", "time": 0},
     {"event": "epoch", "epoch": 1, "val_accuracy": 0}, {"event": "epoch", "epoch": 1, "val_accuracy": 1 + 1e-7}],
)  # fmt: skip
def test_the_largest_and_the_smallest_are_taken(plain: dict[str, object]) -> None:
    assert to_dict(event_of(plain)).items() >= plain.items()


def test_nothing_is_known_of_a_start_without_its_numbers() -> None:
    start = event_of({"event": "start"})
    assert isinstance(start, Start)
    assert not start.complete
    assert {value for value in vars(start).values() if isinstance(value, int)} == {0}
