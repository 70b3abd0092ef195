from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.tui.pictures import lines, text, until
from tests.worker.fake_feed import OVERVIEW, FakeFeed
from tuicnn.engine.network import Network
from tuicnn.language import check
from tuicnn.training.events import State
from tuicnn.training.overview import rows_of
from tuicnn.tui.app import TrainApp
from tuicnn.tui.widgets.chart import Chart
from tuicnn.tui.widgets.layer_table import LayerTable
from tuicnn.tui.widgets.maps import Maps

MakeApp = Callable[..., TrainApp]


def pointed(app: TrainApp) -> str:
    """The row of the table that the cursor is on."""
    return next(line for line in lines(app)[4:] if line.lstrip().startswith(app.terminal.glyphs.pointer))


async def test_the_arrows_choose_a_layer_whose_maps_are_shown_at_once(make_app: MakeApp, feed: FakeFeed) -> None:
    app = make_app(feed)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "conv1  16x28x28" in text(app))
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
            await pilot.press(key)
            assert row in pointed(app)
            await until(pilot, lambda shown=shown: shown in text(app))  # type: ignore[misc]


async def test_a_click_on_a_layer_chooses_it(make_app: MakeApp, feed: FakeFeed) -> None:
    app = make_app(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "maxpool 2" in text(app))
        await pilot.click(LayerTable, offset=(8, 8))
        await pilot.pause()
        assert "maxpool 2" in pointed(app)


async def test_n_and_p_take_another_image(make_app: MakeApp, feed: FakeFeed) -> None:
    app = make_app(feed)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "1/5,000" in text(app))
        await pilot.press("n")
        await until(pilot, lambda: "2/5,000" in text(app) and "says 1" in text(app))
        await pilot.press("p", "p")
        await until(pilot, lambda: "5,000/5,000" in text(app) and "says 9" in text(app))


async def test_tab_goes_through_the_panes_where_there_is_room_for_one(make_app: MakeApp, feed: FakeFeed) -> None:
    app = make_app(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "dense 10" in text(app))
        assert feed.asked["AskActivations"] == 0
        for key, mark in (
            ("tab", "[charts]"),
            ("tab", "[maps]"),
            ("tab", "[sample]"),
            ("tab", "[layers]"),
            ("shift+tab", "[sample]"),
            ("shift+tab", "[maps]"),
        ):
            await pilot.press(key)
            await pilot.pause()
            assert mark in text(app)
            assert ("dense 10" in text(app)) == (mark == "[layers]")
        await until(pilot, lambda: "conv1  16x28x28" in text(app) and "says 0" in text(app))
        status = lines(app)[:4]
        assert "training" in status[1]
        assert "accuracy" in status[3]


async def test_a_terminal_that_changes_its_size_shows_what_fits(make_app: MakeApp, feed: FakeFeed) -> None:
    app = make_app(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "dense 10" in text(app))
        await pilot.resize_terminal(120, 40)
        await until(
            pilot, lambda: all(part in text(app) for part in ("dense 10", "says 0", "conv1  16x28x28", "train 1"))
        )
        assert "[layers]" not in text(app)
        await pilot.resize_terminal(30, 8)
        await until(pilot, lambda: "Make the terminal" in text(app))
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "dense 10" in text(app) and "[layers]" in text(app))


async def test_l_and_m_change_the_curves(make_app: MakeApp, feed: FakeFeed) -> None:
    app = make_app(feed)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "train 1" in text(app))
        loss, accuracy = app.screen.query_one("#loss", Chart), app.screen.query_one("#accuracy", Chart)
        await pilot.press("l")
        assert (loss.logarithmic, accuracy.logarithmic) == (True, False)
        assert "logarithmic scale" in text(app)
        before = loss.smoothing
        await pilot.press("m")
        assert loss.smoothing == accuracy.smoothing != before
        await pilot.press("m", "m", "l")
        assert loss.smoothing == before
        assert not loss.logarithmic


@pytest.mark.parametrize(("on", "back"), [("pagedown", "pageup"), ("greater_than_sign", "less_than_sign")])
async def test_further_maps(make_app: MakeApp, on: str, back: str) -> None:
    many = replace(OVERVIEW, layers=(replace(OVERVIEW.layers[0], shape=(64, 28, 28)), *OVERVIEW.layers[1:]))
    feed = FakeFeed(many)
    feed.advance(10)
    app = make_app(feed)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "conv1  64x28x28" in text(app))
        maps = app.screen.query_one(Maps)
        assert maps.on_screen[0] == 0
        await pilot.press(on)
        assert maps.on_screen[0] > 0
        await pilot.press(back)
        assert maps.on_screen[0] == 0


async def test_names_of_classes_that_are_long_do_not_break_the_sample(make_app: MakeApp) -> None:
    names = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
    feed = FakeFeed(replace(OVERVIEW, class_names=names))
    feed.advance(10)
    app = make_app(feed)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "says T-shirt/top" in text(app))
        assert "Ankle" in text(app)


async def test_while_help_is_open_no_pictures_are_asked_for(make_app: MakeApp, feed: FakeFeed) -> None:
    app = make_app(feed)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "says 0" in text(app))
        await pilot.press("question_mark")
        await pilot.pause(0.1)
        asked = feed.asked["AskActivations"]
        for _ in range(4):
            feed.advance(300)
            await pilot.pause(0.1)
        assert feed.asked["AskActivations"] == asked
        await pilot.press("escape")
        await until(pilot, lambda: "epoch 2/3" in text(app) and feed.asked["AskActivations"] > asked)


NET = """\
data: mnist
conv 8 3x3 pad=same -> batchnorm -> relu -> depthwise 3x3 pad=same -> layernorm
-> residual { conv 8 3x3 pad=same bias=false -> batchnorm } -> conv 12 3x3 as narrow -> flatten -> dense 20 -> dense 10
"""


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_layer_stands_under_the_name_that_its_weights_and_errors_bear(
    make_app: MakeApp, size: tuple[int, int]
) -> None:
    plan = check(NET).plan
    assert plan is not None
    owners = dict.fromkeys(name.rpartition(".")[0] for name, _ in Network(plan).named_parameters())
    assert {"conv1", "batchnorm2", "narrow", "dense2"} <= set(owners)
    feed = FakeFeed(replace(OVERVIEW, layers=rows_of(plan)))
    feed.state = State.PAUSED
    texts = {row.name: row.text for row in rows_of(plan)}
    app = make_app(feed)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "dense1" in text(app))
        for name in owners:
            row = next(line for line in lines(app)[3:] if f" {name} " in line[: len(name) + 4])
            assert f" {texts[name][:8]}" in row  # as it is written, or the beginning of that
            feed.diverged = f"The output of {name} became NaN in step 12 (epoch 1): its input reached 3.1e+20."
            marked = f"{app.terminal.glyphs.wrong} {name} "
            await until(pilot, lambda marked=marked: marked in text(app))  # type: ignore[misc]
