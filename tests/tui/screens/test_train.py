from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.tui.pictures import Picture, app_of, showing
from tests.worker.fake_feed import OVERVIEW, FakeFeed
from tuicnn.engine.network import Network
from tuicnn.language import check
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.journal import Journal
from tuicnn.training.divergence import Divergence
from tuicnn.training.events import LayerRow, Start, State, Step
from tuicnn.training.marks import Mark
from tuicnn.training.overview import rows_of
from tuicnn.tui.widgets.chart import Chart
from tuicnn.tui.widgets.layer_table import LayerTable


def pointed(screen: Picture) -> str:
    """The row of the table that the cursor is on."""
    return next(line for line in screen.lines[4:] if line.lstrip().startswith(screen.app.terminal.glyphs.pointer))


def marked(screen: Picture, name: str) -> bool:
    """Whether a layer is marked as the one that went wrong."""
    wrong = screen.app.terminal.glyphs.wrong
    return any(line.split()[:1] == [wrong] and f" {name} " in line for line in screen.lines)


async def test_the_arrows_choose_a_layer_whose_maps_are_shown_at_once(feed: FakeFeed) -> None:
    async with showing(feed, (120, 40)) as screen:
        await screen.sees("conv1  16x28x28")
        for key, row, shown in (
            ("down", "relu1      relu ", "relu1  16x28x28"),
            ("j", "conv2      ├ conv 16", "conv2  16x28x28  conv 16"),
            ("up", "relu1      relu ", "relu1  16x28x28"),
            ("k", "conv1      conv 16 3x3", "conv1  16x28x28"),
            ("k", "conv1      conv 16 3x3", "conv1  16x28x28"),
            ("end", "dense1     dense 10 ", "dense1  10"),
            ("j", "dense1     dense 10 ", "dense1  10"),
            ("g", "conv1      conv 16 3x3", "conv1  16x28x28"),
            ("G", "dense1     dense 10 ", "dense1  10"),
            ("home", "conv1      conv 16 3x3", "conv1  16x28x28"),
        ):
            await screen.press(key)
            assert row in pointed(screen)
            await screen.sees(shown)


async def test_a_click_on_a_layer_chooses_it(feed: FakeFeed) -> None:
    async with showing(feed) as screen:
        await screen.sees("maxpool 2")
        await screen.pilot.click(LayerTable, offset=(12, 8))
        await screen.pause()
        assert "maxpool 2" in pointed(screen)


async def test_n_and_p_take_another_image(feed: FakeFeed) -> None:
    async with showing(feed, (120, 40)) as screen:
        await screen.sees("image 0")
        await screen.press("n")
        await screen.sees("image 1", "says 1")
        await screen.press("p", "p")
        await screen.sees("image 4,999", "says 9")


@pytest.mark.parametrize(
    ("size", "shown", "hidden"),
    [
        ((80, 24), ["accuracy  ━"], ["says 0", "image", "gradients"]),
        ((100, 50), ["accuracy  ━", "says 0", "conv1  16x28x28"], ["gradients"]),
        ((120, 40), ["accuracy  ━", "says 0", "conv1  16x28x28"], ["gradients"]),
        ((200, 60), ["accuracy  ━", "says 0", "conv1  16x28x28", "weights  of conv1", "gradients  of conv1"], []),
    ],
)
async def test_what_there_is_room_for(
    feed: FakeFeed, size: tuple[int, int], shown: list[str], hidden: list[str]
) -> None:
    async with showing(feed, size) as screen:
        await screen.sees("conv 16 3x3", "loss  ━", *shown)
        assert not [text for text in hidden if text in screen.text]
        # what is not in sight is not asked for
        assert (feed.asked["AskActivations"] > 0) == ("says 0" in shown)
        assert (feed.asked["AskHistograms"] > 0) == (size == (200, 60))


async def test_of_a_layer_without_weights_nothing_is_asked_that_only_weights_have(feed: FakeFeed) -> None:
    async with showing(feed, (200, 60)) as screen:
        await screen.sees("weights  of conv1")
        asked = feed.asked["AskHistograms"]
        await screen.press("down")
        await screen.sees("weights  relu1 has none", "gradients  relu1 has none")
        feed.advance(50)
        await screen.pause(1.2)
        assert feed.asked["AskHistograms"] == asked


async def test_a_terminal_that_changes_its_size_shows_what_fits(feed: FakeFeed) -> None:
    async with showing(feed) as screen:
        await screen.sees("maxpool 2")
        await screen.pilot.resize_terminal(120, 40)
        await screen.until(
            lambda: all(part in screen.text for part in ("conv5", "says 0", "conv1  16x28x28", "loss  ━ train"))
        )
        await screen.pilot.resize_terminal(30, 8)
        await screen.sees("Make the terminal")
        await screen.pilot.resize_terminal(80, 24)
        await screen.sees("maxpool 2", "accuracy  ━")
        assert "says 0" not in screen.text


