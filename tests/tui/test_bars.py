"""The probabilities as bars."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from tests.tui.drawn import TERMINALS, cells, drawn, odd_numbers, sizes, terminals, unhurried
from tuicnn.display.terminal import Role, TerminalProfile
from tuicnn.numbers import percent
from tuicnn.tui.widgets.bars import Bars


def bars(terminal: TerminalProfile, probabilities: list[float], names: list[str] | None = None, truth: int = 0) -> Bars:
    widget = Bars(terminal)
    names = [str(i) for i in range(len(probabilities))] if names is None else names
    widget.show(np.array(probabilities, dtype=np.float32), names, truth)
    return widget


@given(
    terminals,
    sizes,
    st.lists(odd_numbers, max_size=30),
    st.lists(st.text(max_size=12), max_size=12),
    st.integers(-1, 30),
)
@unhurried
def test_draws_whatever_comes_at_any_size(
    terminal: TerminalProfile, size: tuple[int, int], values: list[float], names: list[str], truth: int
) -> None:
    with np.errstate(over="ignore"):
        drawn(bars(terminal, values, names, truth), *size)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=10))
@unhurried
def test_a_bar_is_as_long_as_its_share(values: list[float]) -> None:
    room = 60 - 2 - 3 - 7
    for value, line in zip(values, drawn(bars(TerminalProfile(), values), 60, 10), strict=False):
        bar = line[5 : 5 + room]
        eighths = 8 * bar.count("█") + sum(" ▏▎▍▌▋▊▉".index(c) for c in bar if c in "▏▎▍▌▋▊▉")
        assert abs(eighths - value * room * 8) <= 0.51
        assert line.endswith(percent(float(np.float32(value))))  # as they are kept


@pytest.mark.parametrize(("truth", "role"), [(1, "good"), (2, "bad"), (-1, "accent")])
def test_the_bar_of_a_wrong_answer_has_not_the_colour_of_a_right_one(truth: int, role: Role) -> None:
    terminal = TerminalProfile()
    row = cells(bars(terminal, [0.1, 0.7, 0.2], truth=truth), 40, 3)[1]
    assert {style.color for text, style in row if text == "\N{FULL BLOCK}"} == {terminal.style(role).color}


@pytest.mark.parametrize("terminal", TERMINALS)
def test_says_without_colours_what_is_predicted_and_what_is_true(terminal: TerminalProfile) -> None:
    lines = drawn(bars(terminal, [0.1, 0.7, 0.2], ["cat", "dog", "cow"], truth=2), 40, 3)
    glyphs = terminal.glyphs
    assert [glyphs.pointer in line[:2] for line in lines] == [False, True, False]
    assert [glyphs.truth in line[:2] for line in lines] == [False, False, True]
    assert not any(mark in line[:2] for line in lines for mark in (glyphs.check, glyphs.wrong))  # right and wrong
    assert "dog" in lines[1]
    assert "70.0%" in lines[1]


def test_with_few_rows_shows_the_likeliest_and_the_true_one() -> None:
    lines = drawn(bars(TerminalProfile(), [0.05, 0.5, 0.0, 0.3, 0.15], list("abcde"), truth=2), 40, 3)
    assert lines[0].startswith("▸  b")
    assert lines[1].startswith("   d")
    assert lines[2].startswith(" = c")


def test_an_unknown_probability_is_not_the_prediction() -> None:
    lines = drawn(bars(TerminalProfile(), [np.nan, 0.2, 0.1]), 40, 3)
    assert "▸" in lines[1]
    assert "%" not in lines[0]


def test_long_names_are_cut_and_percents_stay() -> None:
    (line,) = drawn(bars(TerminalProfile(), [1.0], ["a very long name of a class indeed"]), 30, 1)
    assert "…" in line
    assert line.endswith("100.0%")
