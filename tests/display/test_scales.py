"""The scale of feature maps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from tuicnn.display.pixels import NONE
from tuicnn.display.scales import Scale, medians_as_zero

values = hnp.arrays(np.float64, 40, elements=st.floats(-1, 1))


def test_it_ends_where_one_size_in_a_hundred_is_larger() -> None:
    sizes = np.concatenate([np.linspace(0.5, 1.0, 995), np.full(5, 50.0)])
    assert Scale.of(sizes).end <= 1.2
    assert Scale.of(-sizes) == Scale(Scale.of(sizes).end, signed=True)


def test_zeros_do_not_count_so_that_what_is_rare_is_seen() -> None:
    sparse = np.zeros(1000)
    sparse[7] = 3.0
    assert Scale.of(sparse).end == 3.0


def test_nothing_and_zeros_and_what_is_not_finite_have_a_scale() -> None:
    for nothing in (np.zeros(0), np.zeros(9), np.full(9, np.nan), np.array([np.inf, -np.inf])):
        scale = Scale.of(nothing)
        assert (scale.end, scale.signed) == (1.0, False)
        assert scale.levels(nothing, 13).shape == nothing.shape


@given(values)
def test_it_stays_while_it_serves(first: Any) -> None:
    scale = Scale.of(first)
    assert Scale.of(0.9 * first, scale).end == scale.end or not np.any(first)
    assert Scale.of(np.abs(first), Scale(scale.end, signed=True)).signed


@pytest.mark.parametrize("signed", [False, True])
def test_zero_is_the_level_of_zero_and_the_ends_are_the_ends(signed: bool) -> None:
    scale = Scale(2.0, signed)
    count = 13 if signed else 11
    low, zero, high = scale.levels(np.array([-5.0, 0.0, 5.0]), count)
    assert (low, zero, high) == (0, count // 2 if signed else 0, count - 1)


@given(values)
def test_levels_rise_with_the_values_and_mirror_them(found: Any) -> None:
    scale = Scale(1.0, signed=True)
    levels = scale.levels(np.sort(found), 13)
    assert np.all(np.diff(levels) >= 0)
    sizes = np.abs(found) + 1e-3  # none on the edge of two levels by chance
    above, below = scale.levels(sizes, 13), scale.levels(-sizes, 13)
    assert np.all(np.abs(above + below - 12) <= 1)


places = hnp.arrays(np.float64, 40, elements=st.floats(0, 13))


@given(places, hnp.arrays(np.float64, 40, elements=st.floats(-0.34, 0.34)), hnp.arrays(np.bool_, 40))
def test_a_level_is_left_only_for_one_that_is_well_reached(before: Any, drift: Any, unknown: Any) -> None:
    """A value may go beyond its level by a third of one; what was not finite is drawn as it is."""
    scale = Scale(2.0, signed=True)

    def values_at(place: Any) -> NDArray[np.float64]:
        bent = np.clip(place / 6.5 - 1, -1, 1)
        return np.asarray(2.0 * np.sign(bent) * np.abs(bent) ** (1 / 0.8))

    first = scale.levels(values_at(before), 13)
    assert np.abs(first + 0.5 - before).max() <= 0.5 + 1e-6
    assert np.array_equal(scale.levels(values_at(before + drift), 13, first), first)
    lost = np.where(unknown, np.nan, values_at(before))
    assert np.array_equal(scale.levels(values_at(before), 13, scale.levels(lost, 13)), first)
    assert np.array_equal(scale.levels(lost, 13, first) == NONE, unknown)
    far = np.where(np.arange(40) < 10, (before + 6.5) % 13, before)  # a quarter of the picture is another one
    assert np.array_equal(scale.levels(values_at(far), 13, first)[:10], scale.levels(values_at(far), 13)[:10])


@given(hnp.arrays(np.float32, (3, 4, 5), elements=st.floats(-9, 9, width=32)), st.floats(-50, 50, width=32))
def test_what_a_bias_adds_to_a_channel_does_not_matter_without_its_median(maps: Any, bias: float) -> None:
    moved = maps + np.array([bias, 0, -bias], np.float32)[:, None, None]
    np.testing.assert_allclose(medians_as_zero(moved), medians_as_zero(maps), atol=1e-4)
    assert np.allclose(np.median(medians_as_zero(maps), axis=(1, 2)), 0, atol=1e-5)


def test_a_median_is_that_of_the_finite_values() -> None:
    maps = np.array([[[1.0, np.nan, 3.0, 2.0]], [[np.nan] * 4]], np.float32)
    found = medians_as_zero(maps)
    assert found[0].tolist()[0][::2] == [-1.0, 1.0]
    assert np.isnan(found[0, 0, 1])
    assert np.isnan(found[1]).all()
    assert (Scale().levels(found.astype(np.float64), 5) == NONE).sum() == 5


def test_the_median_of_the_largest_numbers_is_one_of_them() -> None:
    most = np.float32(3e38)
    assert np.array_equal(medians_as_zero(np.full((1, 2, 2), most)), np.zeros((1, 2, 2)))