async def test_l_and_m_change_the_curves(feed: FakeFeed) -> None:
    async with showing(feed, (120, 40)) as screen:
        await screen.sees("loss  ━ train")
        loss, accuracy = screen.app.screen.query_one("#loss", Chart), screen.app.screen.query_one("#accuracy", Chart)
        await screen.press("l")
        assert (loss.logarithmic, accuracy.logarithmic) == (True, False)
        assert "logarithmic scale" in screen.text
        before = loss.smoothing
        await screen.press("m")
        assert loss.smoothing == accuracy.smoothing != before
        await screen.press("m", "m", "l")
        assert loss.smoothing == before
        assert not loss.logarithmic


async def test_names_of_classes_that_are_long_do_not_break_the_sample() -> None:
    names = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
    feed = FakeFeed(replace(OVERVIEW, class_names=names))
    feed.advance(10)
    async with showing(feed, (120, 40)) as screen:
        await screen.sees("says T-shirt/top")
        assert "Trouser" in screen.text


async def test_while_help_is_open_no_pictures_are_asked_for(feed: FakeFeed) -> None:
    async with showing(feed, (120, 40)) as screen:
        await screen.sees("says 0")
        await screen.press("question_mark")
        await screen.pause(0.1)
        asked = feed.asked["AskActivations"]
        for _ in range(4):
            feed.advance(300)
            await screen.pause(0.1)
        assert feed.asked["AskActivations"] == asked
        await screen.press("escape")
        await screen.until(lambda: "epoch 2/3" in screen.text and feed.asked["AskActivations"] > asked)


NET = """\
data: mnist
conv 8 3x3 pad=same -> batchnorm -> relu -> depthwise 3x3 pad=same -> layernorm
-> residual { conv 8 3x3 pad=same bias=false -> batchnorm } -> conv 12 3x3 as narrow -> flatten -> dense 20 -> dense 10
"""


@pytest.mark.parametrize("size", [(80, 40), (120, 50)])
async def test_a_layer_stands_under_the_name_that_its_weights_and_errors_bear(size: tuple[int, int]) -> None:
    plan = check(NET).plan
    assert plan is not None
    owners = dict.fromkeys(name.rpartition(".")[0] for name, _ in Network(plan).named_parameters())
    assert {"conv1", "batchnorm2", "narrow", "dense2"} <= set(owners)
    feed = FakeFeed(replace(OVERVIEW, layers=rows_of(plan)))
    feed.state = State.PAUSED
    texts = {row.name: row.text for row in rows_of(plan)}
    async with showing(feed, size) as screen:
        await screen.sees("dense1")
        for name in owners:
            row = next(line for line in screen.lines[4:] if f" {name} " in line[: len(name) + 8])
            assert f" {texts[name][:6]}" in row  # as it is written, or the beginning of that
            feed.diverged = Divergence(12, 1, f"the output of {name}", "NaN", name)
            await screen.until(partial(marked, screen, name))


async def test_enter_looks_into_a_folded_block_and_b_folds_it_again() -> None:
    rows = tuple(replace(row, block="unit 16" if 1 < i < 7 else "") for i, row in enumerate(OVERVIEW.layers))
    feed = FakeFeed(replace(OVERVIEW, layers=rows))
    feed.advance(10)
    async with showing(feed, (120, 40)) as screen:
        await screen.sees("conv2")
        await screen.press("j", "j", "j", "b")
        await screen.sees("+ unit 16  5 layers", "unit 16 has the layers from conv2 to add1; enter shows them.")
        assert "relu2" not in screen.text
        await screen.press("j")
        assert "maxpool1" in pointed(screen)
        await screen.press("k", "enter")
        await screen.sees("relu2")
        assert "conv2" in pointed(screen)


async def test_a_slash_searches_while_letters_do_nothing_else(feed: FakeFeed) -> None:
    async with showing(feed) as screen:
        await screen.sees("maxpool 2")
        await screen.press("slash", *"ool")
        await screen.until(lambda: "maxpool1" in pointed(screen) and "conv1" not in screen.text)
        assert screen.app.screen.selection.layer == 7  # type: ignore[attr-defined]
        await screen.press("q", "?")
        await screen.sees("no layer has that")
        await screen.press("backspace", "backspace", "enter", "t")
        await screen.sees("the slowest layers first")
        assert feed.acted == []
        await screen.press("escape")
        await screen.sees("relu1", "batchnorm1")


