"""A run that has ended or was lost opens in the same views; another run is opened in its place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.runs.small import a_run, stop_after, train
from tests.tui.pictures import showing
from tests.worker.fake_feed import FakeFeed
from tuicnn.display.terminal import TerminalProfile
from tuicnn.observing.activations import AskActivations
from tuicnn.runs.folder import RunFolder
from tuicnn.training.options import Options
from tuicnn.tui import runs_app
from tuicnn.tui.app import TrainApp


@pytest.fixture
def done(tmp_path: Path) -> RunFolder:
    """A run that has come to its end."""
    folder = a_run(tmp_path)
    train(folder)
    return folder


@pytest.fixture
def lost(tmp_path: Path) -> RunFolder:
    """A run whose process was killed in its second epoch."""
    folder = a_run(tmp_path)
    train(folder, report=stop_after(4))
    journal = folder.journal.read_bytes().splitlines(keepends=True)
    folder.journal.write_bytes(b"".join(line for line in journal if b'"event":"end"' not in line))
    return folder


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said stays until it is read, on a busy machine too."""
    monkeypatch.setattr("tuicnn.tui.screens.view.NOTICE_SECONDS", 60.0)


def of(folder: RunFolder) -> TrainApp:
    return TrainApp.of_run(folder, TerminalProfile())


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_a_run_that_is_done_stands_as_it_ended_and_is_left_without_a_question(
    done: RunFolder, size: tuple[int, int]
) -> None:
    async with showing(of(done), size) as screen:
        await screen.sees(" DONE ", "of the 12 test images are right", "conv 3 3x3")
        await screen.sees("train 5 more", line=-1)
        assert "pause" not in screen.lines[-1]
        await screen.press("space", "s", "minus", "w")
        await screen.until(lambda: "the run has ended" in screen.text)
        await screen.press("q")
        assert (await screen.leaves()).choice == "ended"


async def test_what_a_network_makes_of_an_image_is_there_without_its_process(done: RunFolder) -> None:
    async with showing(of(done), (120, 40)) as screen:
        await screen.sees("says ")
        shutil.rmtree(done.checkpoints.path)
        await screen.press("n")
        await screen.until(lambda: (seen := screen.app.watcher.snapshot.answer(AskActivations)) and seen.sample == 1)


async def test_data_that_is_not_here_is_told_and_the_curves_stay(done: RunFolder) -> None:
    (done.path.parent.parent / "d.npz").unlink()
    async with showing(of(done), (120, 40)) as screen:
        await screen.sees(" DONE ", "The data of the run small-1")


def resumed(monkeypatch: pytest.MonkeyPatch) -> list[Options]:
    """What a run is resumed with; it is trained here and now."""
    asked: list[Options] = []

    def resume(folder: RunFolder, options: Options) -> tuple[None, str]:
        asked.append(options)
        train(folder, resume=True, options=options)
        return None, "It went on."

    monkeypatch.setattr(runs_app, "resume_in_background", resume)
    return asked


async def test_a_lost_run_is_resumed_by_one_key_and_asked_once(
    lost: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = resumed(monkeypatch)
    async with showing(of(lost)) as screen:
        await screen.sees(" LOST ", "gone after step 4 of 6", "r resume")
        await screen.press("r")
        await screen.sees("Resume small-1 from its newest checkpoint?")
        await screen.press("escape", "r")
        await screen.sees("Resume small-1")
        assert not asked
        await screen.press("y")
        await screen.sees(" DONE ")
        assert asked == [Options()]
        await screen.sees("It went on.")


async def test_a_run_that_is_done_is_trained_longer(done: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = resumed(monkeypatch)
    async with showing(of(done)) as screen:
        await screen.sees("train 5 more", line=-1)
        await screen.press("r")
        await screen.sees("It then has 7")
        await screen.press("enter")
        await screen.until(lambda: screen.app.watcher.snapshot.progress.epoch == 7)
        assert asked == [Options(epochs=7)]


async def test_what_keeps_a_run_from_going_on_is_said(done: RunFolder) -> None:
    async with showing(of(done)) as screen:
        await screen.sees(" DONE ")
        (done.path / "net.net").write_text("conv 3 3x3 -> flatten -> dens 3\n")
        await screen.press("r", "y")
        await screen.sees("has a problem")
        await screen.sees(" DONE ")


async def test_another_run_is_opened_in_the_place_of_one_that_goes_on(done: RunFolder, feed: FakeFeed) -> None:
    async with showing(feed, (120, 40)) as screen:
        await screen.sees("conv 16 3x3")
        await screen.press("n", "down")
        await screen.app.open_run(done)
        await screen.sees("mnist goes on in the background")
        await screen.sees("small-1", " DONE ", "conv 3 3x3")
        assert "conv 16 3x3" not in screen.text
        assert feed.asked["close"] == 1
        assert feed.acted == []
        feed.advance(100)
        await screen.pause(0.3)
        assert "conv 16 3x3" not in screen.text


async def test_a_run_that_was_removed_is_told(done: RunFolder) -> None:
    shutil.rmtree(done.path)
    async with showing(of(done)) as screen:
        await screen.sees("was discarded, or its folder moved")
