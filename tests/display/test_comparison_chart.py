"""The curves of runs over each other: whatever their values are, and however narrow the terminal is."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
from hypothesis import example, given
from rich.cells import cell_len

from tuicnn.display.comparison_chart import EpochCurve, comparison_lines
from tuicnn.display.terminal import TerminalProfile

values = st.one_of(st.floats(0, 1, allow_subnormal=False), st.floats(width=32, allow_subnormal=False), st.just(np.nan))
shapes = st.tuples(st.integers(1, 4), st.integers(1, 9))


@st.composite
def epoch_curves(draw: st.DrawFn) -> EpochCurve:
    seeds, epochs = draw(shapes)
    rows = draw(st.lists(st.lists(values, min_size=epochs, max_size=epochs), min_size=seeds, max_size=seeds))
    return EpochCurve("run-1", np.array(rows, np.float64))


@example([EpochCurve("run-1", np.array([[0.0, np.inf], [0.0, -np.inf]]))], 40, 10, False)
@given(st.lists(epoch_curves(), min_size=1, max_size=8), st.integers(1, 100), st.integers(1, 20), st.booleans())
def test_any_curves_fit_any_terminal(curves: list[EpochCurve], width: int, height: int, ascii: bool) -> None:
    lines = comparison_lines(curves, width, height, TerminalProfile(ascii=ascii, colours="none"))
    drawn = lines[: -len(curves)]
    assert all(cell_len(line.plain) <= width for line in drawn)
    assert len(drawn) in (0, height)
    if not any(np.isfinite(curve.seeds).any() for curve in curves):
        assert lines == []
    if ascii:
        assert all(line.plain.isascii() for line in lines)


def test_behind_a_mean_is_the_range_of_its_seeds() -> None:
    terminal = TerminalProfile(ascii=True, colours="none")
    spread = EpochCurve("spread", np.array([[0.0, 0.0], [1.0, 1.0]]))
    *drawn, legend = (line.plain for line in comparison_lines([spread], 40, 12, terminal, percent=True))
    rows = [line[6:] for line in drawn[:10]]
    assert all(set(row) == {"."} or set(row) == {":"} for row in rows)
    assert sum(set(row) == {":"} for row in rows) == 1
    assert legend.endswith("spread  50.00%")
