"""The ranges and the ticks of a chart's axes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tuicnn.display.axes import axes_of, decades, snapped


@example(144.0, 155.0, 12)
@given(st.floats(-300, 300), st.floats(0, 300), st.integers(2, 12))
def test_decades_are_few_and_even_and_cover_the_values_and_no_more(low: float, span: float, most: int) -> None:
    first, last = 10.0**low, 10.0 ** min(low + span, 300)
    found = np.log10(decades(first, last, most))
    assert len(found) <= most + 1
    assert found[0] <= low + 1e-6
    assert found[-1] >= math.log10(last) - 1e-6
    if len(found) > 2:  # the outer ticks are needed
        assert found[1] >= low - 1e-6
        assert found[-2] <= math.log10(last) + 1e-6
    gaps = np.diff(found)
    # powers of ten, or 1, 2, 5 times these; there is none above 1e308
    assert np.allclose(gaps[:-1], gaps[0]) or (gaps < 0.5).all()
    assert gaps[-1] <= gaps[0] + 0.5


@example(5e-324, 1.0)
@given(st.floats(1e-290, 1e300), st.floats(0.1, 1.0))
def test_a_bound_is_round_and_not_much_larger_and_stays_while_it_serves(size: float, share: float) -> None:
    found = snapped(size)
    assert size * (1 - 1e-6) <= found <= max(1e-299, size * 4 / 3 * (1 + 1e-6))
    assert float(f"{found:.1e}") == pytest.approx(found, rel=1e-9, abs=0)
    assert (snapped(share * found, found) == found) == (share >= 0.6)


@pytest.mark.parametrize(("first", "left"), [(0, 0), (1, 0), (40, 0), (60, 60), (90, 90)])
def test_steps_begin_at_zero_unless_most_of_them_are_out_of_sight(first: int, left: int) -> None:
    assert axes_of((first, 100), (0.1, 2.0), 80, 20).across[0] == left


def test_a_decade_with_room_has_ticks_within_it() -> None:
    assert axes_of((0, 100), (0, 1), 80, 12, logarithmic=True).y_texts == ["1", "2", "5", "10"]
    assert axes_of((0, 100), (0, 3), 80, 12, logarithmic=True).y_texts == ["1", "10", "100", "1000"]


@given(st.floats(0, 1e6), st.floats(1, 1e6), st.integers(20, 200))
def test_the_ticks_of_steps_are_even_and_lie_on_their_axis(first: float, span: float, columns: int) -> None:
    axes = axes_of((first, first + span), (0.1, 2.0), columns, 20)
    left, right = axes.across
    assert left <= first
    assert first + span <= right * (1 + 1e-9)
    assert all(left - 1e-6 <= tick <= right * (1 + 1e-6) for tick in axes.x_ticks)
    gaps = np.diff(axes.x_ticks)
    assert len(gaps) == 0 or np.allclose(gaps, gaps[0])
