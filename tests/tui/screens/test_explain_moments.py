"""The Explain view: which moment is looked at: of a run that trains, a step, a past epoch, another image."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.tui.pictures import app_of, showing
from tests.tui.screens.explaining import EXPLAIN, SIZES, at, opened, specimen, stands
from tests.tui.trained_feed import TrainedFeed
from tuicnn.observing.image import PinnedImage
from tuicnn.training.events import State
from tuicnn.tui.screens.explain import ExplainScreen


@pytest.mark.parametrize("size", SIZES)
async def test_a_step_names_the_images_that_ask_for_it(trained: TrainedFeed, size: tuple[int, int]) -> None:
    found = specimen(trained).explain("batch d conv1.weight[2,0,1,1]")
    largest, _ = found.largest(1)
    async with showing(trained, size) as screen:
        await opened(screen, "step conv1.weight[2,0,1,1]")
        line = next(line for line in screen.lines if "the batch's gradient " in line)
        assert largest[0].label.removeprefix("training ") in line
        assert "others" in line


async def test_s_trains_a_step_that_was_told_to_the_bit(trained: TrainedFeed) -> None:
    weight = "conv1.weight[2,0,1,1]"
    told = specimen(trained).explain(f"step {weight}").engine
    before = specimen(trained).explain(weight).value
    assert told is not None
    async with showing(trained, (120, 40)) as screen:
        await opened(screen, weight)
        await screen.press("s")
        await screen.sees(f"{weight} = {told:.6g}   before step 5 it was {before:.6g}")
        assert trained.acted == ["pause", "step"]
        assert specimen(trained).explain(weight).value == told
        await screen.press("s")
        await screen.sees(f"before step 6 it was {told:.6g}")
        assert trained.acted == ["pause", "step", "step"]
        assert "s one step" in screen.lines[-1]
        trained.state = State.DONE
        await screen.until(lambda: "s one step" not in screen.lines[-1])


async def test_the_moment_stands_still_while_training_goes_on(trained: TrainedFeed) -> None:
    async with showing(trained, (120, 40)) as screen:
        await opened(screen, "conv1[2,4,5]")
        held = specimen(trained, 1)
        trained.train(5)
        await screen.press("n")
        await screen.sees("step 4, frozen; image 1 is 1")
        await screen.until(lambda: f" = {held.explain('conv1[2,4,5]').value:.6g} " in screen.text)
        await screen.press("f")
        await screen.sees("step 9, frozen; image 1 is 1")
        now = specimen(trained, 1).explain("conv1[2,4,5]").value
        await screen.until(lambda: f" = {now:.6g} " in screen.text)
        await screen.press("p", "p")
        await screen.sees("image 9 is")


async def test_an_image_of_ones_own_has_no_loss(trained: TrainedFeed) -> None:
    app = app_of(trained)
    drawn = np.random.default_rng(0).integers(0, 255, (8, 8, 1), dtype=np.uint8)
    async with showing(app, (80, 24)) as screen:
        await screen.press(EXPLAIN)
        await screen.sees("frozen")
        assert isinstance(app.screen, ExplainScreen)
        app.screen.selection.image = PinnedImage.of(drawn)
        await screen.press("f")
        await screen.sees("your image")
        await screen.press("b")
        await screen.sees("has no loss to go back from")
        await screen.press("n")
        await screen.sees("image 0 is 0")


async def test_past_epochs_are_looked_at_with_the_same_address(trained: TrainedFeed, tmp_path: Path) -> None:
    past = TrainedFeed(tmp_path)  # the same seed: as the run was after its first epoch

    class Folder:
        class snapshots:  # noqa: N801
            @staticmethod
            def epochs() -> list[int]:
                return [1]

    trained.train(6)
    trained.at_epoch = lambda epoch: past  # type: ignore[method-assign]
    app = app_of(trained)
    async with showing(app, (120, 40)) as screen:
        await opened(screen, "conv1[2,4,5]")
        assert isinstance(app.screen, ExplainScreen)
        app.screen._moments._context = replace(app.screen.context, folder=Folder())  # type: ignore[arg-type]
        await screen.press("[")
        await screen.sees("after epoch 1")
        await screen.until(lambda: f" = {specimen(past).explain('conv1[2,4,5]').value:.6g} " in screen.text)
        await screen.until(lambda: "s one step" not in screen.lines[-1])
        await screen.press("]")
        await screen.sees("step 10, frozen")


async def test_a_run_that_has_not_begun_or_is_gone_says_so(tmp_path: Path) -> None:
    slow = TrainedFeed(tmp_path)
    slow.reading = 3600
    async with showing(slow, (80, 24)) as screen:
        await screen.press(EXPLAIN)
        await screen.pause(0.2)
        assert slow.asked["AskSpecimen"] == 0
        slow.reading = 0
        await screen.sees("frozen")
        slow.gone = "The run's process is gone."
        await screen.press("f")
        await screen.sees("The run's process is gone.")
        await screen.press("enter")
        await at(screen, "logits")


async def test_a_dialog_leaves_the_moment_and_another_view_ends_it(trained: TrainedFeed) -> None:
    app = app_of(trained)
    async with showing(app, (120, 40)) as screen:
        await opened(screen)
        await screen.press("enter")
        await at(screen, "logits")
        trained.train(5)
        await screen.press("question_mark")
        await screen.sees("Open the chosen part")
        await screen.press("escape")
        await screen.sees("step 4, frozen")
        await screen.press("1", EXPLAIN)
        await screen.sees("step 9, frozen", " < logits[")
        app.screen.selection.address = "relu1[1,2,3]"  # type: ignore[attr-defined]
        app.switch_mode("train")
        await screen.pause()
        app.go_down("explain")
        await stands(screen, "relu1[1,2,3]")
        await screen.press("escape")
        await screen.until(lambda: app.current_mode == "train")


async def test_a_view_that_asks_for_the_prediction_gets_it_whatever_was_open(trained: TrainedFeed) -> None:
    async with showing(trained, (120, 40)) as screen:
        await opened(screen, "conv1.weight[0, 0, 1, 1]")
        await screen.press("1")
        await screen.press(EXPLAIN)
        await at(screen, "conv1.weight")
        await screen.press("1")
        screen.app.context.selection.address = ""  # as Mistakes does
        screen.app.go_down("explain")
        await at(screen, "p[")
