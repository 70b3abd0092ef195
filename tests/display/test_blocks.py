"""Values as the heights of blocks in a line."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from tests.tui.drawn import odd_numbers, terminals, unhurried
from tuicnn.display.blocks import bar, bucketed, sparks
from tuicnn.display.glyphs import UNICODE
from tuicnn.display.terminal import TerminalProfile

BLOCKS = UNICODE.levels


def line(values: list[float], cells: int = 30, terminal: TerminalProfile | None = None) -> str:
    return sparks(np.array(values, np.float64), cells, (terminal or TerminalProfile()).glyphs)


@given(terminals, st.integers(0, 70), st.lists(odd_numbers, max_size=200))
@unhurried
def test_whatever_comes_fits(terminal: TerminalProfile, cells: int, values: list[float]) -> None:
    assert len(line(values, cells, terminal)) <= cells
    for value in values:
        assert len(bar(value, cells, terminal.glyphs)) <= cells


def test_it_spans_the_lowest_to_the_highest_with_the_newest_right() -> None:
    assert line([1, 2, 3, 4, 5, 6, 7, 8]) == BLOCKS
    assert line([8, 1]) == "█▁"
    assert line([1, 1e33, 7.2e32]) == "▁█▆"


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
@unhurried
def test_a_higher_value_is_never_drawn_lower(values: list[float]) -> None:
    heights = [BLOCKS.index(b) for b in line(values)]
    pairs = sorted(zip(values, heights, strict=True))
    assert [h for _, h in pairs] == sorted(heights)


def test_what_is_not_finite_is_a_gap() -> None:
    assert line([1, np.nan, np.inf, 3]) == "▁  █"
    assert line([np.nan]) == line([]) == ""
    assert bar(np.nan, 8, UNICODE) == ""


@given(st.floats(0, 1), st.integers(1, 40))
def test_a_bar_is_as_long_as_its_share(share: float, cells: int) -> None:
    drawn = bar(share, cells, UNICODE)
    halves = sum(2 - UNICODE.thick.index(c) for c in drawn)
    assert abs(halves / 2 - share * cells) <= 1 / 4 + 1e-9


@given(st.integers(1, 500), st.integers(1, 60))
def test_many_values_become_means_and_fill_most_of_the_line(count: int, columns: int) -> None:
    values = np.arange(count, dtype=np.float64)
    means = bucketed(values, columns)
    assert len(means) <= columns
    assert len(means) >= min(count, columns) // 2
    assert np.all(np.diff(means) > 0)
    assert values[0] <= means[0]
    assert means[-1] <= values[-1]
