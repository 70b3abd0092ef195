"""How runs stand, and which one a person means."""

from __future__ import annotations

import json
import math
import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tuicnn.cli.output.runs import as_json, runs_table
from tuicnn.errors import UserError
from tuicnn.runs.creation import create_run, create_run_at
from tuicnn.runs.finding import find_run, list_runs, the_only_alive
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.journal import Journal, parse
from tuicnn.runs.status import describe, how_to_go_on, summary
from tuicnn.training.events import Diverged, End, Epoch, Event, Paused, Resumed, Start, State, Unpaused


def a_run(parent: Path, net: str, *events: Event) -> RunFolder:
    folder = create_run(parent, net, "dense 10\n")
    journal = Journal(folder.journal)
    for event in events:
        journal.append(event)
    journal.close()
    return folder


START = Start(epochs=3)
EPOCHS = [Epoch(n, val_accuracy=a) for n, a in ((1, 0.9), (2, 0.95), (3, float("nan")))]


def test_a_run_that_ended(tmp_path: Path) -> None:
    end = End(State.DONE, test_accuracy=0.9996, parameters=15_770)
    run = summary(a_run(tmp_path, "mnist", START, *EPOCHS, end))
    assert (run.name, run.state, run.alive, run.epochs, run.epochs_planned) == ("mnist-1", "done", False, 3, 3)
    assert (run.best_val_accuracy, run.test_accuracy, run.parameters) == (0.95, 0.9996, 15_770)
    assert run.started > 1e9
    assert run.ended >= run.started
    assert describe(run.folder) == "done, 3 epochs, 99.9% on the test images"  # 100% are all of them


@pytest.mark.parametrize("state", [State.STOPPED, State.FAILED, State.DIVERGED])
def test_other_ends(tmp_path: Path, state: State) -> None:
    folder = a_run(tmp_path, "mnist", START, EPOCHS[0], End(state, "why"))
    assert (summary(folder).state, summary(folder).message) == (state, "why")
    assert describe(folder) == f"{state}, 1 of 3 epochs, 90.0% on the validation images"


def test_alive_and_lost_differ_by_the_lock_alone(tmp_path: Path) -> None:
    folder = a_run(tmp_path, "mnist", START, EPOCHS[0])
    with folder.lock():
        assert (summary(folder).state, summary(folder).alive) == ("alive", True)
    assert (summary(folder).state, summary(folder).alive) == ("lost", False)


def test_a_run_that_waits_for_somebody_is_paused(tmp_path: Path) -> None:
    waits = Diverged(7, 1, "the loss", "NaN", action="pause", message="The loss became NaN."), Paused(7)
    folder = a_run(tmp_path, "mnist", START, EPOCHS[0], *waits)
    with folder.lock():
        assert (summary(folder).state, summary(folder).paused) == ("alive", True)
        assert describe(folder).startswith("paused, 1 of 3 epochs")
    assert (summary(folder).state, summary(folder).paused) == ("lost", False)
    for later in (Unpaused(7), Resumed(), End(State.STOPPED)):
        folder = a_run(tmp_path, "mnist", START, *waits, later)
        with folder.lock():
            assert not summary(folder).paused


def test_a_process_that_stays_after_the_end_can_be_attached_to(tmp_path: Path) -> None:
    folder = a_run(tmp_path, "mnist", START, End(State.DONE))
    with folder.lock():
        assert (summary(folder).state, summary(folder).alive) == ("done", True)


def test_a_journal_of_nonsense_is_no_error(tmp_path: Path) -> None:
    folder = a_run(tmp_path, "mnist")
    odd: list[dict[str, Any]] = [
        {"event": "start", "epochs": None, "time": None},
        {"event": "epoch", "epoch": "x", "val_accuracy": [1]},
        {"event": "end", "state": ["done"], "test_accuracy": 10**400, "parameters": True, "time": "now"},
    ]
    folder.journal.write_bytes("".join(f"{json.dumps(event)}\n" for event in odd).encode() + b"\xff\xff\n{half")
    run = summary(folder)
    assert (run.state, run.epochs, run.damaged, run.parameters) == ("lost", 0, 4, None)
    assert math.isnan(run.test_accuracy)
    assert describe(folder) == "lost"


def test_runs_are_listed_in_their_order(tmp_path: Path) -> None:
    assert list_runs(tmp_path) == []
    names = [a_run(tmp_path, net, Start(time=1000 + n)).name for n, net in enumerate(["b", "a", "c"])]
    (tmp_path / "runs" / "empty-9").mkdir()
    (tmp_path / "runs" / "file").write_text("")
    assert [run.name for run in list_runs(tmp_path)] == names == ["b-1", "a-2", "c-3"]
    a_run(tmp_path, "d", Start(time=2000)).path.rename(tmp_path / "runs" / "mine")
    assert [run.name for run in list_runs(tmp_path)] == ["mine", *names]


def test_a_run_is_found_by_number_name_and_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = a_run(tmp_path, "mnist"), a_run(tmp_path, "lenet5")
    elsewhere = create_run_at(tmp_path / "elsewhere", "dense 10\n")
    monkeypatch.chdir(tmp_path)
    assert find_run("2", tmp_path) == second
    assert find_run("mnist-1", tmp_path) == first
    assert find_run(str(first.path), tmp_path) == first
    assert find_run("runs/mnist-1/", tmp_path).name == "mnist-1"
    assert find_run("elsewhere", tmp_path).path.resolve() == elsewhere.path
    monkeypatch.chdir(first.path)
    assert find_run(".", tmp_path).name == "mnist-1"


