"""A real process that trains a tiny network on MNIST: what happens to its viewers, its terminal and its folder."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.conftest import start_worker
from tests.faults.conftest import FOR_EVER, TEXT, Begin
from tests.faults.waiting import steps
from tests.runs.small import kinds, of, read_journal
from tuicnn.observing.activations import AskActivations
from tuicnn.observing.image import PinnedImage
from tuicnn.runs.creation import create_run
from tuicnn.runs.finding import find_run
from tuicnn.runs.status import summary
from tuicnn.training import events as happened
from tuicnn.training.events import State
from tuicnn.training.options import Options
from tuicnn.worker.client import RemoteFeed
from tuicnn.worker.feed import WorkerGone
from tuicnn.worker.stopping import stop as stop_run


async def steps_beyond(feed: RemoteFeed, step: int) -> int:
    """The step of a run, as soon as it is beyond some step."""
    async with asyncio.timeout(20):
        while (now := (await feed.poll(0, 0)).progress.step) <= step:
            await asyncio.sleep(0.01)
    return now


async def ended(process: subprocess.Popen[bytes], seconds: float = 10) -> int:
    """The exit code of a process that must end by itself."""
    async with asyncio.timeout(seconds):
        while (code := process.poll()) is None:
            await asyncio.sleep(0.01)
    return code


async def test_a_run_to_its_end(begin: Begin) -> None:
    folder, process = begin(Options(epochs=2, threads=1), wait=False)
    feed = await RemoteFeed.connect(folder, process=process)
    overview = await feed.overview()
    assert (overview.net, overview.epochs, overview.run, overview.pid) == ("tiny", 2, str(folder.path), process.pid)
    async with asyncio.timeout(20):
        while not (poll := await feed.poll(0, 0)).progress.state.final:
            await asyncio.sleep(0.02)
    assert poll.progress.state is State.DONE
    assert 0 <= poll.progress.test_accuracy <= 1
    assert len(poll.history.losses) == 10
    assert len(poll.history.epochs) == 2
    # the result stays, and can be looked into
    seen = await feed.ask(AskActivations(1, PinnedImage(-1)))
    assert (seen.sample, seen.samples, seen.maps.shape) == (49, 50, (10,))
    events = read_journal(folder.journal).events
    assert kinds(events) == ["start", *["step"] * 5, "epoch", *["step"] * 5, "epoch", "end"]
    assert of(events, happened.Start)[0].versions["numpy"] == np.__version__
    assert summary(folder).state == "done"
    assert folder.alive
    assert load_file(folder.weights)
    await feed.act("stop")
    await feed.close()
    assert await ended(process) == 0


async def test_no_terminal_reaches_it_and_who_comes_back_sees_its_whole_history(begin: Begin, tmp_path: Path) -> None:
    folder, process = begin()
    assert os.getsid(process.pid) == process.pid
    process.send_signal(signal.SIGHUP)
    await asyncio.to_thread(steps, folder, 100)
    feed = await RemoteFeed.connect(find_run(None, tmp_path))
    poll = await feed.poll(0, 0)
    assert len(poll.history.losses) * poll.history.stride >= poll.progress.step > 20
    await feed.close()


SETTINGS = "data: mnist val=50 limit=100\nloss: mse\noptim: sgd lr=8\nschedule: constant\ntrain: batch=20\n"
HOT = f"{SETTINGS}flatten -> dense 10\n"


async def test_a_run_that_diverges_waits_and_each_screen_may_halve_its_rate(begin: Begin) -> None:
    folder, process = begin(text=HOT, wait=False)
    one, other = [await RemoteFeed.connect(folder, process=process) for _ in range(2)]
    async with asyncio.timeout(20):
        while not (now := (await one.poll(0, 0)).progress).diverged or now.state is not State.PAUSED:
            await asyncio.sleep(0.01)
        assert now.diverged is not None
        for _ in range(10):
            await one.act("halve-rate")
        await other.act("double-rate")
        while (seen := (await other.poll(0, 0)).progress).learning_rate != 8 / 2**9:
            await asyncio.sleep(0.01)
    assert (seen.state, seen.step, seen.diverged) == (State.PAUSED, now.step, now.diverged)
    assert now.diverged.sentence in folder.log.read_text()
    await other.act("resume")
    await steps_beyond(one, now.step + 300)
    assert (await one.poll(0, 0)).progress.diverged is None
    for feed in (one, other):
        await feed.close()


async def test_a_worker_may_be_told_to_stop_where_it_diverges(begin: Begin) -> None:
    folder, process = begin(Options(epochs=100_000, threads=1, on_nan="stop"), text=HOT, wait=False)
    feed = await RemoteFeed.connect(folder, process=process)
    async with asyncio.timeout(20):
        while (now := (await feed.poll(0, 0)).progress).state is not State.DIVERGED:
            await asyncio.sleep(0.01)
    assert "smaller learning rate than 8" in now.message
    await feed.act("stop")
    await feed.close()
    assert await ended(process) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_run_in_order(begin: Begin, number: signal.Signals) -> None:
    folder, process = begin()
    feed = await RemoteFeed.connect(folder)
    if number == signal.SIGINT:
        await feed.act("pause")
    process.send_signal(number)
    assert await ended(process) == 0
    assert (summary(folder).state, summary(folder).alive) == ("stopped", False)
    assert all(np.isfinite(array).all() for array in load_file(folder.weights).values())
    with pytest.raises(WorkerGone, match=r"has ended \(stopped"):
        await feed.poll(0, 0)
    await feed.close()


async def test_ctrl_c_in_the_moment_of_its_start_is_not_for_the_process(tmp_path: Path) -> None:
    # the signal comes after the fork and before the session of its own: it waits in the process that becomes ours
    waits = "import os, signal, sys; signal.raise_signal(signal.SIGINT); os.execv(sys.argv[1], sys.argv[1:])"
    folder = create_run(tmp_path, "tiny", TEXT)
    process = start_worker(folder, FOR_EVER, through=(sys.executable, "-c", waits))
    try:
        feed = await RemoteFeed.connect(folder, process=process)
        await steps_beyond(feed, 10)
        await feed.close()
        process.send_signal(signal.SIGINT)  # and this one is
        assert await ended(process) == 0
    finally:
        process.kill()
        process.wait()


async def test_stopping_by_command_while_somebody_watches(begin: Begin) -> None:
    folder, process = begin()
    feed = await RemoteFeed.connect(folder)
    await asyncio.to_thread(stop_run, folder, 20)
    assert (await feed.poll(0, 0)).progress.state is State.STOPPED  # the screen keeps its result
    assert load_file(folder.weights)
    await feed.close()
    assert await ended(process) == 0


async def test_a_net_that_is_broken_ends_in_a_sentence(begin: Begin) -> None:
    folder, process = begin(text="convv 8 -> dense 10\n", wait=False)
    with pytest.raises(WorkerGone, match=r"has ended \(failed\): The net of the run tiny-1 has a problem: "):
        await RemoteFeed.connect(folder, process=process)
    assert await ended(process) == 1
    assert "Traceback" not in folder.log.read_text()


def test_files_of_the_working_folder_are_not_imported(
    begin: Begin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    root = str(Path(__file__).parents[2])
    monkeypatch.setenv("PYTHONPATH", os.environ.get("PYTHONPATH", root).replace(".", root) or root)
    for name in ("numpy", "random", "tuicnn"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the working folder')")
    begin()
