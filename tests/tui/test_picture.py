"""The image."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray

from tests.tui.drawn import TERMINALS, colours, drawn, pixels, sizes, terminals, unhurried
from tuicnn.display.pixels import GREYS
from tuicnn.display.terminal import TerminalProfile
from tuicnn.tui.widgets.picture import Picture


def picture(image: NDArray[np.uint8] | None, terminal: TerminalProfile | None = None) -> Picture:
    widget = Picture(terminal or TerminalProfile())
    widget.show(image)
    return widget


@given(terminals, sizes, st.integers(0, 40), st.integers(0, 40), st.sampled_from([1, 3]), st.integers(0, 9))
@unhurried
def test_draws_whatever_comes_at_any_size(
    terminal: TerminalProfile, size: tuple[int, int], height: int, width: int, channels: int, seed: int
) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)
    drawn(picture(image, terminal), *size)
    drawn(picture(None, terminal), *size)


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 99))
@unhurried
def test_one_pixel_is_one_half_of_a_cell(height: int, width: int, seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 1), dtype=np.uint8)
    columns, rows = Picture.size_for(height, width, TerminalProfile())
    shown = colours(picture(image), columns, rows)[:height]
    assert np.array_equal(shown, GREYS[np.rint(image[:, :, 0] / 255 * (len(GREYS) - 1)).astype(int)])


@pytest.mark.parametrize("terminal", TERMINALS)
def test_one_bright_pixel_is_bright_there_and_nowhere_else(terminal: TerminalProfile) -> None:
    image = np.zeros((6, 5, 1), np.uint8)
    image[2, 3] = 255
    columns, rows = Picture.size_for(6, 5, terminal)
    widget = picture(image, terminal)
    seen = pixels(widget, columns, rows)[:6]
    across = columns // 5
    white = "@" if terminal.colours == "none" else 15 if terminal.colours == "16" else 231
    assert [tuple(p) for p in np.argwhere(seen == white)] == [(2, 3 * across + i) for i in range(across)]
    assert len(set(seen.ravel())) == 2


def test_colours_are_those_of_the_image_where_the_terminal_can() -> None:
    image = np.array([[[255, 0, 0], [0, 0, 255]], [[0, 0, 0], [255, 255, 255]]], np.uint8)
    exact = colours(picture(image, TerminalProfile(colours="truecolor")), 2, 1)
    assert exact.tolist() == [["#ff0000", "#0000ff"], ["#000000", "#ffffff"]]
    few = colours(picture(image, TerminalProfile(colours="16")), 2, 1)
    assert few.tolist() == [[9, 4], [0, 15]]
    near = colours(picture(image, TerminalProfile(colours="256")), 2, 1)
    assert near.tolist() == [[196, 21], [16, 231]]


def test_a_large_image_keeps_its_proportions_and_its_mean() -> None:
    image = np.zeros((100, 200, 1), np.uint8)
    image[:, ::2] = 255
    shown = colours(picture(image), 20, 20)
    inside = shown != None  # noqa: E711
    grey = shown[:10, :20]
    assert inside[:10].all()
    assert set(grey.ravel()) <= set(GREYS[12:14])  # the mean of black and white
    assert not set(shown[10:].ravel()) & set(GREYS.tolist()[1:])


def test_a_small_image_is_enlarged_by_whole_pixels() -> None:
    image = np.array([[[0], [255]], [[255], [0]]], np.uint8)
    shown = colours(picture(image), 4, 2)
    assert shown.tolist() == np.array([[16, 231], [231, 16]]).repeat(2, 0).repeat(2, 1).tolist()


def test_a_tall_image_stays_tall() -> None:
    shown = colours(picture(np.full((200, 100, 1), 255, np.uint8)), 40, 10)
    assert np.sum(shown == 231, axis=0).tolist() == [20] * 10 + [0] * 30
