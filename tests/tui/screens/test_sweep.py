"""A sweep on the screen: one line among the runs, its variants, and its trials to be watched."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.sweep.small import HereCrew, made_net, small_sweep
from tests.tui.drawn import TERMINALS
from tests.tui.pictures import showing
from tuicnn.display.terminal import TerminalProfile
from tuicnn.errors import UserError
from tuicnn.sweep.controller import Controller
from tuicnn.sweep.folder import SweepFolder
from tuicnn.tui.app import TrainApp
from tuicnn.worker.stopping import stop


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep of two variants, of which one was trained on."""
    parent = tmp_path_factory.mktemp("swept")
    folder = small_sweep(made_net(parent), parent / "my-sweep-1", optim_lr="0.001,0.03")
    Controller(folder, HereCrew(), lambda event: None).run()
    return folder.path


@pytest.fixture
def sweep(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SweepFolder:
    """A copy of it in the runs of the working folder."""
    monkeypatch.chdir(tmp_path)
    return SweepFolder.open(Path(shutil.copytree(trained, tmp_path / "runs" / "my-sweep-1")))


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
@pytest.mark.parametrize("terminal", [TERMINALS[0], TERMINALS[-1]], ids=["colours", "ascii"])
async def test_it_is_one_line_and_opens_to_its_variants(
    sweep: SweepFolder, size: tuple[int, int], terminal: TerminalProfile
) -> None:
    async with showing(TrainApp(None, terminal, title=""), size) as screen:
        await screen.sees("my-sweep-1", "sweep: 2 variants, 4 trials", "1 variant to 4 epochs")
        assert "mark" not in screen.lines[-1]
        await screen.press("enter")
        await screen.sees("4 of 4 trials", "95% interval", "pruned", "done", "my-3" if size[0] < 100 else "seed 4")
        assert "[6 Runs]" in screen.lines[0]
        await screen.press("escape")
        await screen.sees("sweep: 2 variants, 4 trials")


async def test_a_trial_that_trains_on_a_cluster_is_shown_as_far_as_it_came_back(sweep: SweepFolder) -> None:
    trial = sweep.trials[2]
    with trial.folder.lock() as lock:
        lock.note(None)
        async with showing(TrainApp(None, TerminalProfile(), title="", sweep=sweep.path), (120, 40)) as screen:
            await screen.sees("95% interval")
            await screen.press("enter")
            await screen.sees("[1 Train]", " DONE ", "2,304 multiply-adds")
        with pytest.raises(UserError, match="trains on a cluster"):
            stop(trial.folder)


async def test_the_chosen_trial_is_opened(sweep: SweepFolder) -> None:
    async with showing(TrainApp(None, TerminalProfile(), title=""), (120, 40)) as screen:
        await screen.sees("my-sweep-1")
        await screen.press("enter")
        await screen.sees("95% interval")
        await screen.press("down", "right")
        await screen.until(lambda: any("▸ my-" in line and " 5 " in line for line in screen.lines))
        await screen.press("enter")
        await screen.sees("[1 Train]", " STOPPED ")
        folder = screen.app.context.folder
        await screen.press("6")  # back to where one came from
        await screen.sees("95% interval", "my-sweep-1")
    assert folder is not None
    trial = next(each for each in sweep.trials if each.folder.path.name == folder.path.name)
    assert (trial.seed, folder.path.parent.name) == (5, "my-sweep-1")
