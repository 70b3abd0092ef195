"""A real process that trains a tiny network on MNIST: what happens to its viewers, its terminal and its folder."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.conftest import start_worker
from tests.runs.small import kinds, of, read_journal
from tuicnn.errors import UserError
from tuicnn.observing.activations import AskActivations
from tuicnn.runs.finding import find_run
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.log import last_words
from tuicnn.runs.status import summary
from tuicnn.training import events as happened
from tuicnn.training.events import State
from tuicnn.training.options import Options
from tuicnn.worker.client import RemoteFeed
from tuicnn.worker.feed import WorkerGone
from tuicnn.worker.launch import start
from tuicnn.worker.stopping import stop as stop_run

TEXT = "data: mnist val=50 limit=100\ntrain: batch=20\nflatten -> dense 10\n"
FOR_EVER = Options(epochs=100_000, threads=1)
SHORT = Options(epochs=2, threads=1)

Start = Callable[..., tuple[RunFolder, "subprocess.Popen[bytes]"]]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Start]:
    """Starts workers, and sees to it that none is left."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(options: Options = FOR_EVER, text: str = TEXT) -> tuple[RunFolder, subprocess.Popen[bytes]]:
        folder = RunFolder.create(tmp_path, "tiny", text)
        process = start_worker(folder, options, tmp_path / "tiny.net")
        started.append(process)
        return folder, process

    yield begin
    for process in started:
        process.kill()
        process.wait(10)


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


async def data_read(feed: RemoteFeed) -> None:
    """Wait until the run has read its data."""
    while not (await feed.overview()).complete:
        await asyncio.sleep(0.02)


async def test_a_run_to_its_end(begin: Start) -> None:
    folder, process = begin(SHORT)
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
    seen = await feed.ask(AskActivations(1, -1))
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


async def test_training_goes_on_without_its_viewers(begin: Start, tmp_path: Path) -> None:
    folder, process = begin()
    viewer = (
        "import asyncio, sys; from pathlib import Path; from tuicnn.worker.client import RemoteFeed\n"
        "from tuicnn.runs.folder import RunFolder\n"
        "from tuicnn.observing.activations import AskActivations\n"
        "async def main():\n"
        "    feed = await RemoteFeed.connect(RunFolder(Path(sys.argv[1])))\n"
        "    print((await feed.overview()).net, flush=True)\n"
        "    while True: await asyncio.gather(feed.poll(0, 0), feed.ask(AskActivations(0, 1)))\n"
        "asyncio.run(main())"
    )
    feed = await RemoteFeed.connect(folder, process=process)
    with subprocess.Popen([sys.executable, "-c", viewer, folder.path], stdout=subprocess.PIPE) as killed:
        try:
            assert killed.stdout is not None
            await asyncio.to_thread(killed.stdout.readline)
            step = await steps_beyond(feed, 0)
            killed.send_signal(signal.SIGSTOP)
            step = await steps_beyond(feed, step + 100)
        finally:
            killed.kill()
    step = await steps_beyond(feed, step + 100)
    await feed.close()
    os.kill(process.pid, signal.SIGHUP)
    again = await RemoteFeed.connect(find_run(None, tmp_path))
    assert len((await again.poll(0, 0)).history.losses) >= step  # the whole history
    await steps_beyond(again, step + 100)
    await again.close()
    assert os.getsid(process.pid) == process.pid  # no terminal can reach it


async def test_pause_step_resume(begin: Start) -> None:
    folder, process = begin()
    feed = await RemoteFeed.connect(folder, process=process)
    await steps_beyond(feed, 0)
    await feed.act("pause")
    async with asyncio.timeout(5):
        while (paused := (await feed.poll(0, 0)).progress).state is not State.PAUSED:
            await asyncio.sleep(0.01)
    await feed.act("step")
    assert await steps_beyond(feed, paused.step) == paused.step + 1
    assert (await feed.ask(AskActivations(0, 0))).step == paused.step + 1
    await feed.act("resume")
    await steps_beyond(feed, paused.step + 50)
    await feed.close()


HOT = "data: mnist val=50 limit=100\nloss: mse\noptim: sgd lr=8\ntrain: batch=20\nflatten -> dense 10\n"


async def test_a_run_that_diverges_waits_and_each_screen_may_halve_its_rate(begin: Start) -> None:
    folder, process = begin(text=HOT)
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