async def test_the_cursor_reads_both_curves_with_keys_and_mouse(feed: FakeFeed) -> None:
    feed.advance(1900)
    async with showing(feed, (200, 60)) as screen:
        await screen.sees("step 2,000", "loss  ━")
        loss = screen.app.screen.query_one("#loss", Chart)
        assert loss.cursor is None
        await screen.press("left")
        await screen.sees("step 2,000", "epoch 3")
        assert sum("step 2,000" in line for line in screen.lines) >= 3  # the numbers above, and both charts
        await screen.press("shift+left", "left")
        assert loss.cursor is not None
        assert loss.cursor < 2000
        await screen.pilot.click("#accuracy", offset=(30, 5))
        await screen.pause()
        step = loss.cursor
        assert 0 < step < 1000
        await screen.sees(f"step {step:,.0f}")
        await screen.press("escape")
        assert loss.cursor is None


async def test_what_somebody_did_is_marked_and_read_by_the_cursor(feed: FakeFeed) -> None:
    feed.marks = (Mark(50, "rate", "rate 0.0005"), Mark(100, "paused", "paused"))
    async with showing(feed, (200, 60)) as screen:
        await screen.sees("loss  ━")
        await screen.until(lambda: any("r" in line and "p" in line and "└" in line for line in screen.lines))
        await screen.press("left")
        await screen.sees("step 100", "paused")


async def test_o_draws_the_run_before_behind_the_curves(feed: FakeFeed, tmp_path: Path) -> None:
    folders = [RunFolder(tmp_path / f"mnist-{number}") for number in (2, 3)]
    for folder in folders:
        folder.path.mkdir()
        (folder.path / "net.net").write_text("flatten -> dense 10")
    journal = Journal(folders[0].journal)
    journal.append(Start(steps_per_epoch=10, epochs=1))
    for step in range(1, 11):
        journal.append(Step(step, 0.5, 0.25))
    journal.close()
    async with showing(app_of(feed, folder=folders[1]), (200, 60)) as screen:
        await screen.sees("loss  ━")
        await screen.press("o")
        await screen.sees("mnist-2 0.500", "mnist-2 25.0%")
        await screen.press("o")
        await screen.until(lambda: "mnist-2" not in screen.text)


async def test_without_a_run_before_that_is_said(feed: FakeFeed, tmp_path: Path) -> None:
    async with showing(app_of(feed, folder=RunFolder(tmp_path / "mnist-1"))) as screen:
        await screen.sees("loss  ━")
        await screen.press("o")
        await screen.sees("there is no run of this net before this one")


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_when_it_is_over_the_foot_says_what_can_be_done_next(feed: FakeFeed, size: tuple[int, int]) -> None:
    async with showing(feed, size) as screen:
        await screen.sees("enter maps", "space pause", line=-1)
        feed.advance(100_000)
        await screen.sees("enter maps", "Edit", "? keys", "q leave", line=-1)
        assert "97.83% of the 10,000 test images are right" in screen.text


@pytest.mark.parametrize(("size", "classes"), [((80, 24), 1), ((200, 60), 100)])
async def test_whatever_the_numbers_are_the_view_is_drawn(size: tuple[int, int], classes: int) -> None:
    rows = tuple(
        replace(row, name=f"{'n' * 200}{i}", text=f"{'x' * 200}", block="b" * 200 if 1 < i < 5 else "")
        for i, row in enumerate(OVERVIEW.layers)
    )
    feed = FakeFeed(replace(OVERVIEW, layers=rows, class_names=tuple(f"{'c' * 200}{i}" for i in range(classes))))
    feed.advance(300)
    feed._losses[::3], feed._losses[1::7] = np.nan, np.inf
    feed._accuracies[5:] = np.nan
    async with showing(feed, size) as screen:
        await screen.watches()
        for key in ("left", "j", "b", "B", "t", "l", "m", "slash", "n", "escape"):
            await screen.press(key)
            await screen.pause()
            assert {len(line) for line in screen.lines} == {size[0]}
        await screen.pilot.resize_terminal(1, 1)
        await screen.pause()
        await screen.pilot.resize_terminal(*size)
        await screen.sees("loss (log)")


async def test_a_thousand_layers() -> None:
    rows = tuple(
        LayerRow(f"conv{i}", "conv 8 3x3 pad=1", "conv", (8, 28, 28), 80, 9, (i - 1,), f"unit #{i // 10}")
        for i in range(1000)
    )
    feed = FakeFeed(replace(OVERVIEW, layers=rows))
    feed.advance(100)
    async with showing(feed, (120, 40)) as screen:
        await screen.sees("+ unit #0  10 layers", "/100")
        await screen.press("B", "end")
        await screen.until(lambda: "conv999" in pointed(screen))
