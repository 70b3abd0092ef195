"""The Explain view: a person walks from a probability down to pixels and weights, and back from the loss."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from textual.events import Key

from tests.tui.pictures import Picture, app_of, showing
from tests.tui.trained_feed import TrainedFeed
from tuicnn.display.terminal import TerminalProfile
from tuicnn.numbers import aligned
from tuicnn.observing.image import PinnedImage
from tuicnn.observing.specimen import SpecimenState
from tuicnn.specimen.address import Address, parse
from tuicnn.specimen.specimen import Specimen
from tuicnn.training.events import State
from tuicnn.tui.microscope import Sight, look
from tuicnn.tui.screens.explain import ExplainScreen
from tuicnn.tui.views import TABS

SIZES = [(80, 24), (120, 40)]
EXPLAIN = next(tab.key for tab in TABS if tab.mode == "explain")


@pytest.fixture
def trained(tmp_path: Path) -> TrainedFeed:
    return TrainedFeed(tmp_path)


def specimen(feed: TrainedFeed, image: int = 0) -> Specimen:
    return SpecimenState.of(feed.trainer, PinnedImage(image), next_step=True).specimen()


async def opened(screen: Picture, address: str = "") -> None:
    """Go to the view, and to an address."""
    await screen.press(EXPLAIN)
    await screen.sees("frozen")
    if address:
        await typed(screen, address)
        await stands(screen, address)


async def typed(screen: Picture, address: str) -> None:
    await screen.press("colon", *("space" if c == " " else c for c in address), "enter")


async def stands(screen: Picture, address: str) -> None:
    """Wait until this number is open and in sight."""
    brief = address.replace(", ", ",")
    await screen.until(lambda: any(line.startswith(f" {brief} = ") for line in screen.lines))


async def at(screen: Picture, name: str) -> None:
    """Wait until a number of this name is open."""
    await screen.until(lambda: number(screen).startswith(name))


def number(screen: Picture) -> str:
    """The address of the open number."""
    line = next(line for line in screen.lines if ", frozen;" in line or "after epoch" in line)
    return line.split(" = ")[0].strip()


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


@pytest.mark.parametrize("size", SIZES)
async def test_a_step_names_the_images_that_ask_for_it(trained: TrainedFeed, size: tuple[int, int]) -> None:
    found = specimen(trained).explain("batch d conv1.weight[2,0,1,1]")
    largest, _ = found.largest(1)
    async with showing(trained, size) as screen:
        await opened(screen, "step conv1.weight[2,0,1,1]")
        line = next(line for line in screen.lines if "the batch's gradient " in line)
        assert largest[0].label.removeprefix("training ") in line
        assert "others" in line


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
