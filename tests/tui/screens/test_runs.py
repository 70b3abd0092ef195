"""The Runs view: what a person reads of the runs of a folder, and how another one is opened."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.runs.small import NET, a_run, stop_after, train
from tests.tui.drawn import TERMINALS
from tests.tui.pictures import Picture, showing
from tests.worker.fake_feed import FakeFeed
from tuicnn.display.terminal import TerminalProfile
from tuicnn.runs.creation import create_run
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.prepared import NetFile
from tuicnn.tui.app import TrainApp

Showing = Callable[..., AbstractAsyncContextManager[Picture]]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, whose runs are shown."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tuicnn.tui.screens.view.NOTICE_SECONDS", 60.0)  # on a busy machine too
    return tmp_path


@asynccontextmanager
async def runs(size: tuple[int, int] = (120, 40), terminal: TerminalProfile | None = None) -> AsyncIterator[Picture]:
    """`tuicnn` alone."""
    async with showing(TrainApp(None, terminal or TerminalProfile(), title=""), size) as screen:
        yield screen


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> list[RunFolder]:
    """A run that is done, one that was stopped with other settings, and one with another layer that never began."""
    parent = tmp_path_factory.mktemp("trained")
    done, stopped = a_run(parent), a_run(parent, net=NET.replace("conv 3", "conv 4").replace("batch=20", "batch=10"))
    train(done)
    train(stopped, report=stop_after(4))
    other = create_run(parent, "other", (done.path / "net.net").read_text())
    return [done, stopped, other]


@pytest.fixture
def three(here: Path, trained: list[RunFolder]) -> list[RunFolder]:
    """A copy of them."""
    return [RunFolder(Path(shutil.copytree(run.path, here / "runs" / run.name))) for run in trained]


def row(screen: Picture, name: str) -> str:
    """The line of a run."""
    return next(line for line in screen.lines if name in line[:40])


async def test_each_run_stands_there_with_what_differs_and_only_that(three: list[RunFolder]) -> None:
    async with runs() as screen:
        await screen.sees("small-1", "small-2", "other-3")
        assert [line[4:12].strip() for line in screen.lines[3:6]] == ["other-3", "small-2", "small-1"]
        assert "done" in row(screen, "small-1")
        assert "2/2" in row(screen, "small-1")
        assert row(screen, "small-1").rstrip().endswith("batch 20, conv 3 3x3 pad=1")
        assert row(screen, "small-2").rstrip().endswith("batch 10, conv 4 3x3 pad=1")
        assert "adam" not in row(screen, "small-1")
        assert "3 · in runs" in screen.lines[1]
        await screen.press("end")
        await screen.sees("2 epochs, batch 20, seed 4", "folder")


async def test_the_curves_of_the_marked_runs_lie_over_each_other(three: list[RunFolder]) -> None:
    async with runs() as screen:
        await screen.sees("small-1")
        await screen.press("end", "space", "up", "space")
        await screen.sees("a small-1", "b small-2")
        legend = next(line for line in screen.lines if "validation accuracy" in line)
        assert legend.index("a small-1") < legend.index("b small-2")
        await screen.press("v")
        await screen.sees("validation loss")
        await screen.press("u")
        await screen.until(lambda: "a small-1" not in screen.text)


async def test_a_run_is_opened_in_the_place_of_another_one_and_the_view_is_as_it_was_left(
    three: list[RunFolder], feed: FakeFeed
) -> None:
    async with runs() as screen:
        await screen.sees("small-1")
        await screen.press("1")
        await screen.sees("no run is open")
        await screen.press("end", "space", "enter")
        await screen.sees("[1 Train]", " DONE ", "conv 3 3x3")
        await screen.press(_digit())
        await screen.sees("a small-1")
        assert screen.app.context.folder == three[0]
        await screen.press("up", "enter")
        await screen.sees("[1 Train]", " STOPPED ", "conv 4 3x3")
        await screen.press("q")
        outcome = await screen.leaves()
    assert (outcome.choice, outcome.progress.step) == ("ended", 4)


def _digit() -> str:
    from tuicnn.tui.views import TABS

    return next(tab.key for tab in TABS if tab.mode == "runs")


async def test_it_is_left_without_a_question(three: list[RunFolder]) -> None:
    async with runs() as screen:
        await screen.sees("small-1")
        await screen.press("q")
        assert (await screen.leaves()).choice == "none"


async def test_searching_and_sorting(three: list[RunFolder]) -> None:
    async with runs() as screen:
        await screen.sees("small-1")
        await screen.press("slash", *"stopped")
        await screen.sees("1 of 3", 'with "stopped"')
        assert "small-1" not in screen.text
        await screen.press("enter", "escape")
        await screen.sees("small-1")
        await screen.press("t", "t", "t")
        await screen.sees("by name")
        assert [line[4:12].strip() for line in screen.lines[3:6]] == ["other-3", "small-2", "small-1"]
        await screen.press("slash", *"nothing like this")
        await screen.sees("no run has that")
        await screen.press("enter", "enter", "space", "d")  # nothing to be done with no run


async def test_a_run_that_trains_is_followed_and_a_folder_that_vanishes_is_gone(
    three: list[RunFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuicnn.tui.screens.runs.LOOK_PERIOD", 0.05)
    async with runs() as screen:
        await screen.sees("small-1", "stopped")
        with three[2].lock():
            await screen.sees("1 training")
            assert "training" in row(screen, "other-3")
        train(three[1], resume=True)
        await screen.until(lambda: "done" in row(screen, "small-2"))
        three[2].remove()
        await screen.until(lambda: "other-3" not in screen.text)


async def test_discarding_is_asked_and_only_of_runs_that_have_ended(three: list[RunFolder]) -> None:
    async with runs() as screen:
        await screen.sees("small-1")
        await screen.press("d")
        await screen.sees("Remove other-3 with all of its files, for good?")
        await screen.press("enter")  # keeps it
        await screen.press("d", "d")
        await screen.sees("other-3 was discarded")
        assert not three[2].path.exists()
        with three[1].lock():
            await screen.app.screen._look().wait()  # type: ignore[attr-defined]
            await screen.press("d")
            await screen.pause(0.1)
            assert "Remove small-2" not in screen.text
        assert three[1].path.exists()


async def test_where_there_are_no_runs_one_begins_with_a_network_that_comes_with_tuicnn(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin(net: NetFile, *, parent: Path) -> SimpleNamespace:
        return SimpleNamespace(folder=create_run(parent, net.path.stem, net.text))

    monkeypatch.setenv("TUICNN_DATA", str(here))
    async with runs() as screen:
        await screen.sees("Begin with a network", "mnist", "cifar-resnet", "two-classes")
        await screen.press("down")
        await screen.sees("Fashion-MNIST is not here", "github.com/zalandoresearch")
        await screen.press("enter")
        await screen.sees("Fashion-MNIST is not here", line=1)
        assert not (here / "runs").exists()
        monkeypatch.setattr("tuicnn.runs.prepared.begin", begin)
        monkeypatch.setattr("tuicnn.tui.editor.starting.start_process", lambda run: subprocess.Popen(["true"]))
        await screen.press("enter")
        await screen.opens(RunFolder(here / "runs" / "two-classes-1"))


@pytest.mark.parametrize("terminal", TERMINALS)
async def test_it_fits_on_every_terminal_with_the_strangest_runs(
    three: list[RunFolder], terminal: TerminalProfile
) -> None:
    long = three[0].path.with_name("ü" * 100 + "-77")
    three[0].path.rename(long)
    three[1].journal.write_bytes(b'\xff\xfe{"event":"start"}\n' + three[1].journal.read_bytes()[:4000])
    damaged = create_run(three[2].path.parent.parent, "damaged", "?")
    damaged.journal.mkdir()
    async with runs((120, 40), terminal) as screen:
        await screen.sees("damaged-78", "unknown")
        sizes = ((80, 24), (100, 50), (200, 60), (56, 14), (1, 1), (120, 40))
        for size in sizes if terminal is TERMINALS[0] else sizes[:1]:  # what fits where does not depend on colours
            await screen.pilot.resize_terminal(*size)
            for key in ("tab", "end", "space", "v", "home", "n", "escape"):
                await screen.press(key)
                strips = screen.app.screen._compositor.render_strips()
                assert [strip.cell_length for strip in strips] == [size[0]] * size[1]
                assert not terminal.ascii or screen.text.isascii()
        await screen.press("enter")  # one that cannot be read
        await screen.sees("damaged-78")


async def test_many_runs_are_gone_through_by_pages(here: Path) -> None:
    for number in range(1, 61):
        create_run(here, f"n{number:02}", "?")
    async with runs((80, 24)) as screen:
        await screen.sees("n60-60")
        await screen.press("end")
        await screen.sees("n01-1", "of 60")
        await screen.press("home")
        await screen.sees("n60-60")
