"""A journal can be read whatever happened to it, and a disk that refuses it does not stop a run."""

from __future__ import annotations

import math
import os
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runs.small import kinds, of, read_journal
from tuicnn.errors import UserError
from tuicnn.records import parse
from tuicnn.runs.journal import LINE_AT_MOST, Journal, events_in
from tuicnn.runs.journal import parse as parse_line
from tuicnn.training.events import (
    End,
    Epoch,
    Event,
    Resumed,
    Start,
    State,
    Step,
    Unknown,
    Warned,
    event_of,
    to_dict,
)  # fmt: skip

END = End(State.DONE)


def written(path: Path, *events: Event) -> None:
    journal = Journal(path)
    for event in events:
        journal.append(event)
    journal.close()


def test_events_come_back_in_order(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    written(path, Start(seed=1), Step(1, 0.5, 0.1), END)
    start, step, end = read_journal(path).events
    assert step == Step(1, 0.5, 0.1)
    assert isinstance(start, Start)
    assert start.time is not None
    assert start.time > 1e9
    assert read_journal(path, steps=False).events == [start, end]


def test_a_journal_that_is_removed_begins_anew_where_the_run_is_now(tmp_path: Path) -> None:
    path = tmp_path / "a" / "journal.jsonl"
    path.parent.mkdir()
    journal = Journal(path, where=lambda: path)
    journal.append(Resumed(seed=1))
    journal.append(Epoch(1))
    path = path.parent.rename(tmp_path / "b") / path.name
    path.unlink()
    journal.append(Epoch(2))
    journal.append(END)
    events = read_journal(path).events
    assert kinds(events) == ["start", "epoch", "end"]
    assert (of(events, Start)[0].seed, of(events, Epoch)[0].epoch) == (1, 2)
    path.unlink()
    path.parent.rmdir()
    journal.append(END)  # with its folder gone, there is nowhere to write
    journal.close()
    assert not path.parent.exists()


def test_it_is_strict_json(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    written(path, Epoch(1, 3, math.inf, np.float64(0.5), np.float64("nan"), seconds=-math.inf))
    event = parse(path.read_bytes())
    wanted = {"step": 3, "train_loss": None, "train_accuracy": 0.5, "val_loss": None, "seconds": None}
    assert {name: event[name] for name in wanted} == wanted


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_what_waits_is_written_by_sync_and_close_and_after_that_nothing(tmp_path: Path) -> None:
    path, before = tmp_path / "j", open_files()

    def written_steps() -> list[int]:
        return [step.step for step in of(read_journal(path).events, Step)]

    journal = Journal(path)
    for step in (1, 2):
        journal.append(Step(step))
    assert written_steps() == [1]  # the second one waits
    journal.sync()
    assert written_steps() == [1, 2]
    journal.append(Step(3))
    journal.close()
    journal.append(END)
    journal.sync()
    journal.close()
    assert written_steps() == [1, 2, 3]
    assert of(read_journal(path).events, End) == []
    abandoned = Journal(path)
    abandoned.append(Epoch(1))
    abandoned.append(Step(4))
    abandoned.abandon()
    abandoned.append(END)
    abandoned.close()
    assert kinds(read_journal(path).events) == ["step"] * 3 + ["epoch"]
    assert open_files() == before


def test_the_end_and_a_sync_are_safe_when_the_power_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_size))
    journal = Journal(tmp_path / "j")
    journal.append(Epoch(1))
    assert synced == []
    journal.sync()
    journal.append(END)
    assert len(synced) == 2
    assert synced[0] < synced[1] == (tmp_path / "j").stat().st_size
    journal.close()


def test_an_epoch_is_on_disk_at_once_with_the_steps_before_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    for step in range(100):
        journal.append(Step(step))
    journal.append(Epoch(1))
    found = read_journal(path).events
    journal.close()
    assert [step.step for step in of(found, Step)] == list(range(100))
    assert isinstance(found[-1], Epoch)


def test_steps_are_not_written_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0
    real = os.write

    def counted(descriptor: int, data: bytes) -> int:
        nonlocal calls
        calls += 1
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", counted)
    written(tmp_path / "j", *(Step(step) for step in range(2000)))
    assert 1 <= calls < 100


def test_it_is_for_its_owner_only(tmp_path: Path) -> None:
    written(tmp_path / "j", Start())
    assert (tmp_path / "j").stat().st_mode & 0o777 == 0o600


def test_a_half_written_last_line_is_left_out_and_cut_off_before_what_follows(tmp_path: Path) -> None:
    path = tmp_path / "j"
    written(path, Start(), Epoch(1))
    path.write_bytes(path.read_bytes()[:-9])
    assert kinds(read_journal(path).events) == ["start"]
    assert read_journal(path).damaged == 0
    journal = Journal(path)
    assert journal.cut_off > 0
    journal.append(END)
    journal.close()
    found = read_journal(path)
    assert kinds(found.events) == ["start", "end"]
    assert found.damaged == 0


@given(st.integers(0, 10_000), st.lists(st.text(max_size=30), min_size=1, max_size=5))
def test_cut_off_anywhere_it_keeps_every_whole_line(
    tmp_path_factory: pytest.TempPathFactory, cut: int, texts: list[str]
) -> None:
    path = tmp_path_factory.mktemp("j") / "j"
    written(path, *(Warned(text) for text in texts))
    data = path.read_bytes()
    left = data[: cut % (len(data) + 1)]
    path.write_bytes(left)
    written(path, END)
    found = read_journal(path)
    assert found.damaged == 0
    # an event that lacks nothing but its newline is whole
    whole = left.count(b"\n") + (left.endswith(b"}") and len(left) > 0 and data[len(left) : len(left) + 1] == b"\n")
    assert [event.message for event in of(found.events, Warned)] == texts[:whole]
    assert kinds(found.events[whole:]) == ["end"]


