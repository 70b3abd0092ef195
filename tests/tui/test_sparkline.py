"""The values as one line."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from tests.tui.drawn import drawn, odd_numbers, sizes, terminals, unhurried
from tuicnn.display.terminal import TerminalProfile
from tuicnn.numbers import significant
from tuicnn.tui.widgets.sparkline import Sparkline, bucketed

BLOCKS = "▁▂▃▄▅▆▇█"


def line(values: list[float], width: int = 30, terminal: TerminalProfile | None = None, label: str = "") -> str:
    widget = Sparkline(terminal or TerminalProfile(), label)
    widget.show(values)
    return drawn(widget, width, 1)[0]


@given(terminals, sizes, st.lists(odd_numbers, max_size=200), st.sampled_from(["", "accuracy"]))
@unhurried
def test_draws_whatever_comes_at_any_size(
    terminal: TerminalProfile, size: tuple[int, int], values: list[float], label: str
) -> None:
    widget = Sparkline(terminal, label)
    widget.show(values)
    drawn(widget, *size)


def test_spans_the_lowest_to_the_highest_with_the_newest_right() -> None:
    assert line([1, 2, 3, 4, 5, 6, 7, 8]).endswith(f" {BLOCKS} 8.00")
    assert line([8, 1]).endswith(" █▁ 1.00")


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
@unhurried
def test_a_higher_value_is_never_drawn_lower(values: list[float]) -> None:
    blocks = line(values, width=60)[: 60 - len(f" {significant(values[-1])}")].strip()
    heights = [BLOCKS.index(b) for b in blocks]
    pairs = sorted(zip(values, heights, strict=True))
    assert [h for _, h in pairs] == sorted(heights)


def test_what_is_not_finite_is_a_gap() -> None:
    assert line([1, np.nan, np.inf, 3]).endswith("▁  █ 3.00")
    assert line([np.nan]).strip() == "–"
    assert line([]).strip() == "–"


def test_the_label_makes_way_before_the_number() -> None:
    assert line([1, 2], 20, label="loss").startswith("loss ")
    assert "loss" not in line([1, 2], 12, label="loss")
    assert line([1, 2], 5, label="loss").startswith("2.00")


def test_a_loss_that_explodes_leaves_room_for_its_course() -> None:
    assert line([1, 1e33, 7.2e32], 20, label="loss").startswith("loss ")
    assert line([1, 1e33, 7.2e32], 20).endswith("▁█▆ 7.2e32")


@given(st.integers(1, 500), st.integers(1, 60))
def test_many_values_become_means_and_fill_most_of_the_line(count: int, columns: int) -> None:
    values = np.arange(count, dtype=np.float64)
    means = bucketed(values, columns)
    assert len(means) <= columns
    assert len(means) >= min(count, columns) // 2
    assert np.all(np.diff(means) > 0)
    assert values[0] <= means[0]
    assert means[-1] <= values[-1]
