"""Several starts, sockets and folders left behind, renamed or removed, and a clock that is set back."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from tests.conftest import start_worker
from tests.faults.conftest import TEXT, Begin
from tests.faults.waiting import steps, until
from tuicnn.errors import UserError
from tuicnn.runs.creation import create_run
from tuicnn.runs.finding import find_run, list_runs
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.log import last_words
from tuicnn.runs.origin import Origin
from tuicnn.runs.status import summary
from tuicnn.training.options import Options
from tuicnn.training.progress import Progress
from tuicnn.worker.address import address_for, socket_places
from tuicnn.worker.client import RemoteFeed
from tuicnn.worker.launch import start
from tuicnn.worker.stopping import stop as stop_run

#: a worker in whose first second the wall clock is set back by a year
CLOCK = """
import runpy, sys, time
real, began = time.time, time.monotonic()
time.time = lambda: real() - (365 * 86400 if time.monotonic() > began + 1 else 0)
runpy.run_module("tuicnn.worker", run_name="__main__", alter_sys=True)
"""


def progress_of(folder: RunFolder) -> Progress:
    """What a screen would be told."""

    async def ask() -> Progress:
        feed = await RemoteFeed.connect(folder)
        poll = await feed.poll(0, 0)
        await feed.close()
        return poll.progress

    return asyncio.run(ask())


def test_of_several_starts_one_trains(tmp_path: Path) -> None:
    folder = create_run(tmp_path, "tiny", TEXT)
    Origin(options=Options(epochs=100_000, threads=1)).keep(folder)
    command = [sys.executable, "-m", "tuicnn.worker", str(folder.path)]
    started = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    try:
        until(lambda: sum(process.poll() is not None for process in started) == 2)
        refused = [process for process in started if process.poll() is not None]
        for process in refused:
            assert process.returncode == 1
            assert process.stderr is not None
            assert re.search(r"has its process already; watch it with: tuicnn", process.stderr.read())
        steps(folder, 20)
        with pytest.raises(UserError, match="has its process already"):
            start(folder)
        assert not folder.log.exists()  # nobody wrote into a log that is not theirs
        stop_run(folder, 30)
        assert start(folder).wait(30) == 1
        assert "has been trained already (stopped" in last_words(folder.log)
    finally:
        for process in started:
            process.kill()
            process.communicate()


def test_what_a_killed_process_left_behind_is_seen_for_what_it_is(begin: Begin, runtime: Path) -> None:
    folder, worker = begin()
    worker.kill()
    worker.wait()
    socket = address_for(folder.path)
    assert socket.exists()
    assert folder.holder is None
    assert summary(folder).state == "lost"
    with pytest.raises(UserError, match=r"tiny-1 is not running \(lost"):
        stop_run(folder)
    again = start_worker(folder, Options(epochs=100_000, threads=1), resume=True)
    try:
        steps(folder, 20)
        assert progress_of(folder).step > 0
        assert [path.name for path in (runtime / "tuicnn").iterdir()] == [socket.name]
        stop_run(folder, 30)
        assert again.wait(30) == 0
    finally:
        again.kill()
        again.wait()
    assert not socket.exists()


def test_a_run_whose_folder_is_renamed_is_found_and_keeps_its_files(begin: Begin, tmp_path: Path) -> None:
    folder, worker = begin()
    best = RunFolder(folder.path.rename(tmp_path / "runs/best"))
    other, second = begin()  # takes the name and the place that are free now
    assert other.path == folder.path
    assert progress_of(find_run("best", tmp_path)).step != progress_of(find_run("tiny-1", tmp_path)).step
    stop_run(best, 30)
    assert worker.wait(30) == 0
    assert summary(best).state == "stopped"
    assert load_file(best.weights)
    assert second.poll() is None


def test_a_run_whose_folder_is_removed_ends(begin: Begin) -> None:
    folder, worker = begin()
    socket = address_for(folder.path)

    def removed() -> bool:
        shutil.rmtree(folder.path, ignore_errors=True)  # something may be written into it meanwhile
        return not folder.path.exists()

    until(removed)
    assert worker.wait(30) == 0
    assert not folder.path.exists()
    assert not socket.exists()


def test_files_that_are_removed_under_a_run_are_made_anew(begin: Begin) -> None:
    folder, process = begin()
    (folder.path / "lock").unlink()
    folder.journal.unlink()
    with pytest.raises(UserError, match="has its process already"):
        start(folder, resume=True)
    until(lambda: folder.holder is not None)
    steps(folder, 20)
    stop_run(folder, 30)
    assert process.wait(30) == 0
    run = summary(folder)
    assert (run.state, run.damaged) == ("stopped", 0)
    assert run.saved


def test_a_clock_that_is_set_back_changes_no_more_than_what_it_shows(tmp_path: Path) -> None:
    first = create_run(tmp_path, "tiny", TEXT.replace("batch=20", "batch=20 checkpoint=1s"))
    Origin(options=Options(epochs=100_000, threads=1)).keep(first)
    command = [sys.executable, "-c", CLOCK, str(first.path)]
    with subprocess.Popen(command) as worker:
        try:
            until(lambda: (first.path / "checkpoints").is_dir() and any((first.path / "checkpoints").iterdir()))
            steps(first, 100)
            newest = max((first.path / "checkpoints").iterdir(), key=lambda path: path.name)
            steps(first, 100)
            until(lambda: max((first.path / "checkpoints").iterdir(), key=lambda path: path.name) != newest)
            now = progress_of(first)
            assert 0 < now.seconds < 600
            assert now.images_per_second > 0
            assert now.eta > 0
            # the newest run is the newest, whatever the clock said when it began
            second = create_run(tmp_path, "tiny", TEXT)
            assert [run.name for run in list_runs(tmp_path)] == ["tiny-1", "tiny-2"]
            assert second.number == 2
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(30) == 0
        finally:
            worker.kill()
    assert summary(first).state == "stopped"


def test_a_run_on_another_machine_is_told_so(tmp_path: Path) -> None:
    folder = create_run(tmp_path, "tiny", TEXT)
    with folder.lock() as lock:
        lock.note(socket_places(folder.path)[0] if socket_places(folder.path) else tmp_path / "none.sock")
        note = (folder.path / "lock").read_text()
        here = folder.holder
        assert here is not None
        (folder.path / "lock").write_text(note.replace(f'"{here.host}"', '"node7"'))
        with pytest.raises(UserError, match="tiny-1 runs on the machine node7, and can be watched"):
            stop_run(folder)
