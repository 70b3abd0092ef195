"""Drawing a digit, and opening an image: what the network sees is what it is asked about."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.tui.drawn import TERMINALS
from tests.tui.pictures import Picture, showing
from tests.worker.fake_feed import OVERVIEW, FakeFeed
from tuicnn.data.handwriting import handwritten
from tuicnn.display.terminal import TerminalProfile
from tuicnn.observing.activations import AskActivations
from tuicnn.observing.image import PinnedImage
from tuicnn.tui.screens.draw import DrawScreen
from tuicnn.tui.screens.view import View
from tuicnn.tui.widgets.drawing import Drawing

SIZES = [(80, 24), (120, 40)]
PLAIN = TerminalProfile(ascii=True, colours="none")


@pytest.fixture
def feed() -> FakeFeed:
    return FakeFeed(rate=50)


async def begin(screen: Picture, view: str = "2") -> Drawing:
    await screen.watches()
    await screen.press(view, "d")
    await screen.until(lambda: isinstance(screen.app.screen, DrawScreen))
    await screen.sees("what the network sees")
    return screen.app.screen.query_one(Drawing)


async def drag(screen: Picture, *cells: tuple[int, int]) -> None:
    """Draw with the mouse over cells of the drawing."""
    await screen.pilot.mouse_down(Drawing, offset=cells[0])
    for cell in cells[1:]:
        await screen.pilot.hover(Drawing, offset=cell)
    await screen.pilot.mouse_up(Drawing, offset=cells[-1])


def asked(screen: Picture) -> np.ndarray:
    """The image that the network was asked about."""
    (question,) = screen.app.watcher._subscribed[screen.app.screen]
    assert isinstance(question, AskActivations)
    return np.frombuffer(base64.b64decode(question.image.pixels), np.uint8).reshape(28, 28, 1)


@pytest.mark.parametrize("view", ["1", "2"])
async def test_a_stroke_of_the_mouse_is_seen_by_the_network_at_once_and_can_be_pinned(
    feed: FakeFeed, view: str
) -> None:
    async with showing(feed, (80, 24)) as screen:
        drawing = await begin(screen, view)
        await drag(screen, (10, 4), (10, 8), (10, 12), (10, 16))
        await screen.sees("says 0 96.4%", "step")
        (stroke,) = drawing.strokes
        assert len(stroke) == 4
        assert {round(x, 3) for x, _ in stroke} == {round(9.5 / 40, 3)}
        await screen.until(lambda: np.array_equal(asked(screen), handwritten(drawing.strokes)))
        await screen.press("enter")
        await screen.until(lambda: isinstance(screen.app.screen, View))
        assert isinstance(screen.app.screen, View)
        assert screen.app.screen.selection.image == PinnedImage.of(handwritten([stroke]))
        await screen.press("2")
        await screen.sees("image  of your own", "says 0")
        assert " it is " not in screen.lines[3]
        await screen.press("n")
        await screen.sees(" of 5,000", line=3)


@pytest.mark.parametrize("terminal", [TERMINALS[0], TERMINALS[3], TERMINALS[-1]])
async def test_arrows_and_space_draw_on_any_terminal(feed: FakeFeed, terminal: TerminalProfile) -> None:
    async with showing(feed, (80, 24), terminal) as screen:
        drawing = await begin(screen)
        x, y = drawing.pen
        await screen.press("left", "space", *["down"] * 3, "pagedown", "space", "up", "up", "space", "right")
        assert [len(stroke) for stroke in drawing.strokes] == [5, 2]
        (first, *_, last), _ = drawing.strokes
        assert first == pytest.approx((x - 0.05, y))
        assert last == pytest.approx((x, y + 0.2))
        await screen.sees("says 0")
        assert len({len(line) for line in screen.lines}) == 1
        assert not terminal.ascii or screen.text.isascii()


async def test_the_pen_stays_inside_and_what_is_drawn_stands_where_it_was_drawn(feed: FakeFeed) -> None:
    async with showing(feed, (80, 24), PLAIN) as screen:
        await begin(screen)
        await screen.press("space", *["up"] * 30, "space")
        await screen.until(lambda: sum("##" in line[1:42] for line in screen.lines) >= 5)
        inked = [line[2:42].index("##") for line in screen.lines[2:] if "##" in line[1:42]]
        assert set(inked) <= {18, 19, 20}


@pytest.mark.parametrize("size", SIZES)
async def test_undo_takes_a_stroke_and_clear_takes_all(feed: FakeFeed, size: tuple[int, int]) -> None:
    async with showing(feed, size) as screen:
        drawing = await begin(screen)
        await drag(screen, (10, 4), (10, 8))
        await drag(screen, (16, 4), (16, 8))
        await screen.press("u")
        assert len(drawing.strokes) == 1
        await screen.until(lambda: np.array_equal(asked(screen), handwritten(drawing.strokes)))
        await screen.press("c")
        await screen.sees("with the mouse, or with arrows and space")
        assert drawing.strokes == []
        await screen.press("u", "enter")
        await screen.until(lambda: isinstance(screen.app.screen, View))
        assert screen.app.screen.selection.image == PinnedImage()  # type: ignore[attr-defined]


async def test_what_was_drawn_before_is_drawn_the_same_after_the_terminal_changed_its_size(feed: FakeFeed) -> None:
    async with showing(feed, (80, 24)) as screen:
        drawing = await begin(screen)
        await drag(screen, (10, 4), (20, 8))
        await screen.sees("says 0")
        before = screen.text
        for size in ((1, 1), (120, 40), (80, 24)):
            await screen.pilot.resize_terminal(*size)
            await screen.pause()
        await screen.until(lambda: screen.text.splitlines()[1:15] == before.splitlines()[1:15])
        assert len(drawing.strokes) == 1


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"input": (3, 32, 32)}, "looks at images of 3 channels"),
        ({"input": (1, 16, 16)}, "looks at 16x16 pixels"),
        ({"class_names": ("shirt", "coat")}, "tells apart shirt, coat"),
    ],
)
async def test_where_no_digit_can_be_drawn_it_says_why_and_opens_a_file(change: dict[str, object], why: str) -> None:
    feed = FakeFeed(replace(OVERVIEW, **change), rate=50)  # type: ignore[arg-type]
    async with showing(feed) as screen:
        await screen.watches()
        await screen.press("2", "d")
        await screen.until(lambda: why.split()[0] in screen.text)
        assert " ".join(why.split()) in " ".join(screen.text.replace("│", " ").split())
        await screen.press("o")
        await screen.sees("Open an image", "enter opens")


async def test_a_file_that_does_not_fit_is_told_and_asked_for_again(
    feed: FakeFeed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    image = np.arange(28 * 28, dtype=np.uint16).reshape(28, 28) % 256
    np.save(tmp_path / "right.npy", image)
    np.save(tmp_path / "wrong.npy", image[:20])
    async with showing(feed, (120, 40)) as screen:
        await begin(screen)
        await screen.press("o")
        await screen.sees("Open an image")
        await screen.press(*"wrong.npy", "enter")
        await screen.sees("but the network takes", "wrong.npy_")
        await screen.press("ctrl+u", *"right.npy", "enter")
        await screen.sees("image  of your own", line=3)
        wanted = PinnedImage.of(image.astype(np.uint8)[:, :, None])
        assert screen.app.screen.selection.image == wanted  # type: ignore[attr-defined]
        Image.fromarray(np.zeros((40, 60, 3), np.uint8)).save(tmp_path / "wide.png")
        await screen.press("o")
        await screen.sees("Open an image")
        await screen.press(*"wide.png", "enter")
        await screen.sees("made grey, scaled from 60x40 to 42x28, cut to the middle 28x28")
        assert screen.app.screen.selection.image == PinnedImage.of(np.zeros((28, 28, 1), np.uint8))  # type: ignore[attr-defined]
        await screen.press("o")
        await screen.sees("Open an image")
        await screen.press("escape")
        await screen.sees("image  of your own", line=3)