@pytest.mark.parametrize("text", ["3", "mnist", "", "..", "/", "a\0b", "runs", "²", "x" * 5000])
def test_a_run_that_is_not_there_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    a_run(tmp_path, "mnist")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"There is no run|Which run is meant"):
        find_run(text, tmp_path)


def test_a_number_of_two_runs_is_a_sentence(tmp_path: Path) -> None:
    a_run(tmp_path, "mnist")
    (tmp_path / "runs" / "mnist-1").rename(tmp_path / "runs" / "mnist-2")
    a_run(tmp_path, "lenet5")
    (tmp_path / "runs" / "lenet5-3").rename(tmp_path / "runs" / "lenet5-2")
    with pytest.raises(UserError, match="that of lenet5-2 and mnist-2; give the name"):
        find_run("2", tmp_path)


def test_without_a_name_the_newest_that_is_alive_is_meant(tmp_path: Path) -> None:
    old, new, _ = (a_run(tmp_path, "mnist", Start(time=n)) for n in (1000, 2000, 3000))
    assert find_run(None, tmp_path).name == "mnist-3"  # none is alive
    with pytest.raises(UserError, match=r"No run in .*runs is alive"):
        find_run(None, tmp_path / "elsewhere")
    with pytest.raises(UserError, match=r"No run in .*runs is alive"):
        the_only_alive(tmp_path)
    with old.lock():
        assert find_run(None, tmp_path) == the_only_alive(tmp_path) == old
        with new.lock():
            assert find_run(None, tmp_path) == new
            with pytest.raises(UserError, match="Several runs are alive, mnist-1 and mnist-2"):
                the_only_alive(tmp_path)


ODD = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.just(10**400), st.floats(), st.just(1e18), st.text()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
KEYS = ["time", "epoch", "epochs", "step", "val_accuracy", "test_accuracy", "parameters", "state", "message", "trouble"]
KINDS = ["start", "resumed", "paused", "epoch", "end"]


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(KEYS), ODD)), max_size=5))
@example([("start", {"time": 1e18})])
@example([("start", {"time": -1e18})])
def test_any_value_of_any_event_can_be_listed(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[str, dict[str, Any]]]
) -> None:
    folder = a_run(tmp_path_factory.mktemp("any"), "mnist")
    lines = [json.dumps({"event": kind, **values}) for kind, values in events]
    folder.journal.write_text("".join(f"{line}\n" for line in lines))
    run = summary(folder)
    runs_table([run])
    json.dumps(as_json(run, {}))
    assert describe(folder)


@pytest.mark.parametrize("name", ["journal.jsonl", "net.net", "lock", "origin.json", "worker.log"])
def test_a_pipe_in_the_place_of_a_file_hides_no_other_run(tmp_path: Path, name: str) -> None:
    spoiled, sound = a_run(tmp_path, "mnist"), a_run(tmp_path, "mnist")
    (spoiled.path / name).unlink(missing_ok=True)
    os.mkfifo(spoiled.path / name)
    listed = list_runs(tmp_path)
    assert [run.folder.path for run in listed] == [spoiled.path, sound.path]
    assert "not a regular file" in listed[0].damage or name != "journal.jsonl"
    assert listed[1].damage == ""


def test_that_long_journals_take_a_while_is_told_once(tmp_path: Path) -> None:
    for folder in (a_run(tmp_path, "mnist"), a_run(tmp_path, "mnist")):
        with folder.journal.open("ab") as file:
            file.truncate(60_000_000)  # takes no room on the disk
    said: list[str] = []
    assert len(list_runs(tmp_path, said.append)) == 2
    assert said == ["The journals of the runs have 120 MB; reading them takes a while."]


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_what_the_steps_of_a_run_hold_is_not_read_for_how_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, separators: tuple[str, str]
) -> None:
    folder = a_run(tmp_path, "mnist", START, *EPOCHS)
    with folder.journal.open("a") as file:
        for step in range(100):
            file.write(json.dumps({"event": "step", "step": step}, separators=separators) + "\n")
    read: list[bytes] = []

    def counted(line: bytes) -> Event | None:
        read.append(line)
        return parse(line)

    monkeypatch.setattr("tuicnn.runs.journal.parse", counted)
    assert summary(folder).epochs == 3
    assert len(read) == 4


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("done", r"has ended \(done, .*; tuicnn resume .*/mnist-1 --epochs 6 trains it longer, and tuicnn .* anew"),
        ("diverged", r"has ended \(diverged, .*; tuicnn resume .*/mnist-1 --on-nan halve-lr goes on"),
        ("failed", r"has ended \(failed, .*; tuicnn .*/net.net trains its net anew\. Its files are in "),
        ("lost", r"is gone before its end \(lost, .*; tuicnn resume .*/mnist-1 goes on with it, and tuicnn .* anew"),
    ],
)
def test_of_a_run_that_is_over_it_is_said_how_and_what_can_be_done(tmp_path: Path, state: str, said: str) -> None:
    end = [] if state == "lost" else [End(State(state))]
    folder = a_run(tmp_path, "mnist", START, Epoch(3, val_accuracy=0.9), *end)
    assert re.search(said, how_to_go_on(folder))
