"""The Explain view: a person walks from a probability down to pixels and weights, and back from the loss."""

from __future__ import annotations

from dataclasses import replace
from threading import Event

import numpy as np
import pytest
from textual.events import Key

from tests.tui.pictures import showing
from tests.tui.screens.explaining import EXPLAIN, SIZES, at, number, opened, specimen, stands, typed
from tests.tui.trained_feed import TrainedFeed
from tuicnn.display.terminal import TerminalProfile
from tuicnn.numbers import aligned
from tuicnn.specimen.address import Address, parse
from tuicnn.specimen.specimen import Specimen
from tuicnn.tui.microscope import Sight, look


@pytest.mark.parametrize("size", SIZES)
async def test_enter_goes_down_from_the_prediction_to_a_pixel_and_escape_comes_up(
    trained: TrainedFeed, size: tuple[int, int]
) -> None:
    async with showing(trained, size) as screen:
        await opened(screen)
        said = int(specimen(trained).evaluation.end.p.array.argmax())
        way = [f"p[{said}]", f"logits[{said}]", "flatten1", "maxpool1", "relu1", "conv1", "image"]
        for place, name in enumerate(way):
            await at(screen, name)
            trail = screen.lines[2].split()[::2]
            assert trail[-1] == number(screen)
            assert "…" in trail[0] or len(trail) == place + 1
            value = specimen(trained).explain(number(screen)).value
            assert f" = {value + 0.0:.6g} " in screen.text
            await screen.press("enter")
        _, row, column = parse(number(screen)).index
        stored = trained.trainer.dataset.val_images[0, row, column, 0]
        assert f"stored as {stored} of 255" in screen.text
        await screen.sees("is made of no other numbers")
        for name in reversed(way[:-1]):
            await screen.press("escape")
            await at(screen, name)


@pytest.mark.parametrize("size", SIZES)
async def test_a_convolution_is_window_times_kernel_and_the_arrows_move_the_pixel(
    trained: TrainedFeed, size: tuple[int, int]
) -> None:
    found = specimen(trained)
    async with showing(trained, size) as screen:
        await opened(screen, "conv1[2,4,5]")
        assert "a 3x3 window of the image times kernel 2" in screen.text
        kernel = found.numbers(replace(found.explain("conv1.weight[2,0,0,0]").address))
        assert kernel is not None
        window, weights = found.image[0, 3:6, 4:7].astype(float), kernel[2, 0].astype(float)
        for figures in (window, weights, window * weights):
            texts = [text.strip() for text in aligned(list(figures.reshape(-1)))]
            rows = [line.replace("[", " ").replace("]", " ").split() for line in screen.lines]
            for i in range(3):
                assert any(set(texts[3 * i : 3 * i + 3]) <= set(row) for row in rows)
        await screen.press("right", "down", "down")
        await stands(screen, "conv1[2,6,6]")
        await screen.sees("5-7")
        await screen.press(*["up"] * 9, *["left"] * 9)
        await stands(screen, "conv1[2,0,0]")  # it stays within the map; the window lies over the padding
        await screen.sees("5 zeros of the padding")
        await screen.press("c")
        await stands(screen, "conv1[0,0,0]")
        await screen.press("C")
        await stands(screen, "conv1[2,0,0]")


async def test_tab_chooses_a_part_enter_opens_it_and_x_its_weight(trained: TrainedFeed) -> None:
    async with showing(trained, (120, 40)) as screen:
        await opened(screen, "dense1[1]")
        parts = specimen(trained).explain("dense1[1]").parts
        ordered = sorted(parts, key=lambda part: -abs(part.contribution))
        learnt = [part for part in ordered if part.factor_address is not None]
        await screen.press("home")
        await at(screen, "p[")
        await typed(screen, "dense1[1]")
        await stands(screen, "dense1[1]")
        await screen.press("x")
        await stands(screen, str(learnt[0].factor_address))
        await screen.press("escape", "tab", "enter")
        await at(screen, "flatten1[")


async def test_b_turns_to_the_gradient_and_of_a_weight_to_its_next_step(trained: TrainedFeed) -> None:
    async with showing(trained, (120, 40)) as screen:
        await opened(screen, "conv1[2,4,5]")
        await screen.press("b")
        await stands(screen, "d conv1[2,4,5]")
        await screen.press("b")
        await stands(screen, "conv1[2,4,5]")
        await typed(screen, "conv1.weight[2,0,1,1]")
        weight = "conv1.weight[2,0,1,1]"
        for side in ("", "d ", "batch d ", "step ", ""):
            await stands(screen, side + weight)
            if side == "step ":
                await screen.sees("the batch's gradient", "exp_avg after it", "moved by", "adam moves it")
            await screen.press("b")


async def test_an_address_that_is_none_is_told_what_to_write(trained: TrainedFeed) -> None:
    async with showing(trained, (120, 40)) as screen:
        await opened(screen)
        await typed(screen, "conv1(2,4,5)")
        await screen.sees("write conv1[2, 4, 5]")
        await screen.press("ctrl+u", *"conv1[9,4,5]", "enter")
        await screen.sees("conv1 has 3 channels, 0 to 2")
        await screen.press("escape")
        await screen.until(lambda: "address:" not in screen.text)
        assert number(screen).startswith("p[")


