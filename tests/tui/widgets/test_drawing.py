"""The square to draw on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.drawn import drawn, terminals, unhurried
from tuicnn.display.terminal import TerminalProfile
from tuicnn.tui.widgets.drawing import Drawing, Point

points = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=4)


@given(st.lists(points, max_size=4), st.sampled_from([20, 40]))
@unhurried
def test_a_drawing_that_grows_looks_as_one_that_was_there_at_once(strokes: list[list[Point]], side: int) -> None:
    grown, whole = Drawing(TerminalProfile()), Drawing(TerminalProfile())
    for stroke in strokes:
        grown.strokes.append([])
        for point in stroke:
            grown.strokes[-1].append(point)
            grown._inked_pixels(side)
    whole.strokes = strokes
    np.testing.assert_allclose(grown._inked_pixels(side), whole._inked_pixels(side), atol=1e-9)
    if strokes:
        grown.strokes.pop()
        whole = Drawing(TerminalProfile())
        whole.strokes = strokes[:-1]
        np.testing.assert_allclose(grown._inked_pixels(side), whole._inked_pixels(side), atol=1e-9)


@given(terminals, st.integers(0, 90), st.integers(0, 40), points)
@unhurried
def test_it_fits_any_size(terminal: TerminalProfile, width: int, height: int, stroke: list[Point]) -> None:
    widget = Drawing(terminal)
    widget.strokes, widget.pen = [stroke], stroke[-1]
    drawn(widget, width, height)


@pytest.mark.parametrize("height", [10, 21, 22])
def test_what_is_drawn_is_square_in_its_frame(height: int) -> None:
    lines = [line.rstrip() for line in drawn(Drawing(TerminalProfile()), 80, height)]
    frame = [line for line in lines if line]
    assert len(frame[0]) == 2 * (len(frame) - 2) + 2
    assert frame[0][0] == "┌"
    assert frame[-1][0] == "└"
