"""The Maps view: an image on its way through the layers, and the layers' kernels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.tui.drawn import TERMINALS
from tests.tui.pictures import Picture, showing
from tests.worker.fake_feed import LAYERS, OVERVIEW, FakeFeed
from tuicnn.display.terminal import TerminalProfile
from tuicnn.numbers import short
from tuicnn.observing.activations import Activations, AskActivations
from tuicnn.observing.image import PinnedImage
from tuicnn.runs.folder import RunFolder
from tuicnn.training.events import LayerRow
from tuicnn.tui.app import TrainApp
from tuicnn.tui.screens.maps import MapsScreen

SIZES = [(80, 24), (120, 40)]


@pytest.fixture
def feed() -> FakeFeed:
    return FakeFeed(rate=50)


def maps_of(screen: Picture) -> MapsScreen:
    assert isinstance(screen.app.screen, MapsScreen)
    return screen.app.screen


async def look(screen: Picture, *keys: str) -> None:
    """Go to the view, once the run is seen, and press keys."""
    await screen.watches()
    await screen.press("2")
    await screen.sees("conv1  16x28x28", "says 0")
    await screen.press(*keys)


@pytest.mark.parametrize(
    ("size", "terminal"),
    [*(((80, 24), t) for t in TERMINALS), *((size, TERMINALS[0]) for size in ((100, 50), (120, 40), (200, 60)))],
)
async def test_image_maps_and_probabilities_are_in_sight_together(
    feed: FakeFeed, size: tuple[int, int], terminal: TerminalProfile
) -> None:
    async with showing(feed, size, terminal) as screen:
        await look(screen)
        glyphs = terminal.glyphs
        await screen.sees(f"{glyphs.check} says 0 96.4%", "conv 16 3x3 pad=1", "or more", "channels")
        assert "0 of 5,000" in screen.lines[3]
        for digit in "0123456789":
            assert any(line.startswith(("   ", f" {glyphs.pointer}")) and f" {digit} " in line for line in screen.lines)
        assert len({len(line) for line in screen.lines}) == 1
        assert not terminal.ascii or screen.text.isascii()


@pytest.mark.parametrize("size", SIZES)
async def test_layers_are_gone_through_and_the_other_views_follow(feed: FakeFeed, size: tuple[int, int]) -> None:
    async with showing(feed, size) as screen:
        await look(screen)
        for key, name in (
            ("tab", "relu1"),
            ("j", "conv2"),
            ("shift+tab", "relu1"),
            ("k", "conv1"),
            ("k", "conv1"),
            ("end", "dense1"),
            ("tab", "dense1"),
            ("home", "conv1"),
            ("tab", "relu1"),
        ):
            await screen.press(key)
            await screen.sees(f"[{name}]", line=2)
            await screen.sees(f" {name}  ")
        assert screen.app.screen.selection.layer == 1  # type: ignore[attr-defined]


async def test_the_values_of_the_last_layer_have_the_classes_names(feed: FakeFeed) -> None:
    feed._overview = replace(OVERVIEW, class_names=tuple(f"number {i}" for i in range(10)))
    async with showing(feed) as screen:
        await screen.watches()
        await screen.press("2", "end")
        await screen.sees("▸number 0", "number 9", "10 values")


@pytest.mark.parametrize("size", SIZES)
async def test_one_map_in_full_tells_the_value_under_the_cursor(feed: FakeFeed, size: tuple[int, int]) -> None:
    feed._rate = 0.0
    async with showing(feed, size) as screen:
        feed.advance(5)
        await look(screen, "right", "right", "right", "enter")
        await screen.sees("conv1[3, 0, 0] = ", "esc all maps", "enter explain")
        await screen.press(*["down"] * 4, *["right"] * 6, "left")
        value = float((await feed.ask(AskActivations(0))).maps[3, 4, 5])
        await screen.sees(f"conv1[3, 4, 5] = {short(value)}")
        await screen.press("pagedown")
        await screen.sees("conv1[4, 4, 5] = ")
        await screen.press("tab")
        await screen.sees("relu1[4, 4, 5] = ")
        await screen.press(*["down"] * 40, *["right"] * 40)
        await screen.sees("relu1[4, 27, 27] = ")
        await screen.press("escape")
        await screen.sees("16 channels" if size[0] > 100 else "of 16")


async def test_enter_goes_from_a_map_to_a_pixel_to_how_it_came_about(
    feed: FakeFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone: list[str] = []
    monkeypatch.setattr(MapsScreen, "go_down", lambda _, mode: gone.append(mode))
    async with showing(feed) as screen:
        await look(screen, "right", "enter")
        await screen.sees("conv1[1, 0, 0] = ")
        assert gone == []
        await screen.press("down", "right", "right", "enter")
        assert (gone, maps_of(screen).selection.address) == (["explain"], "conv1[1, 1, 2]")
        await screen.press("v")
        await screen.sees("conv1.weight[0, 0, 1, 2]")
        await screen.press("enter")
        assert maps_of(screen).selection.address == "conv1.weight[0, 0, 1, 2]"
        await screen.press("v", "end")
        await screen.sees("10 values")
        await screen.press("down", "down", "enter")
        assert maps_of(screen).selection.address == "dense1[3]"  # below the second map


@pytest.mark.parametrize("size", SIZES)
async def test_kernels_in_the_place_of_maps(feed: FakeFeed, size: tuple[int, int]) -> None:
    async with showing(feed, size) as screen:
        await look(screen, "v")
        await screen.sees("3x3 kernels", "16 kernels")
        await screen.press("tab")
        await screen.sees("relu1 has no kernels: choose a conv or a dense layer.")
        await screen.press("tab")
        await screen.sees("of 256", "0,1")
        await screen.press("pagedown")
        await screen.until(lambda: "0 to " not in screen.text)
        await screen.press("v")
        await screen.sees("conv2  16x28x28")


async def test_the_median_is_zero_until_one_says_otherwise(feed: FakeFeed, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = feed._activations
    monkeypatch.setattr(feed, "_activations", lambda *which: minus_half(answer(*which)))
    async with showing(feed, (120, 40)) as screen:
        await look(screen)
        await screen.sees("median as zero", "below its median")
        await screen.press("t")
        await screen.until(lambda: "below its median" not in screen.text)
        assert "median as zero" not in screen.lines[4]
        await screen.press("t")
        await screen.sees("below its median")


def minus_half(seen: Activations) -> Activations:
    return replace(seen, maps=seen.maps - np.float32(0.5))


async def test_images_are_gone_through(feed: FakeFeed) -> None:
    async with showing(feed) as screen:
        await look(screen, "n")
        await screen.sees("1 of 5,000", "says 1", line=3)
        await screen.press("p", "p")
        await screen.sees("4,999 of 5,000", "says 9", line=3)
        assert maps_of(screen).selection.image == PinnedImage(-1)
        await screen.press("n", "n", "n")
        await screen.sees("✗ says 3 96.4%, it is 2", line=3)


class PastFeed(FakeFeed):
    """After epoch e, the step is 860 e."""

    def at_epoch(self, epoch: int) -> FakeFeed:
        past = FakeFeed()
        past.advance(860 * epoch)
        return past


@pytest.fixture
def app(tmp_path: Path) -> TrainApp:
    folder = RunFolder(tmp_path)
    folder.snapshots.path.mkdir()
    for epoch in (1, 3):
        folder.snapshots.file(epoch).touch()

    async def connect() -> Any:
        made = PastFeed(rate=50)
        made.advance(2000)
        return made

    return TrainApp(connect, TerminalProfile(), folder=folder)


async def test_past_epochs_are_gone_through_and_the_newest_come_after_the_last(app: TrainApp) -> None:
    async with showing(app) as screen:
        await look(screen, "[")
        await screen.sees("after epoch 3", line=3)
        await screen.press("[")
        await screen.sees("after epoch 1", line=3)
        await screen.press("[")
        await screen.sees("no weights of an earlier epoch were kept")
        await screen.press("tab", "n")
        await screen.sees("relu1  16x28x28", "1 of 5,000")
        await screen.sees("after epoch 1", line=3)
        await screen.press("]")
        await screen.sees("after epoch 3", line=3)
        await screen.press("]")
        await screen.sees("· step 2,", line=3)
        assert maps_of(screen).selection.epoch is None


async def test_without_a_past_that_is_said(feed: FakeFeed) -> None:
    async with showing(feed) as screen:
        await look(screen, "[")
        await screen.sees("no epoch has ended yet")


async def test_a_layer_that_nothing_reads_and_numbers_that_are_not_finite_are_told_apart(
    feed: FakeFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = feed._activations
    broken = False

    def activations(layer: int, sample: int) -> Activations:
        seen = answer(layer, sample)
        seen = replace(seen, maps=np.full_like(seen.maps, np.nan))
        return replace(seen, probabilities=np.full_like(seen.probabilities, np.nan)) if broken else seen

    monkeypatch.setattr(feed, "_activations", activations)
    async with showing(feed) as screen:
        await screen.watches()
        await screen.press("2")
        await screen.sees("conv1 is not computed, for no other layer reads it.")
        broken = True
        await screen.sees("12544 not finite", "says nothing: NaN")


def overview_of(*shapes: tuple[int, ...], classes: int) -> FakeFeed:
    """A feed of a network with such layers."""
    rows = [
        LayerRow("layer_" + "x" * 60 + str(i), "conv 1 1x1", "conv", shape, 1, 1, (i - 1,))
        for i, shape in enumerate(shapes)
    ]
    names = tuple(f"class {i} " + "name" * 20 for i in range(classes))
    layers = (*rows, replace(LAYERS[-1], shape=(classes,), inputs=(len(rows) - 1,)))
    return FakeFeed(replace(OVERVIEW, layers=layers, class_names=names), rate=50)


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
@pytest.mark.parametrize("classes", [1, 100])
async def test_odd_networks_are_drawn_within_their_lines(size: tuple[int, int], classes: int) -> None:
    feed = overview_of((1, 1, 1), (512, 7, 7), (300, 1, 1), (1, 1, 90), (3, 90, 1), (2, 200, 200), classes=classes)
    async with showing(feed, size) as screen:
        await screen.watches()
        await screen.press("2")
        for index, shape in enumerate(["1x1x1", "512x7x7", "300x1x1", "1x1x90", "3x90x1", "2x200x200", str(classes)]):
            await screen.sees(f"  {shape}  ")
            for key in ("enter", "down", "pagedown", "escape") if index < 6 and shape.count("x1") < 2 else ("down",):
                await screen.press(key)
                assert {len(line) for line in screen.lines} == {size[0]}
            await screen.press("tab")


async def test_a_terminal_of_one_cell_and_back(feed: FakeFeed) -> None:
    async with showing(feed) as screen:
        await look(screen)
        before = screen.text.splitlines()[2:5]
        await screen.pilot.resize_terminal(1, 1)
        await screen.press("tab", "enter", "v", "v", "escape", "shift+tab")
        await screen.pilot.resize_terminal(80, 24)
        await screen.until(lambda: screen.text.splitlines()[2:3] == before[:1])


async def test_nothing_is_asked_while_another_view_is_in_front(feed: FakeFeed) -> None:
    async with showing(feed) as screen:
        await look(screen, "v")
        await screen.sees("16 kernels")
        await screen.press("1")
        await screen.sees("[1 Train]")
        await screen.pause(0.2)
        asked = feed.asked["AskKernels"], feed.asked["AskActivations"]
        await screen.pause(1.0)
        assert (feed.asked["AskKernels"], feed.asked["AskActivations"]) == asked