async def test_a_click_opens_moves_and_comes_up(trained: TrainedFeed) -> None:
    async with showing(trained, (120, 40)) as screen:
        await opened(screen, "conv1[2,4,5]")
        line = next(y for y, text in enumerate(screen.lines) if "conv1[2], arrows" in text)
        left = screen.lines[line].index("conv1[2], arrows")
        await screen.pilot.click(offset=(left + 2, line + 2))
        await screen.until(lambda: number(screen).startswith("conv1[2,") and number(screen) != "conv1[2,4,5]")
        y = next(y for y, text in enumerate(screen.lines) if "sum of these" in text)
        await screen.pilot.click(offset=(5, y - 1))
        await at(screen, "image[0,")
        await screen.pilot.click(offset=(2, 2))
        await at(screen, "p[")


@pytest.mark.parametrize("terminal", [TerminalProfile(ascii=True, colours="none"), TerminalProfile(ascii=True)])
async def test_ascii_stays_ascii(trained: TrainedFeed, terminal: TerminalProfile) -> None:
    async with showing(trained, (120, 40), terminal) as screen:
        await opened(screen)
        for _ in range(6):
            await screen.press("enter")
            await screen.pause(0.05)
            assert screen.text.isascii()
        await screen.press("slash", *"conv1.weight/exp_avg[2,0,1,1]", "enter")
        await stands(screen, "conv1.weight/exp_avg[2,0,1,1]")
        await screen.press("b")
        await stands(screen, "step conv1.weight/exp_avg[2,0,1,1]")
        await typed(screen, "step conv1.weight[2,0,1,1]")
        await screen.sees("moved by")
        assert screen.text.isascii()


async def test_keys_that_come_faster_than_numbers_open_are_not_lost(trained: TrainedFeed) -> None:
    async with showing(trained, (120, 40)) as screen:
        await opened(screen)
        await screen.press("1", EXPLAIN, "enter")
        await at(screen, "logits")
        await screen.press("enter", "enter", "1", EXPLAIN, "colon", *"step", "space", *"conv1.weight[2,0,1,1]", "enter")
        await stands(screen, "step conv1.weight[2,0,1,1]")
        assert trained.acted == []
        await screen.press(*["enter"] * 3)
        await at(screen, "batch[")


async def test_a_terminal_that_changes_its_size_shows_what_fits(trained: TrainedFeed) -> None:
    async with showing(trained, (120, 40)) as screen:
        await opened(screen, "conv1[2,4,5]")
        assert "conv1.weight[2,0]" in screen.text
        assert "conv1[2], arrows move it" in screen.text
        for size in ((1, 1), (30, 8)):
            await screen.pilot.resize_terminal(*size)
            await screen.pause(0.1)
            assert {len(line) for line in screen.lines} == {size[0]}
        await screen.pilot.resize_terminal(80, 24)
        await stands(screen, "conv1[2,4,5]")
        await screen.sees("products", "sum of these", "image[0]")
        assert {len(line) for line in screen.lines} == {80}


@pytest.mark.parametrize("seed", range(3))
async def test_no_order_of_keys_breaks_it(trained: TrainedFeed, seed: int) -> None:
    """Every key at any moment; what is seen is the number at the end of the trail."""
    random = np.random.default_rng(seed)
    keys = ["enter"] * 6 + ["escape"] * 2 + ["b"] * 3 + ["tab", "shift+tab", "x", "c", "C", "n", "p", "s", "f", "home"]
    keys += ["up", "down", "left", "right", "pageup", "pagedown", "[", "]", "1", EXPLAIN, EXPLAIN]
    async with showing(trained, SIZES[seed % 2]) as screen:
        await opened(screen)
        for key in random.choice(keys, 60):
            await screen.press(key)
        await screen.press(EXPLAIN)
        await screen.sees("frozen")
        await screen.until(lambda: screen.lines[2].rstrip().endswith(number(screen)))
        assert specimen(trained, 0).names.resolve(parse(number(screen)))


async def test_keys_that_come_at_once_are_done_one_after_the_other(trained: TrainedFeed) -> None:
    async with showing(trained, (120, 40)) as screen:
        await opened(screen)
        for key in ["enter"] * 5:
            screen.app.post_message(Key(key, None))
        await at(screen, "conv1[")
        assert screen.lines[2].count(" < ") == 5


async def test_escape_comes_up_at_once_while_something_is_computed(
    trained: TrainedFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = Event()

    def slow(found: Specimen, address: Address, names: tuple[str, ...]) -> Sight:
        if address.batch:
            assert go_on.wait(20)
        return look(found, address, names)

    monkeypatch.setattr("tuicnn.tui.sight_loader.look", slow)
    async with showing(trained, (120, 40)) as screen:
        await opened(screen)
        await screen.press("colon", *"batch", "space", "d", "space", *"dense1.bias[1]", "enter")
        await screen.sees("computing batch d dense1.bias[1]")
        await screen.press("escape")
        await screen.until(lambda: screen.lines[2].strip().startswith("p[") and " < " not in screen.lines[2])
        go_on.set()
        await screen.press("enter")
        await at(screen, "logits")
