from __future__ import annotations

from dataclasses import replace

import pytest

from tests.tui.pictures import Picture, showing
from tests.worker.fake_feed import OVERVIEW, FakeFeed
from tuicnn.engine.network import Network
from tuicnn.language import check
from tuicnn.training.divergence import Divergence
from tuicnn.training.events import State
from tuicnn.training.overview import rows_of
from tuicnn.tui.widgets.chart import Chart
from tuicnn.tui.widgets.layer_table import LayerTable
from tuicnn.tui.widgets.maps import Maps


def pointed(screen: Picture) -> str:
    """The row of the table that the cursor is on."""
    return next(line for line in screen.lines[4:] if line.lstrip().startswith(screen.app.terminal.glyphs.pointer))


async def test_the_arrows_choose_a_layer_whose_maps_are_shown_at_once(feed: FakeFeed) -> None:
    async with showing(feed, (120, 40)) as screen:
        await screen.sees("conv1  16x28x28")
        for key, row, shown in (
            ("down", "relu1      relu ", "relu1  16x28x28"),
            ("j", "conv2      ├ conv 16", "conv2  16x28x28  conv 16 3x3 pad=same bias"),
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
        await screen.pilot.click(LayerTable, offset=(8, 8))
        await screen.pause()
        assert "maxpool 2" in pointed(screen)


async def test_n_and_p_take_another_image(feed: FakeFeed) -> None:
    async with showing(feed, (120, 40)) as screen:
        await screen.sees("1/5,000")
        await screen.press("n")
        await screen.sees("2/5,000", "says 1")
        await screen.press("p", "p")
        await screen.sees("5,000/5,000", "says 9")


async def test_tab_goes_through_the_panes_where_there_is_room_for_one(feed: FakeFeed) -> None:
    async with showing(feed) as screen:
        await screen.sees("dense 10")
        assert feed.asked["AskActivations"] == 0
        for key, mark in (
            ("tab", "[charts]"),
            ("tab", "[maps]"),
            ("tab", "[sample]"),
            ("tab", "[layers]"),
            ("shift+tab", "[sample]"),
            ("shift+tab", "[maps]"),
        ):
            await screen.press(key)
            await screen.pause()
            assert mark in screen.text
            assert ("dense 10" in screen.text) == (mark == "[layers]")
        await screen.sees("conv1  16x28x28", "says 0")
        status = screen.lines[:4]
        assert "training" in status[1]
        assert "accuracy" in status[3]


async def test_a_terminal_that_changes_its_size_shows_what_fits(feed: FakeFeed) -> None:
    async with showing(feed) as screen:
        await screen.sees("dense 10")
        await screen.pilot.resize_terminal(120, 40)
        await screen.until(
            lambda: all(part in screen.text for part in ("dense 10", "says 0", "conv1  16x28x28", "train 1"))
        )
        assert "[layers]" not in screen.text
        await screen.pilot.resize_terminal(30, 8)
        await screen.sees("Make the terminal")
        await screen.pilot.resize_terminal(80, 24)
        await screen.sees("dense 10", "[layers]")


async def test_l_and_m_change_the_curves(feed: FakeFeed) -> None:
    async with showing(feed, (120, 40)) as screen:
        await screen.sees("train 1")
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


async def test_further_maps() -> None:
    many = replace(OVERVIEW, layers=(replace(OVERVIEW.layers[0], shape=(64, 28, 28)), *OVERVIEW.layers[1:]))
    feed = FakeFeed(many)
    feed.advance(10)
    async with showing(feed, (120, 40)) as screen:
        await screen.sees("conv1  64x28x28")
        maps = screen.app.screen.query_one(Maps)
        assert maps.on_screen[0] == 0
        await screen.press("pagedown")
        assert maps.on_screen[0] > 0
        await screen.press("pageup")
        assert maps.on_screen[0] == 0


async def test_names_of_classes_that_are_long_do_not_break_the_sample() -> None:
    names = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
    feed = FakeFeed(replace(OVERVIEW, class_names=names))
    feed.advance(10)
    async with showing(feed, (120, 40)) as screen:
        await screen.sees("says T-shirt/top")
        assert "Ankle" in screen.text


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


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
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
            row = next(line for line in screen.lines[3:] if f" {name} " in line[: len(name) + 4])
            assert f" {texts[name][:8]}" in row  # as it is written, or the beginning of that
            feed.diverged = Divergence(12, 1, f"the output of {name}", "NaN", name)
            marked = f"{screen.app.terminal.glyphs.wrong} {name} "
            await screen.sees(marked)
