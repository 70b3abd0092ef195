"""Some epochs of a trial as a pure function: cut anywhere, they give what the whole gives."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from tests.runs.small import checkpoint_of, same, train
from tests.sweep.small import made_net
from tuicnn.errors import UserError
from tuicnn.runs.checkpoint_file import unpack
from tuicnn.runs.creation import create_run_at
from tuicnn.runs.origin import Origin
from tuicnn.sweep.slices import Slice, SliceResult, train_slice
from tuicnn.training.events import End, Epoch, Resumed, Start, State
from tuicnn.training.options import Options


@pytest.fixture
def whole(tmp_path: Path) -> Slice:
    """A trial of four epochs that has not begun, whose schedule looks at the epochs before."""
    net = made_net(tmp_path)
    text = net.read_text().replace("schedule: cosine", "schedule: plateau patience=1")
    return Slice("my-1", text, Origin(net, tmp_path, Options()), until=4, begun=False)


def in_json(work: Slice) -> SliceResult:
    """Train a slice that went through plain values and bytes alone, and came back so."""
    plain = work.plain()
    files = plain.pop("checkpoints")
    assert all(isinstance(file, bytes) for file in files)
    back = train_slice(Slice.of({**json.loads(json.dumps(plain)), "checkpoints": files})).plain()
    events = json.loads(json.dumps(back["events"]))
    return SliceResult.of({**back, "events": events})


def test_slices_give_the_bits_of_a_run(whole: Slice, tmp_path: Path) -> None:
    run = create_run_at(tmp_path / "run", whole.text)
    train(run, threads=1)
    work, told = dataclasses.replace(whole, until=1), []
    for until in (1, 3, 4):
        work = dataclasses.replace(work, until=until)
        result = in_json(work)
        epochs = tuple(event for event in result.events if isinstance(event, Epoch))
        told += list(epochs)
        assert isinstance(result.events[0], Resumed if work.begun else Start)
        end = result.events[-1]
        assert isinstance(end, End)
        assert end.state is (State.DONE if until == 4 else State.STOPPED)
        assert result.predictions
        work = dataclasses.replace(work, checkpoints=result.checkpoints, begun=True, epochs=(*work.epochs, *epochs))
    assert same(unpack(work.checkpoints[0]), checkpoint_of(run))
    assert [epoch.epoch for epoch in told] == [1, 2, 3, 4]
    again = train_slice(dataclasses.replace(whole, until=3))  # where a worker was lost
    assert len(again.checkpoints) <= 2


def test_what_cannot_be_trained_there_is_said(whole: Slice, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="install the same on both"):
        train_slice(dataclasses.replace(whole, version="0.0.0"))
    (tmp_path / "d.npz").unlink()
    with pytest.raises(UserError, match=r"d\.npz"):
        train_slice(whole)
