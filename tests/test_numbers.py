"""Numbers as texts, and round numbers for axes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicnn.display.axes import decades, snapped, ticks
from tuicnn.display.terminal import TerminalProfile
from tuicnn.display.text import displayable, truncated
from tuicnn.numbers import clock, count, counted, duration, percent, significant, tick_texts


@given(st.floats(-1e12, 1e12) | st.floats(allow_nan=True, allow_infinity=True))
def test_three_digits_in_six_characters_are_about_the_number(number: float) -> None:
    text = significant(number)
    if math.isnan(number):
        assert text == "-"
    elif 0 <= number < 1e300:
        assert len(text) <= 6
        assert float(text) == pytest.approx(number, rel=0.06 if 1e-9 < number < 1e9 else 0.5)


@given(st.floats(0, 1), st.integers(0, 2))
def test_all_is_said_of_all_only(share: float, digits: int) -> None:
    text = percent(share, digits)
    assert text.endswith("%")
    assert float(text[:-1]) == pytest.approx(100 * share, abs=1.01 * 10.0**-digits)
    assert (float(text[:-1]) == 100) == (share == 1)


def test_times_and_counts() -> None:
    assert [clock(s) for s in (0, 42.4, 723, 3723, math.nan)] == ["0:00", "0:42", "12:03", "1:02:03", "-"]
    assert [count(n) for n in (0, 15_690, 33_554_432)] == ["0", "15,690", "33.6 M"]
    assert [duration(s) for s in (8.2, 185, 7800)] == ["8.2 s", "3 min 05 s", "2 h 10 min"]
    assert [counted(n, "thread") for n in (0, 1, 1568)] == ["0 threads", "1 thread", "1,568 threads"]


@given(st.text())
def test_text_from_elsewhere_takes_a_column_a_character(text: str) -> None:
    for terminal in (TerminalProfile(), TerminalProfile(ascii=True)):
        made = displayable(text, terminal)
        assert len(made) == len(text)
        assert made.isprintable()
        assert made.isascii() or not terminal.ascii


def test_what_is_cut_ends_in_an_ellipsis() -> None:
    for terminal, shown in ((TerminalProfile(), "lon…"), (TerminalProfile(ascii=True), "l...")):
        assert truncated("long", 4, terminal) == "long"
        assert truncated("longer", 4, terminal) == shown
        assert truncated("longer", -1, terminal) == ""


@given(st.floats(-1e9, 1e9), st.floats(1e-3, 1e9), st.integers(1, 12))
def test_ticks_are_even_and_cover(low: float, span: float, parts: int) -> None:
    high = low + max(span, abs(low) * 1e-6)
    found = ticks(low, high, parts)
    step = found[1] - found[0]
    assert found[0] <= low + 1e-5 * step
    assert found[-1] >= high - 1e-5 * step
    assert np.allclose(np.diff(found), step, rtol=1e-3)
    assert len(found) <= parts + 2
    assert round(step / 10 ** math.floor(math.log10(step * 1.0001)), 3) in (1, 2, 5)


@given(st.floats(1e-9, 1e6), st.floats(1, 1e9), st.integers(2, 12))
def test_decades_cover(low: float, factor: float, most: int) -> None:
    found = decades(low, low * factor, most)
    assert found[0] <= low * 1.001
    assert found[-1] >= low * factor * 0.999
    assert found == sorted(set(found))
    assert len(found) >= 2


@given(st.floats(1e-12, 1e12), st.floats(1e-12, 1e12))
def test_a_round_bound_holds_its_number_and_stays_put(size: float, later: float) -> None:
    bound = snapped(size)
    assert size * 0.999 <= bound <= 1.5 * size
    assert snapped(bound, bound) == bound
    again = snapped(later, bound)
    assert 0.999 * later <= again <= max(1.7 * later, 0)


def test_texts_of_ticks_can_be_told_apart() -> None:
    assert tick_texts([0.0, 0.5, 1.0]) == ["0.0", "0.5", "1.0"]
    assert tick_texts([0.0, 5000.0, 10000.0]) == ["0", "5k", "10k"]
    assert tick_texts([0.98, 0.99, 1.0], percent=True) == ["98%", "99%", "100%"]
    assert tick_texts([0.98, 0.985, 0.99], percent=True) == ["98.0%", "98.5%", "99.0%"]
