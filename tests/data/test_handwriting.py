"""A drawing becomes an image as MNIST's were made, wherever and however large it was drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tuicnn.data.handwriting import Stroke, handwritten

FOUR: list[Stroke] = [[(3, 0), (0, 6), (5, 6)], [(4, 3), (4, 10)]]
SEVEN: list[Stroke] = [[(0, 0), (6, 0), (2, 10)]]

places = st.floats(-50, 50)
drawings = st.lists(st.lists(st.tuples(places, places), min_size=1, max_size=6), min_size=1, max_size=4)


@settings(deadline=None, max_examples=40)
@given(drawings, st.floats(0.2, 9), st.tuples(places, places))
def test_size_and_place_of_the_drawing_do_not_matter(
    strokes: list[Stroke], scale: float, shift: tuple[float, float]
) -> None:
    moved = [[(scale * x + shift[0], scale * y + shift[1]) for x, y in stroke] for stroke in strokes]
    if np.ptp(np.concatenate([np.array(stroke) for stroke in strokes]), axis=0).max() < 0.01:
        return  # rounding decides what it looks like
    difference = handwritten(strokes).astype(int) - handwritten(moved)
    assert np.abs(difference).max() <= 2


@settings(deadline=None, max_examples=40)
@given(drawings)
@example([[(0.0, 0.0), (0.0, 1e-308)]])
def test_the_ink_fits_the_box_and_is_not_cut_off(strokes: list[Stroke]) -> None:
    image = handwritten(strokes)[:, :, 0]
    rows, columns = np.nonzero(image)
    longest = 1 + max(np.ptp(rows), np.ptp(columns))
    assert longest <= 22
    assert image.max() > 250
    extent = np.ptp(np.concatenate([np.array(stroke) for stroke in strokes]), axis=0).max()
    assert longest >= (20 if extent > 0 else 2)


@pytest.mark.parametrize("strokes", [FOUR, SEVEN])
def test_the_centre_of_mass_is_the_middle(strokes: list[Stroke]) -> None:
    image = handwritten(strokes)[:, :, 0].astype(float)
    at = np.arange(28) + 0.5
    assert image.sum(axis=0) @ at / image.sum() == pytest.approx(14, abs=0.2)
    assert image.sum(axis=1) @ at / image.sum() == pytest.approx(14, abs=0.2)


def test_a_larger_side_has_black_around_it() -> None:
    assert np.array_equal(handwritten(FOUR, 32), np.pad(handwritten(FOUR), ((2, 2), (2, 2), (0, 0))))


def test_nothing_drawn_is_black_and_a_dot_is_a_dot() -> None:
    assert not handwritten([]).any()
    assert not handwritten([[]]).any()
    dot = handwritten([[(5, 5)]])[:, :, 0]
    assert dot[13:15, 13:15].all()
    assert np.count_nonzero(dot) <= 16
