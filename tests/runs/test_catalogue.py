"""The runs of a folder as they are now, however often they are looked at and whatever happens to them meanwhile."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.runs.small import a_run, stop_after, train
from tuicnn.runs import catalogue
from tuicnn.runs.catalogue import Catalogue, CataloguedRun
from tuicnn.runs.finding import list_runs
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.journal import events_in, events_of
from tuicnn.training.events import Event, Step


def same_as_list(found: list[CataloguedRun], parent: Path) -> bool:
    """Whether the summaries are those that `tuicnn runs` would print."""
    return [repr(run.summary) for run in reversed(found)] == [repr(run) for run in list_runs(parent)]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many events were read of journals."""
    counted: list[int] = []

    def counting(file: object, *, steps: bool) -> object:
        found = list(events_in(file, steps=steps))  # type: ignore[arg-type]
        counted.append(len(found))
        return found

    monkeypatch.setattr(catalogue, "events_in", counting)
    return counted


def test_it_is_what_the_list_of_runs_says_at_every_moment_and_little_is_read(tmp_path: Path, read: list[int]) -> None:
    shelf = Catalogue(tmp_path)
    one = a_run(tmp_path)

    def look(_: object, event: Event) -> None:
        if not isinstance(event, Step):
            assert same_as_list(shelf.read(), tmp_path)

    train(one, report=look)
    assert sum(read) <= sum(not isinstance(event, Step) for event in events_of(one.journal))  # each once
    read.clear()
    assert same_as_list(shelf.read(), tmp_path)
    assert same_as_list(shelf.read(), tmp_path)
    assert len(read) <= 1
    (run,) = shelf.read()
    assert run.overview is not None
    assert run.overview.layers[0].name == "conv1"
    assert [epoch.epoch for epoch in run.epochs] == [1, 2]


def test_a_journal_that_was_cut_off_or_damaged_or_removed_is_read_anew(tmp_path: Path) -> None:
    shelf = Catalogue(tmp_path)
    one, other = a_run(tmp_path), a_run(tmp_path)
    train(one, report=stop_after(4))
    train(other)
    shelf.read()
    train(one, resume=True)
    assert same_as_list(shelf.read(), tmp_path)
    data = bytearray(other.journal.read_bytes())
    data[40:60] = b"\xff" * 20
    other.journal.write_bytes(data)
    assert same_as_list(shelf.read(), tmp_path)
    other.journal.unlink()
    assert same_as_list(shelf.read(), tmp_path)
    other.journal.mkdir()
    assert same_as_list(shelf.read(), tmp_path)
    shutil.rmtree(one.path)
    assert [run.summary.state for run in shelf.read()] == ["unknown"]


def test_runs_of_other_versions_and_names_are_listed(tmp_path: Path) -> None:
    long = RunFolder(tmp_path / "runs" / ("ü" * 100 + "-7"))
    long.path.mkdir(parents=True)
    (long.path / "net.net").write_text("?")
    long.journal.write_text(
        '{"event":"start","net":"x","colour":"red"}\n{"event":"dance"}\n{"event":"step","step":1}\n'
    )
    (run,) = Catalogue(tmp_path).read()
    assert (run.summary.state, run.overview) == ("lost", None)
    assert Catalogue(tmp_path / "none").read() == []
