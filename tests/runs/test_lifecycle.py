"""A run's life as functions: they give a run that a process may train, or a sentence; they print and exit nowhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import end_all
from tests.runs.small import NET, checkpoint_of, kinds, made_data, read_journal, same, stop_after, train
from tuicnn.errors import UserError
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.origin import Origin
from tuicnn.runs.prepared import NetFile, PreparedRun, begin
from tuicnn.runs.resume_point import resume_state
from tuicnn.runs.resuming import resume
from tuicnn.runs.status import summary
from tuicnn.runs.warm import warm
from tuicnn.training.events import Event
from tuicnn.training.options import Options
from tuicnn.worker.launch import start_and_wait
from tuicnn.worker.runner import Run
from tuicnn.worker.stopping import discard, stop


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which runs are begun: the data is in it, the net in a folder of its own."""
    folder = tmp_path / "work"
    (folder / "nets").mkdir(parents=True)
    made_data(folder)
    (folder / "nets" / "my.net").write_text(NET.format(data="d.npz", optim="optim: adam lr=0.01"))
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def net(work: Path) -> Path:
    return work / "nets" / "my.net"


@pytest.fixture
def stopped(net: Path) -> RunFolder:
    """A run that was stopped after its fourth step."""
    prepared = begin(NetFile.read(net), Options(threads=1))
    run(prepared, stop_after(4))
    return prepared.folder


def run(prepared: PreparedRun, report: Callable[[Run, Event], None] = lambda run, event: None) -> None:
    """Train a prepared run in this process."""
    with prepared.folder.lock() as lock:
        past = resume_state(prepared, "stop", lambda line: None)
        made = Run(prepared, "stop", past, lock=lock, report=lambda event: report(made, event))
        made.train()
        made.close()


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "runtime"
    path.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(path))
    yield path
    end_all(path)


def test_from_its_beginning_to_its_end(
    net: Path, runtime: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = NetFile.read(net)
    first = begin(file, Options(epochs=100_000, threads=1)).folder
    process, begun = start_and_wait(first)
    assert begun
    monkeypatch.chdir(tmp_path)  # wherever one is, the run goes on where it was
    stop(first)
    assert (summary(first).state, process.wait(20)) == ("stopped", 0)
    process, begun = start_and_wait(resume(first).folder, resume=True)
    assert begun
    with pytest.raises(UserError, match="has its process already"):
        resume(first)
    second = warm(first, file, Options(epochs=1), folder=tmp_path / "second").folder
    stop(first)
    assert process.wait(20) == 0
    assert kinds(read_journal(first.journal, steps=False).events)[0] == "start"
    assert kinds(read_journal(second.journal).events) == ["warm"]
    for folder in (first, second):
        discard(folder)
        assert not folder.path.exists()
    assert Path.cwd() == tmp_path


@pytest.mark.parametrize("removed", [False, True])
def test_data_is_found_from_where_the_run_began(
    stopped: RunFolder, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, removed: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    if removed:
        (work / "nets" / "my.net").unlink()
        (work / "nets").rmdir()
    away = (work / "d.npz").rename(tmp_path / "away.npz")
    with pytest.raises(UserError, match=r"d\.npz"):
        resume(stopped)
    away.rename(work / "d.npz")
    run(resume(stopped))
    assert summary(stopped).state == "done"


def test_a_net_that_cannot_be_trained_makes_no_folder(net: Path, work: Path) -> None:
    net.write_text("dens 3 -> rellu\n")
    with pytest.raises(UserError, match=r"(?s)dens.*rellu"):  # every problem
        begin(NetFile.read(net))
    net.write_text('data: npz "gone.npz"\ninput: 1x8x8\ndense 3\n')
    with pytest.raises(UserError, match=r"gone\.npz"):
        begin(NetFile.read(net))
    with pytest.raises(UserError, match="there is no file"):
        begin(NetFile.read(work / "none.net"))
    assert not (work / "runs").exists()


def test_options_of_the_beginning_are_kept_and_some_may_change(stopped: RunFolder) -> None:
    for given in (Options(batch=7), Options(seed=7), Options(limit=7)):
        with pytest.raises(UserError, match="belongs to the beginning of a run"):
            resume(stopped, given)
    run(resume(stopped, Options(epochs=3)))
    assert Origin.of(stopped).options == Options(epochs=3, threads=1)
    assert summary(stopped).epochs_planned == 3


def test_of_damage_each_file_is_told_in_a_line(stopped: RunFolder) -> None:
    newest = stopped.checkpoints.file(4)
    newest.write_bytes(newest.read_bytes()[:-1])
    stopped.journal.write_bytes(stopped.journal.read_bytes().replace(b'"event":"epoch"', b'"event":"epoch', 1))
    (stopped.path / "net.net").unlink()
    said: list[str] = []
    run(resume(stopped, say=said.append))
    assert re.search(r"net\.net was not there; it was written anew from the checkpoint after step 3", " ".join(said))
    assert sum(str(newest) in line for line in said) == 2  # for the text, and for the run
    assert sum("journal.jsonl is damaged: 1 line cannot be read" in line for line in said) == 1
    assert len(said) == 4


def test_where_all_checkpoints_are_damaged_nothing_is_touched(stopped: RunFolder) -> None:
    for path in stopped.checkpoints.path.iterdir():
        path.write_bytes(b"")
    before = {path: path.read_bytes() for path in stopped.path.iterdir() if path.is_file()}
    said: list[str] = []
    with pytest.raises(UserError, match=r"None of the checkpoints in .* can be read.*net\.net"):
        resume(stopped, say=said.append)
    assert len(said) == 2
    assert {path: path.read_bytes() for path in stopped.path.iterdir() if path.is_file()} == before


def test_another_net_is_refused_with_the_difference_and_the_same_in_other_words_is_not(
    stopped: RunFolder, net: Path
) -> None:
    text = net.read_text()
    net.write_text("# a remark\n" + text)
    said: list[str] = []
    assert resume(stopped, net=NetFile.read(net), say=said.append).resumes
    assert said == []
    net.write_text(text.replace("flatten -> dense 3", "flatten -> dense 9 -> dense 3"))
    with pytest.raises(UserError) as refused:
        resume(stopped, net=NetFile.read(net))
    first, *lines = str(refused.value).splitlines()
    assert "is not what the run my-1 trains any more" in first
    assert [line for line in lines if line.startswith("+conv")] == [f"+{net.read_text().splitlines()[-1]}"]
    assert [line for line in lines if line.startswith("-conv")] == [f"-{text.splitlines()[-1]}"]
    run(resume(stopped, say=said.append))  # with the text that it began with
    assert len(said) == 1
    assert "my.net has changed since" in said[0]
    whole = begin(NetFile(net, text, NetFile.read(stopped.path / "net.net").checked), folder=net.parent / "whole")
    train(whole.folder)
    assert same(checkpoint_of(stopped), checkpoint_of(whole.folder))


def test_a_warm_run_is_another_run(stopped: RunFolder, net: Path, work: Path) -> None:
    net.write_text(net.read_text().replace("flatten -> dense 3", "flatten -> dense 9 -> dense 3"))
    said: list[str] = []
    prepared = warm(stopped, NetFile.read(net), Options(epochs=1), say=said.append)
    assert prepared.folder.path == work / "runs" / "my-2"
    assert said == [
        "my-2 begins with the weights of my-1 after step 4. Weights kept: conv1, batchnorm1; new: dense1, dense2."
    ]
    run(prepared)
    assert kinds(read_journal(prepared.folder.journal, steps=False).events) == ["warm", "start", "epoch", "end"]
    assert summary(stopped).state == "stopped"
