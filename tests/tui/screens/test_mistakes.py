"""The Mistakes view: which classes are taken for which, the images behind a number, and one of them pinned."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.made_predictions import predictions
from tests.tui.pictures import Picture, app_of, showing
from tests.worker.fake_feed import OVERVIEW, FakeFeed
from tuicnn.display.terminal import TerminalProfile
from tuicnn.runs.folder import RunFolder
from tuicnn.training.predictions import Predictions
from tuicnn.tui.app import TrainApp
from tuicnn.tui.selection import Selection
from tuicnn.tui.views import VIEWS

SIZES = [(120, 40), (80, 24), (100, 50), (200, 60), (60, 15)]
DIGIT = str(list(VIEWS).index("mistakes") + 1)

#: 4 is taken for 9 three times, 7 for 2 twice, 0 for 1 once; the others are right
IMAGES = [
    *[(4, 9, 0.7), (4, 9, 0.983), (7, 2, 0.6), (0, 1, 0.55), (4, 9, 0.5), (7, 2, 0.9)],
    *[(label, label, 0.8 + label / 100) for label in range(10) for _ in range(4)],
]


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path)


def epoch(number: int, images: Sequence[tuple[int, int, float]] = IMAGES, classes: int = 10) -> Predictions:
    return predictions(images, classes, number)


@contextlib.asynccontextmanager
async def mistakes(
    feed: FakeFeed,
    folder: RunFolder | None,
    size: tuple[int, int] = (120, 40),
    terminal: TerminalProfile | None = None,
) -> AsyncIterator[Picture]:
    async with showing(app_of(feed, terminal, folder), size) as screen:
        await screen.watches()
        await screen.press(DIGIT)
        yield screen


def trained(epochs: int = 1, **more: object) -> FakeFeed:
    feed = FakeFeed(replace(OVERVIEW, **more))  # type: ignore[arg-type]
    feed.advance(epochs * OVERVIEW.steps_per_epoch)
    return feed


def selection(app: TrainApp) -> Selection:
    return app.screen.selection  # type: ignore[attr-defined, no-any-return]


async def test_before_the_first_epoch_ends_it_says_when_there_is_something(folder: RunFolder) -> None:
    feed = FakeFeed()
    feed.advance(100)
    async with mistakes(feed, folder) as screen:
        await screen.sees("After the first epoch the images that the network gets wrong are here")
        await screen.sees("The first one ends after step 860; this is step 100.")
        await screen.press("enter", "n", "tab", "down", "e", "x")
        folder.predictions.write(epoch(1))
        feed.advance(760)
        await screen.sees("epoch 1", "86.96% right, 6 of 46 validation images wrong")


@pytest.mark.parametrize("size", SIZES)
async def test_the_commonest_confusion_is_chosen_with_its_images(folder: RunFolder, size: tuple[int, int]) -> None:
    folder.predictions.write(epoch(1))
    async with mistakes(trained(), folder, size) as screen:
        await screen.sees("86.96% right, 6 of 46")
        row = next(line for line in screen.lines if "▸ 4" in line)
        assert row[row.index("▸") :].split()[:4] == ["▸", "4", "9", "3"]
        if size != (60, 15):
            assert next(line.split() for line in screen.lines if line.startswith(" 4 ")).count(".") == 8
            await screen.sees("4 said to be 9  3 images", "=4 ▸9 98%", "=4 ▸9 70%", "=4 ▸9 50%")
            shown = screen.text.index
            assert shown("=4 ▸9 98%") < shown("=4 ▸9 70%") < shown("=4 ▸9 50%")


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 15)])
async def test_from_a_number_to_its_images_and_one_of_them_pinned(folder: RunFolder, size: tuple[int, int]) -> None:
    folder.predictions.write(epoch(1))
    feed = trained()
    async with mistakes(feed, folder, size) as screen:
        await screen.press("enter")
        await screen.sees("4 said to be 9  1 of 3  image 1 is said to be 9 98.3%"[: size[0] - 6])
        await screen.until(lambda: "▀" in screen.text)  # the picture came
        assert selection(screen.app).image.number == 1
        await screen.press("n")
        await screen.sees("2 of 3")
        assert selection(screen.app).image.number == 0
        await screen.press("right", "right", "right")
        assert selection(screen.app).image.number == 4
        await screen.press("n")
        assert selection(screen.app).image.number == 1
        await screen.press("enter")
        await screen.sees("[2 Maps]")
        await screen.press("n", "n", "escape")  # and the image that was pinned there is chosen here
        await screen.sees("[4 Mistakes]", "3 of 3")
        await screen.press("escape")
        await screen.sees("enter images", line=-1)
        assert feed.asked["AskImages"] >= 1
        # what n goes through elsewhere are these
        await screen.press("2")
        await screen.sees("[2 Maps]")
        await screen.press("n")
        assert selection(screen.app).image.number == 1


async def test_the_arrows_go_through_the_matrix_and_the_list(folder: RunFolder) -> None:
    folder.predictions.write(epoch(1))
    async with mistakes(trained(), folder) as screen:
        await screen.press("down")
        await screen.sees("7 said to be 2  2 images", "▸ 7      2         2")
        await screen.press("shift+tab", "right", "left")
        await screen.sees("7 said to be 2  2 images", "▸ 7      2         2")
        await screen.press(*["right"] * 5)
        await screen.sees("7 that is right, the least sure first  4 images", "=7 ▸7 87%")
        await screen.press("enter")
        await screen.sees("1 of 4  image 34 is said to be 7 87.0%")
        await screen.press("escape", "left")
        await screen.sees("7 said to be 6  0 images")
        await screen.press("enter")
        await screen.sees("there are no such images", line=1)
        await screen.press("tab", "up", "up")
        await screen.sees("all mistakes, the surest first  6 images", "▸ all")
        await screen.press("down", "down", "down", "down", "down")
        await screen.sees("0 said to be 1  1 image ")


async def test_clicks_choose_and_open(folder: RunFolder) -> None:
    folder.predictions.write(epoch(1))
    async with mistakes(trained(), folder) as screen:
        await screen.sees("4 said to be 9")
        y = next(y for y, line in enumerate(screen.lines) if line.startswith(" 7 "))
        x = screen.lines[y].index("2 ")
        await screen.pilot.click(offset=(x, y))
        await screen.sees("7 said to be 2  2 images")
        await screen.pilot.click(offset=(x, y))
        await screen.sees("7 said to be 2  1 of 2")
        y = next(y for y, line in enumerate(screen.lines) if "=7 ▸2 60%" in line)
        await screen.pilot.click(offset=(screen.lines[y].index("=7 ▸2 60%"), y))
        await screen.sees("2 of 2")
        assert selection(screen.app).image.number == 2
        y = next(y for y, line in enumerate(screen.lines) if "all " in line)
        await screen.pilot.click(offset=(screen.lines[y].index("all "), y))
        await screen.sees("all mistakes, the surest first  6 images")


async def test_the_tables_follow_the_run_but_not_while_images_are_gone_through(folder: RunFolder) -> None:
    folder.predictions.write(epoch(1))
    feed = trained()
    async with mistakes(feed, folder) as screen:
        await screen.sees("epoch 1  last and best")
        await screen.press("enter")
        folder.predictions.write(epoch(2, IMAGES[1:]))
        feed.advance(OVERVIEW.steps_per_epoch)
        await screen.sees("epoch 1", "a newer one is there: esc")
        await screen.press("n")
        await screen.sees("2 of 3")
        await screen.press("escape")
        await screen.sees("epoch 2  last and best", "4 said to be 9  2 images")


async def test_the_best_epoch_is_looked_at_with_its_own_weights(folder: RunFolder) -> None:
    folder.predictions.write(epoch(1, IMAGES[2:]))
    folder.predictions.write(epoch(2))
    async with mistakes(trained(2), folder) as screen:
        await screen.sees("epoch 2  last  86.96% right")
        await screen.press("n")
        assert selection(screen.app).epoch is None
        await screen.press("e")
        await screen.sees("epoch 1  best  90.91% right", "e last epoch")
        await screen.press("n")
        assert selection(screen.app).epoch == 1
        await screen.press("e")
        await screen.sees("epoch 2  last  86.96% right")


async def test_not_one_mistake(folder: RunFolder) -> None:
    folder.predictions.write(epoch(1, IMAGES[6:]))
    async with mistakes(trained(), folder) as screen:
        await screen.sees("100.00% right, 0 of 40 validation images wrong", "Not one image is wrong.")
        await screen.press("n")
        await screen.sees("there are no such images", line=1)
        await screen.press("down", "tab", "right", "down")
        await screen.sees("1 that is right, the least sure first  4 images")


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_many_classes_are_lists_the_weakest_first(folder: RunFolder, size: tuple[int, int]) -> None:
    names = tuple(f"class {number}" for number in range(100))
    images = [(label, label if label % 10 else 99 - label, 0.5 + label / 300) for label in range(99)]
    folder.predictions.write(epoch(1, images, 100))
    async with mistakes(trained(class_names=names), folder, size) as screen:
        await screen.sees("89.90% right, 10 of 99")
        await screen.sees("class 0 ", "class 99")
        await screen.press("tab", "down", "down")
        row = next(line for line in screen.lines if "▸" in line and "0.0%" in line)
        assert row.rstrip().endswith("0.0%")
        await screen.press("end", *["up"] * 3, "enter")
        await screen.sees(" of 1")


@pytest.mark.parametrize("size", [(120, 40), (60, 15)])
@pytest.mark.parametrize("classes", [1, 2, 15, 16])
async def test_names_of_any_length_and_any_number_of_classes_fit_the_screen(
    folder: RunFolder, size: tuple[int, int], classes: int
) -> None:
    names = tuple(f"{'Ä' * 199}{number}" for number in range(classes))
    images = [(label, (label * 7) % classes, 0.9) for label in range(classes)]
    folder.predictions.write(epoch(1, images, classes))
    async with mistakes(trained(class_names=names), folder, size) as screen:
        await screen.sees("epoch 1")
        for key in ("tab", "down", "enter", "n", "escape", "tab", "up", "right"):
            await screen.press(key)
            await screen.pause()
            assert {len(line) for line in screen.lines} == {size[0]}


async def test_classes_that_are_not_those_of_the_run_are_numbered(folder: RunFolder) -> None:
    """The file is of this run, and yet may be one that somebody put there."""
    folder.predictions.write(epoch(1, [(11, 3, 0.9)], 12))
    async with mistakes(trained(), folder) as screen:
        await screen.sees("11 said to be 3  1 image")


async def test_a_damaged_file_is_a_sentence(folder: RunFolder) -> None:
    folder.predictions.write(epoch(1))
    path = folder.predictions.file(1)
    path.write_bytes(path.read_bytes()[:-1])
    async with mistakes(trained(), folder) as screen:
        await screen.until(lambda: "are damaged" in " ".join(screen.text.split()))


async def test_a_run_without_a_folder_has_nothing_to_show() -> None:
    async with mistakes(trained(3), None) as screen:
        await screen.sees("The run ended before its first epoch did")


@pytest.mark.parametrize(
    "terminal",
    [
        TerminalProfile(ascii=True, colours="none"),
        TerminalProfile(ascii=True),
        TerminalProfile(colours="16"),
        TerminalProfile(colours="none"),
    ],
)
async def test_every_terminal_shows_what_is_chosen(folder: RunFolder, terminal: TerminalProfile) -> None:
    folder.predictions.write(epoch(1))
    async with mistakes(trained(), folder, (80, 24), terminal) as screen:
        mark = terminal.glyphs.pointer
        await screen.sees(f"{mark} 4      9         3", f"=4 {mark}9 98%")
        await screen.press("enter")
        await screen.sees("1 of 3")
        if terminal.ascii:
            assert screen.text.isascii()
        if terminal.colours == "none":
            strip = next(s for s in screen.app.screen._compositor.render_strips() if "98%" in s.text)
            assert any("98%" in text and style is not None and style.reverse for text, style, _ in strip)
