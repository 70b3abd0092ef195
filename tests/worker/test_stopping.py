"""A run is ended by another process, and never another run than the one that is meant."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.worker.pretend import PretendRun
from tuicnn.errors import UserError
from tuicnn.runs.creation import create_run
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.journal import Journal
from tuicnn.training.events import End, State
from tuicnn.worker.address import address_for
from tuicnn.worker.client import RemoteFeed
from tuicnn.worker.feed import WorkerGone
from tuicnn.worker.server import Server
from tuicnn.worker.stopping import discard, stop


@pytest.fixture
def obedient(folder: RunFolder, run: PretendRun) -> Iterator[threading.Thread]:
    """A process that ends when it is asked to, in a thread."""
    lock = folder.lock()
    server = Server(run, lock.identity, lambda: address_for(folder.path))

    def live() -> None:
        end = time.monotonic() + 10
        while not run.asked and time.monotonic() < end:
            time.sleep(0.005)
        if run.asked == ["stop"]:
            journal = Journal(folder.journal)
            journal.append(End(State.STOPPED))
            journal.close()
        server.close()
        lock.release()

    thread = threading.Thread(target=live)
    thread.start()
    yield thread
    run.asked.append("stop")
    thread.join()


def test_stopping_waits_for_the_end(obedient: threading.Thread, folder: RunFolder, run: PretendRun) -> None:
    stop(folder, timeout=5)
    assert run.asked == ["stop"]
    assert not folder.alive
    with pytest.raises(UserError, match=r"tiny-1 is not running \(stopped\)"):
        stop(folder)


def test_what_is_discarded_is_ended_first(obedient: threading.Thread, folder: RunFolder, run: PretendRun) -> None:
    discard(folder, timeout=5)
    assert run.asked == ["discard"]
    assert not folder.path.exists()


def test_a_run_without_a_process_is_discarded_at_once(folder: RunFolder) -> None:
    (folder.path / "mine.txt").touch()
    discard(folder)
    assert [path.name for path in folder.path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("act", [stop, discard])
def test_what_does_not_answer_or_does_not_end_is_a_sentence(
    folder: RunFolder, run: PretendRun, act: Callable[[RunFolder, float], None]
) -> None:
    with folder.lock() as lock:
        with pytest.raises(UserError, match="does not answer"):
            act(folder, 0.2)
        server = Server(run, lock.identity, lambda: address_for(folder.path))
        with pytest.raises(UserError, match="was asked to end, and has not yet"):
            act(folder, 0.3)
        server.close()
    assert folder.holds_a_run


# --- never another run ----------------------------------------------------------------------------------------------


@pytest.fixture
def original(folder: RunFolder, run: PretendRun) -> Iterator[Path]:
    """A live run; the path of its socket."""
    with folder.lock() as lock:
        path = address_for(folder.path)
        lock.note(path)
        server = Server(run, lock.identity, lambda: path)
        yield path
        server.close()


async def end_and_watch(copy: RunFolder) -> None:
    """Try whatever one may do with a run that has a process, or is taken to have one."""
    for act in (stop, discard):
        with contextlib.suppress(UserError):
            await asyncio.to_thread(act, copy, 0.3)
    with contextlib.suppress(WorkerGone):
        feed = await RemoteFeed.connect(copy, timeout=0.3)
        await feed.act("stop")
        pytest.fail("another run's process did what was asked")


async def test_a_copy_whose_process_is_just_starting_is_not_taken_for_the_original(
    original: Path, folder: RunFolder, run: PretendRun
) -> None:
    copy = RunFolder(Path(shutil.copytree(folder.path, folder.path.with_name("copy"))))
    with copy.lock() as lock:
        await end_and_watch(copy)
        its = PretendRun()
        server = await asyncio.to_thread(Server, its, lock.identity, lambda: address_for(copy.path))
        feed = await RemoteFeed.connect(copy, timeout=5)
        await feed.act("pause")
        await feed.close()
        await asyncio.to_thread(server.close)
    assert (run.asked, its.asked) == ([], ["pause"])


async def test_a_copy_of_hard_links_is_not_taken_for_the_original(
    original: Path, folder: RunFolder, run: PretendRun
) -> None:
    copy = RunFolder(Path(shutil.copytree(folder.path, folder.path.with_name("copy"), copy_function=os.link)))
    assert folder.alive
    assert not copy.alive
    with pytest.raises(UserError, match=r"hard links to those of a run that is being trained\. Copy that"):
        copy.lock()  # it would write into the original's files
    await end_and_watch(copy)
    assert run.asked == []


async def test_a_note_that_names_another_runs_socket_leads_to_nobody(
    original: Path, folder: RunFolder, run: PretendRun, tmp_path: Path
) -> None:
    other = create_run(tmp_path, "other", "dense 10\n")
    with other.lock() as lock:
        lock.note(original)
        assert other.holder is not None
        assert other.holder.socket == original
        await end_and_watch(other)
    assert run.asked == []
