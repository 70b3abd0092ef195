"""A run in another process, as the screen and a single command see it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest

from tests.worker.pretend import PretendRun, an_overview
from tuicnn.errors import UserError
from tuicnn.observing.activations import AskActivations
from tuicnn.observing.image import PinnedImage
from tuicnn.observing.layer_stats import AskLayerStats
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.journal import Journal
from tuicnn.runs.lock import identity_of
from tuicnn.training.events import End, State
from tuicnn.training.progress import Progress
from tuicnn.worker import client
from tuicnn.worker.address import address_for
from tuicnn.worker.client import RemoteFeed
from tuicnn.worker.feed import Feed, WorkerGone
from tuicnn.worker.frames import encode
from tuicnn.worker.server import Server


@asynccontextmanager
async def connected(folder: RunFolder) -> AsyncIterator[RemoteFeed]:
    feed = await RemoteFeed.connect(folder, timeout=5)
    try:
        yield feed
    finally:
        await feed.close()


async def test_it_is_a_feed(server: Server, folder: RunFolder) -> None:
    async with connected(folder) as remote:
        feed: Feed = remote
        assert await feed.overview() == an_overview()
        poll = await feed.poll(0, 0)
        assert (poll.progress.steps, len(poll.history.losses)) == (6, 3)
        assert (await feed.ask(AskActivations(0, PinnedImage(12)))).sample == 2
        assert (await feed.ask(AskLayerStats())).step == 4
        assert (await feed.act("pause")).state is State.PAUSED


async def test_an_image_of_ones_own_goes_to_the_run_as_far_as_a_request_may_be_long(
    server: Server, folder: RunFolder
) -> None:
    async with connected(folder) as feed:
        photo = PinnedImage.of(np.zeros((224, 224, 3), np.uint8))
        assert (await feed.ask(AskActivations(0, photo))).sample == 0
        with pytest.raises(UserError, match="The image is too large to be sent to the run's process"):
            await feed.ask(AskActivations(0, PinnedImage.of(np.zeros((512, 512, 3), np.uint8))))


async def test_several_screens_see_what_one_does(server: Server, folder: RunFolder) -> None:
    async with connected(folder) as one, connected(folder) as two:
        await one.act("pause")
        assert (await two.poll(0, 0)).progress.state is State.PAUSED


async def test_many_questions_at_once_get_their_own_answers(server: Server, folder: RunFolder) -> None:
    async with connected(folder) as feed:
        seen = asyncio.gather(*(feed.ask(AskActivations(0, PinnedImage(n))) for n in range(10)))
        polls = asyncio.gather(*(feed.poll(n % 3, 0) for n in range(10)))
        assert [one.sample for one in await seen] == list(range(10))
        assert [poll.history.start for poll in await polls] == [n % 3 for n in range(10)]


async def test_numbers_come_while_a_question_waits(server: Server, folder: RunFolder, run: PretendRun) -> None:
    async with connected(folder) as feed:
        waiting = asyncio.create_task(feed.ask(AskActivations(1)))
        while not run.waiting:
            await asyncio.sleep(0.005)
        await asyncio.wait_for(feed.poll(0, 0), 5)
        assert not waiting.done()
        run.let_answers_go()
        assert (await asyncio.wait_for(waiting, 5)).layer == 1


async def test_a_question_given_up_does_not_spoil_the_next(server: Server, folder: RunFolder, run: PretendRun) -> None:
    async with connected(folder) as feed:
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(feed.ask(AskActivations(1, PinnedImage(5))), 0.05)
            assert (await feed.ask(AskActivations(0, PinnedImage(3)))).layer == 0


async def test_what_cannot_be_seen_is_refused_and_the_feed_lives(server: Server, folder: RunFolder) -> None:
    async with connected(folder) as feed:
        with pytest.raises(UserError, match="There is no layer 7"):
            await feed.ask(AskActivations(7))
        assert (await feed.ask(AskActivations(0))).layer == 0


async def test_data_that_cannot_be_read_ends_the_wait(server: Server, folder: RunFolder, run: PretendRun) -> None:
    run.overview = an_overview(steps_per_epoch=0)
    async with connected(folder) as feed:
        assert not (await feed.overview()).complete
        run.now = Progress(state=State.FAILED, message="There is no data set here.")
        with pytest.raises(WorkerGone, match="There is no data set here"):
            await feed.overview()


async def test_no_answer_in_time_is_a_sentence(
    server: Server, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "BETWEEN_STEPS", 0.05)
    async with connected(folder) as feed:
        with pytest.raises(WorkerGone, match="does not answer"):
            await feed.ask(AskActivations(1))
        assert (await feed.poll(0, 0)).progress.step == 3


async def test_a_connection_that_the_process_let_go_is_made_anew(
    server: Server, folder: RunFolder, run: PretendRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "AGAIN", 0.2)
    async with connected(folder) as feed:
        run.broken = True
        with pytest.raises(WorkerGone):
            await feed.poll(0, 0)
        run.broken = False
        assert (await feed.poll(0, 0)).progress.step == 3


async def test_a_run_whose_process_is_not_there(folder: RunFolder) -> None:
    with pytest.raises(
        WorkerGone,
        match=r"tiny-1 is gone; go on with: tuicnn resume \S+/tiny-1 \(it was killed; its log does not say why",
    ):
        await RemoteFeed.connect(folder)
    folder.log.write_text("Traceback\nKilled by a test\n")
    with pytest.raises(WorkerGone, match=r"is gone; go on with: .*its log ends with: Killed by a test\)"):
        await RemoteFeed.connect(folder)
    journal = Journal(folder.journal)
    journal.append(End(State.FAILED, "No data."))
    journal.close()
    with pytest.raises(WorkerGone, match=r"has ended \(failed\): No data\."):
        await RemoteFeed.connect(folder)
    folder.remove()
    with pytest.raises(WorkerGone, match="tiny-1 was discarded, or its folder moved"):
        await RemoteFeed.connect(folder)


async def test_a_process_that_died_at_its_start_is_noticed_at_once(folder: RunFolder) -> None:
    with (
        folder.log.open("w") as log,
        subprocess.Popen([sys.executable, "-c", "raise SystemExit('no good')"], stderr=log) as process,
        pytest.raises(WorkerGone, match="its log ends with: no good"),
    ):
        await asyncio.wait_for(RemoteFeed.connect(folder, timeout=60, process=process), 10)


async def test_a_process_that_is_just_starting_is_waited_for(folder: RunFolder, run: PretendRun) -> None:
    with folder.lock():
        connecting = asyncio.create_task(RemoteFeed.connect(folder, timeout=10))
        await asyncio.sleep(0.1)
        assert not connecting.done()
        server = await asyncio.to_thread(Server, run, identity_of(folder.path), lambda: address_for(folder.path))
        feed = await asyncio.wait_for(connecting, 5)
        await feed.close()
        await asyncio.to_thread(server.close)


async def test_a_process_that_never_answers_is_given_up(folder: RunFolder) -> None:
    with folder.lock(), pytest.raises(WorkerGone, match="does not answer; its log is "):
        await RemoteFeed.connect(folder, timeout=0.1)


async def test_the_end_of_the_process_is_told(folder: RunFolder, run: PretendRun) -> None:
    lock = folder.lock()
    server = await asyncio.to_thread(Server, run, identity_of(folder.path), lambda: address_for(folder.path))
    async with connected(folder) as feed:
        await feed.poll(0, 0)
        folder.log.write_text("out of memory\n")
        await asyncio.to_thread(server.close)
        lock.release()
        with pytest.raises(WorkerGone, match=r"is gone; .*its log ends with: out of memory"):
            await feed.poll(0, 0)
        with pytest.raises(WorkerGone):
            await feed.act("pause")


async def test_an_answer_of_another_version_is_a_sentence(
    server: Server, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = lambda *a: encode(*a).replace(b'"version":3', b'"version":4')  # noqa: E731
    monkeypatch.setattr("tuicnn.worker.server.encode", newer)
    async with connected(folder) as feed:
        with pytest.raises(WorkerGone, match="version 4, where this tuicnn speaks version 3"):
            await feed.poll(0, 0)


def test_what_starts_a_run_needs_neither_numpy_nor_textual() -> None:
    code = (
        "import sys, tuicnn.worker.launch, tuicnn.worker.address, tuicnn.runs.status, tuicnn.training.options\n"
        "bad = {'numpy', 'textual', 'rich', 'lark', 'asyncio'} & set(sys.modules)\n"
        "raise SystemExit(str(bad) if bad else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stderr) == (0, "")