async def test_a_worker_may_be_told_to_stop_where_it_diverges(begin: Start) -> None:
    folder, process = begin(Options(epochs=100_000, threads=1, on_nan="stop"), HOT)
    feed = await RemoteFeed.connect(folder, process=process)
    async with asyncio.timeout(20):
        while (now := (await feed.poll(0, 0)).progress).state is not State.DIVERGED:
            await asyncio.sleep(0.01)
    assert "smaller learning rate than 8" in now.message
    await feed.act("stop")
    await feed.close()
    assert await ended(process) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_run_in_order(begin: Start, number: signal.Signals) -> None:
    folder, process = begin()
    feed = await RemoteFeed.connect(folder, process=process)
    await steps_beyond(feed, 10)
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
    folder = RunFolder.create(tmp_path, "tiny", TEXT)
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


async def test_stopping_by_command_while_somebody_watches(begin: Start) -> None:
    folder, process = begin()
    feed = await RemoteFeed.connect(folder, process=process)
    await steps_beyond(feed, 10)
    await asyncio.to_thread(stop_run, folder, 20)
    assert (await feed.poll(0, 0)).progress.state is State.STOPPED  # the screen keeps its result
    assert load_file(folder.weights)
    await feed.close()
    assert await ended(process) == 0


async def test_a_killed_process_leaves_a_lost_run(begin: Start) -> None:
    folder, process = begin()
    feed = await RemoteFeed.connect(folder, process=process)
    await steps_beyond(feed, 10)
    process.kill()
    process.wait(5)
    with pytest.raises(WorkerGone, match=r"is gone; .*it was killed; its log does not say why"):
        await feed.poll(0, 0)
    assert (summary(folder).state, summary(folder).alive) == ("lost", False)
    with pytest.raises(WorkerGone, match=r"is gone; .*it was killed; its log does not say why"):
        await RemoteFeed.connect(folder)
    await feed.close()


async def test_a_second_start_on_the_same_run_is_refused(begin: Start) -> None:
    folder, process = begin()
    feed = await RemoteFeed.connect(folder, process=process)
    await steps_beyond(feed, 0)
    log = folder.log.read_bytes()
    with pytest.raises(UserError, match=r"its process already \(alive.*\); watch it with: tuicnn attach \S+tiny-1$"):
        start(folder)
    by_hand = subprocess.run([sys.executable, "-m", "tuicnn.worker", folder.path], capture_output=True, text=True)
    assert by_hand.returncode == 1
    assert re.search(r"^The run tiny-1 has its process already \(alive.*\n$", by_hand.stderr)
    assert folder.log.read_bytes() == log
    await steps_beyond(feed, 100)
    await feed.close()
    await asyncio.to_thread(stop_run, folder, 20)
    third = start(folder)
    assert await ended(third) == 1
    assert "has been trained already (stopped" in last_words(folder.log)


async def test_discarding(begin: Start, runtime: Path) -> None:
    folder, process = begin()
    feed = await RemoteFeed.connect(folder, process=process)
    await steps_beyond(feed, 0)
    await feed.act("discard")
    assert await ended(process) == 0
    assert not folder.path.exists()
    assert list((runtime / "tuicnn").iterdir()) == []
    with pytest.raises(WorkerGone, match="was discarded"):
        await feed.poll(0, 0)
    await feed.close()


async def test_a_net_that_is_broken_ends_in_a_sentence(begin: Start) -> None:
    folder, process = begin(text="convv 8 -> dense 10\n")
    with pytest.raises(WorkerGone, match=r"has ended \(failed\): The net of the run tiny-1 cannot be trained: "):
        await RemoteFeed.connect(folder, process=process)
    assert await ended(process) == 1
    assert "Traceback" not in folder.log.read_text()


async def test_data_that_is_not_there_ends_in_a_sentence(
    begin: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TUICNN_DATA", str(tmp_path / "none"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    folder, process = begin(text="data: cifar10\nflatten -> dense 10\n")
    feed = await RemoteFeed.connect(folder, process=process)
    with pytest.raises(WorkerGone, match=r"(?i)cifar"):
        await data_read(feed)
    await feed.close()
    assert summary(folder).state == "failed"
    assert "Traceback" not in folder.log.read_text()


async def test_files_of_the_working_folder_are_not_imported(
    begin: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    root = str(Path(__file__).parents[2])
    monkeypatch.setenv("PYTHONPATH", os.environ.get("PYTHONPATH", root).replace(".", root) or root)
    for name in ("numpy", "random", "tuicnn"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the working folder')")
    folder, process = begin()
    feed = await RemoteFeed.connect(folder, process=process)
    await steps_beyond(feed, 0)
    await feed.close()