@given(st.lists(st.binary(max_size=40).map(lambda b: b.replace(b"\n", b"")), max_size=6))
def test_damage_is_skipped_and_counted(tmp_path_factory: pytest.TempPathFactory, damage: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("j") / "j"
    good = b'{"event":"epoch","epoch":1}\n'
    path.write_bytes(good + b"".join(line + b"\n" for line in damage) + good)
    found = read_journal(path)
    assert len(found.events) == 2
    assert found.damaged == sum(bool(line.strip()) for line in damage)


@pytest.mark.parametrize(
    "line",
    [
        b"[1]",
        b"{}",
        b'{"event":3}',
        b'{"event":"x","a":NaN}',
        b"[" * 100_000,
        b"\xff\x00",
        b"x" * (3 << 20),
        b"1" * 6000,
    ],
)
def test_a_line_that_is_no_event_is_skipped(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "j"
    path.write_bytes(b'{"event":"a"}\n' + line + b'\n{"event":"b"}\n')
    found = read_journal(path)
    assert (found.events, found.damaged) == ([Unknown("a"), Unknown("b")], 1)


LINES = st.sampled_from(
    [b'{"event":"epoch","epoch":1}', b"", b"{", b'{"event":"step","step":1}', b"x" * 64, b"x" * 200]
)


@given(st.lists(LINES, max_size=5), st.booleans())
def test_each_event_is_told_with_the_place_of_its_line(lines: list[bytes], steps: bool) -> None:
    places, place = [], 0
    for line in lines:
        if line and (steps or b"step" not in line):
            places.append((place, parse(line) if line.startswith(b'{"') else None))
        place += len(line) + 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tuicnn.runs.journal.LINE_AT_MOST", 64)
        found = list(events_in(BytesIO(b"".join(line + b"\n" for line in lines)), steps=steps))
    assert [(start, event and to_dict(event)) for start, event in found] == [
        (start, plain and to_dict(event_of(plain))) for start, plain in places
    ]


def test_a_last_line_that_is_too_long_is_cut_off_whatever_it_is(tmp_path: Path) -> None:
    path, whole = tmp_path / "j", b'{"event":"paused","step":1}\n'
    long = b'{"event":"warning","message":"' + b"x" * LINE_AT_MOST + b'"}'
    path.write_bytes(whole + long)
    journal = Journal(path)
    journal.close()
    assert (journal.cut_off, path.read_bytes()) == (len(long), whole)


def test_no_journal_is_an_empty_one(tmp_path: Path) -> None:
    assert read_journal(tmp_path / "none").events == []


def test_a_folder_in_its_place_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="it is a folder"):
        read_journal(tmp_path)
    with pytest.raises(UserError, match="it is a folder"):
        Journal(tmp_path)


def test_a_full_disk_is_told_once_and_nothing_is_lost_when_there_is_room_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    journal = Journal(tmp_path / "j", said.append)
    real, room, clock = os.write, 40, [0.0]
    monkeypatch.setattr("tuicnn.runs.journal.time.monotonic", lambda: clock[0])

    def narrow(descriptor: int, data: bytes) -> int:
        nonlocal room
        if room <= 0:
            raise OSError(28, "No space left on device")
        done = real(descriptor, data[:room])
        room -= done
        return done

    monkeypatch.setattr(os, "write", narrow)
    for number in range(20):
        journal.append(Epoch(number))
        clock[0] += 1
    assert len(said) == 1
    assert "the disk is full" in said[0]
    room = 10**9
    clock[0] += 60
    journal.append(END)
    assert said[1:] == [""]
    journal.close()
    found = read_journal(tmp_path / "j")
    assert [epoch.epoch for epoch in of(found.events, Epoch)] == list(range(20))
    assert isinstance(found.events[-1], End)
    assert found.damaged == 0


def test_what_waits_for_a_full_disk_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path / "j")
    real, clock = os.write, [0.0]
    monkeypatch.setattr("tuicnn.runs.journal.KEEP_AT_MOST", 2000)
    monkeypatch.setattr("tuicnn.runs.journal.time.monotonic", lambda: clock[0])

    def refuse(descriptor: int, data: bytes) -> int:
        raise OSError(28, "full")

    monkeypatch.setattr(os, "write", refuse)
    for number in range(1000):
        journal.append(Step(number))
        clock[0] += 6
    monkeypatch.setattr(os, "write", real)
    clock[0] += 60
    journal.append(END)
    journal.close()
    found = read_journal(tmp_path / "j")
    assert len(found.events) < 100
    assert found.damaged == 0
    assert [step.step for step in of(found.events, Step)][-2:] == [998, 999]
    assert isinstance(found.events[-1], End)


_figures = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["null", "0", "-0", "1", "01", "1.", "1e999", "9" * 400, "1E3", "1.0000001", "1.1", "-1", "NaN"]),
)


@given(st.one_of(st.integers(-1, 1 << 60).map(str), _figures), _figures, _figures)
def test_a_step_is_read_as_any_other_event(step: str, loss: str, accuracy: str) -> None:
    line = f'{{"event":"step","step":{step},"loss":{loss},"accuracy":{accuracy}}}'
    spaced = line.replace(":", ": ").replace(",", ", ")  # as a program that wrote the journal anew has it
    assert repr(parse_line(line.encode())) == repr(parse_line(spaced.encode()))
