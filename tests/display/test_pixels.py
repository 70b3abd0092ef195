"""Colours of the palette in the place of true ones."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tuicnn.display.pixels import _oklab, averaged, nearest


def test_greys_have_no_hue_and_are_as_light_as_they_are_bright() -> None:
    """What Oklab is made for, and what holds it: white is 1, and every grey lies on the axis of lightness."""
    lab = _oklab(np.repeat(np.arange(256)[:, None], 3, axis=1))
    np.testing.assert_allclose(lab[:, 1:], 0, atol=1e-6)
    np.testing.assert_allclose(lab[[0, -1], 0], [0, 1], atol=1e-6)
    assert np.all(np.diff(lab[:, 0]) > 0)


@given(st.integers(0, 255))
def test_a_grey_is_shown_as_a_grey(value: int) -> None:
    code = int(nearest(np.full(3, value)))
    assert code >= 232 or (code - 16) % 43 == 0  # the ramp, or the diagonal of the 6x6x6 cube


def test_a_mean_is_that_of_what_is_finite() -> None:
    image = np.array([[1.0, np.nan, np.inf, np.nan], [3.0, np.nan, np.nan, np.nan]])
    np.testing.assert_array_equal(averaged(image, 1, 2), [[2.0, np.nan]])
