"""The curves."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from tests.tui.drawn import TERMINALS, drawn, odd_numbers, sizes, terminals, unhurried
from tuicnn.display.axes import axes_of
from tuicnn.display.curves import line_dots, smoothed
from tuicnn.display.terminal import TerminalProfile
from tuicnn.tui.widgets.chart import Chart, ChartMark, Series


def chart(y: Any, terminal: TerminalProfile | None = None, **options: Any) -> Chart:
    widget = Chart(terminal or TerminalProfile(), "loss", **{"smoothing": 0.0, **options})
    y = np.asarray(y, dtype=np.float64)
    widget.show([Series("training", np.arange(len(y)), y)])
    return widget


def dots(lines: list[str]) -> NDArray[np.bool_]:
    """The braille dots (4 rows, 2 columns a cell) of lines."""
    raster = np.zeros((4 * len(lines), 2 * len(lines[0])), dtype=np.bool_)
    bits = {(0, 0): 1, (1, 0): 2, (2, 0): 4, (0, 1): 8, (1, 1): 16, (2, 1): 32, (3, 0): 64, (3, 1): 128}
    for y, line in enumerate(lines):
        for x, character in enumerate(line):
            if 0x2800 <= ord(character) < 0x2900:
                for (down, right), bit in bits.items():
                    raster[4 * y + down, 2 * x + right] = bool((ord(character) - 0x2800) & bit)
    return raster


def texts_of_ticks(lines: list[str]) -> list[str]:
    """The numbers of the vertical axis, from the top."""
    return [line.split("┤")[0].strip() for line in lines if "┤" in line]


series = st.builds(
    lambda y, kind, start: Series("s", np.arange(len(y)) + start, y, kind),
    hnp.arrays(np.float64, st.integers(0, 60), elements=odd_numbers),
    st.sampled_from(["line", "points"]),
    st.sampled_from([0, 3, 10**9]),
)


@given(
    terminals,
    sizes,
    st.lists(series, max_size=4),
    st.lists(odd_numbers, max_size=5),
    st.booleans(),
    st.booleans(),
    st.sampled_from([0.0, 0.9, 0.999]),
)
@unhurried
def test_draws_whatever_comes_at_any_size(
    terminal: TerminalProfile,
    size: tuple[int, int],
    shown: list[Series],
    marks: list[float],
    percent: bool,
    logarithmic: bool,
    smoothing: float,
) -> None:
    widget = Chart(terminal, "loss", percent=percent, logarithmic=logarithmic, smoothing=smoothing)
    widget.show(shown, marks)
    drawn(widget, *size)


def test_the_first_fall_does_not_flatten_what_follows() -> None:
    """With many steps the axis is that of the later ones; on a logarithmic scale, and with few steps, of all."""
    y = np.concatenate([np.linspace(10, 1, 20), np.linspace(0.9, 0.1, 980)])
    largest = [
        float(texts_of_ticks(drawn(chart(y[:n], logarithmic=log), 60, 16))[0])
        for n, log in ((1000, False), (150, False), (1000, True))
    ]
    assert largest[0] <= 1.0
    assert largest[1] >= 10
    assert largest[2] >= 10
    # and what lies above the axis is marked at its edge
    glyphs = TerminalProfile().glyphs
    assert glyphs.above in drawn(chart(y), 60, 16)[1][:20]
    assert glyphs.above not in "".join(drawn(chart(y[:150]), 60, 16))
    assert glyphs.below in drawn(chart(-y), 60, 16)[13][:20]


@pytest.mark.parametrize("terminal", TERMINALS)
def test_before_the_first_step_it_says_so(terminal: TerminalProfile) -> None:
    widget = Chart(terminal, "loss")
    widget.show([])
    assert any("no steps yet" in line for line in drawn(widget, 40, 10))
    widget.show([Series("training", np.zeros(0), np.zeros(0))])
    assert any("no steps yet" in line for line in drawn(widget, 40, 10))


def test_a_rising_line_rises_from_the_lowest_to_the_highest_row() -> None:
    lines = drawn(chart(np.linspace(0, 1, 101)), 60, 16)
    raster = dots(lines[1:14])
    columns = np.flatnonzero(raster.any(0))
    assert np.array_equal(columns, np.arange(columns[0], columns[-1] + 1))
    tops = raster.argmax(0)[columns]
    assert np.all(np.diff(tops) <= 0)
    assert tops[-1] == 0
    assert raster[-1, columns[0]]


def test_one_peak_is_drawn_at_the_top_however_many_points_there_are() -> None:
    y = np.zeros(100_000)
    y[70_000] = 1.0
    raster = dots(drawn(chart(y), 60, 16)[1:14])
    peak = np.flatnonzero(raster[0])
    assert len(peak) in (1, 2)
    axis = np.flatnonzero(raster[-1])
    assert (peak[0] - axis[0]) / (axis[-1] - axis[0]) == pytest.approx(0.7, abs=0.03)


def test_a_gap_in_the_data_is_a_gap_in_the_line() -> None:
    y = np.ones(101)
    y[40:60] = np.nan
    there = dots(drawn(chart(y), 60, 12)[1:-2]).any(0)
    inside = np.flatnonzero(there)
    gap = np.diff(inside).max()
    assert gap / (inside[-1] - inside[0]) == pytest.approx(0.2, abs=0.05)


def test_points_are_marks_and_the_legend_has_each_ones_last_value() -> None:
    widget = Chart(TerminalProfile(), "loss", smoothing=0.0)
    x = np.arange(100)
    widget.show([Series("training", x, 1 / (1 + x)), Series("validation", x[9::30], 2 / (1 + x[9::30]), "points")])
    lines = drawn(widget, 70, 14)
    assert lines[0].startswith("loss  ━ training 0.010  ● validation 0.020")
    assert sum(line.count("●") for line in lines[1:]) == 4


def test_two_lines_can_be_told_apart_without_colours() -> None:
    for terminal in TERMINALS:
        widget = Chart(terminal, "loss", smoothing=0.0)
        x = np.arange(100)
        widget.show([Series("a", x, np.ones(100)), Series("b", x, np.zeros(100))])
        lines = drawn(widget, 60, 12)
        marks = terminal.glyphs.traces
        assert f"{marks[0]} a 1" in lines[0]
        assert f"{marks[1]} b 0" in lines[0]
        gutter = lines[1].index(terminal.glyphs.tee_left) + 1
        if terminal.glyphs.braille:
            solid, dashed = (dots([line[gutter:]]).max(axis=0) for line in (lines[1], lines[-3]))
            there = np.flatnonzero(solid)
            assert solid[: there[-1]].all()
            assert dashed.any()
            assert not dashed[: there[-1]].all()
        else:
            high, low = (set(line[gutter:]) - {" "} for line in (lines[1], lines[-3]))
            assert high
            assert low == {marks[1]} != high


def test_a_percentage_is_written_as_one_and_does_not_go_beyond_100() -> None:
    lines = drawn(chart(np.linspace(0.1, 0.993, 50), percent=True), 60, 14)
    assert "99.3%" in lines[0]
    labels = texts_of_ticks(lines)
    assert labels[0] == "100%"
    assert all(label.endswith("%") for label in labels)
    for top in (1.0, 1.0 + 1e-15, float(np.float32(1) + np.float32(1e-7))):
        assert texts_of_ticks(drawn(chart(np.full(50, top), percent=True), 60, 14))[0] == "100%"


def test_marks_stand_at_their_steps() -> None:
    widget = Chart(TerminalProfile(), "loss")
    widget.show(
        [
            Series("training", np.arange(1001), np.full(1001, np.nan)),
            Series("v", np.array([0, 1000]), np.ones(2), "points"),
        ],
        [500],
    )
    lines = drawn(widget, 61, 12)
    places = {line.index("┊") for line in lines[1:] if "┊" in line}
    ends = sorted(i for line in lines for i, c in enumerate(line[1:], 1) if c == "●" and line is not lines[0])
    assert len(places) == 1
    assert places.pop() == pytest.approx((ends[0] + ends[-1]) / 2, abs=1)


def test_a_logarithmic_axis_has_equal_steps_for_equal_factors() -> None:
    widget = chart(10.0 ** np.linspace(0, -4, 101), logarithmic=True)
    lines = drawn(widget, 60, 20)
    assert lines[0].startswith("loss (log)")
    raster = dots(lines[1:18])
    columns = np.flatnonzero(raster.any(0))
    tops = raster.argmax(0)[columns]
    straight = np.linspace(tops[0], tops[-1], len(tops))
    assert np.abs(tops - straight).max() <= 2
    widget.logarithmic = False
    assert not drawn(widget, 60, 20)[0].startswith("loss (log)")


def test_nothing_above_zero_is_said_where_the_axis_is_logarithmic() -> None:
    assert any("nothing above zero" in line for line in drawn(chart([-1, 0, -2], logarithmic=True), 70, 8))


@given(st.floats(-1e6, 1e6).filter(lambda v: abs(v) > 1e-6 or v == 0), st.floats(1e-4, 1e6), st.integers(8, 30))
@unhurried
def test_the_numbers_of_the_axis_fall_from_top_to_bottom_and_cover_the_data(low: float, span: float, rows: int) -> None:
    span = max(span, abs(low) * 1e-4)
    labels = texts_of_ticks(drawn(chart([low, low + span]), 60, rows))
    numbers = [float(t.replace("k", "e3")) for t in labels]
    assert len(numbers) >= 2
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(labels)) == len(labels)
    slack = 1e-2 * max(abs(n) for n in numbers)
    assert numbers[-1] - slack <= low
    assert numbers[0] + slack >= low + span


@given(
    hnp.arrays(np.float64, st.integers(0, 400), elements=st.one_of(st.floats(-1e3, 1e3), st.just(np.nan))),
    st.floats(0, 0.999),
)
@unhurried
def test_smoothing_is_the_recursion_of_the_textbook(values: NDArray[np.float64], weight: float) -> None:
    mean = share = 0.0
    expected = []
    for value in values:
        known = math.isfinite(value)
        mean = weight * mean + (value if known else 0.0)
        share = weight * share + known
        expected.append(mean / share if known else np.nan)
    assert np.allclose(smoothed(values, weight), expected, rtol=1e-9, atol=1e-9, equal_nan=True)


@given(
    hnp.arrays(np.float64, st.integers(1, 300), elements=st.floats(0, 1)),
    st.integers(0, 9),
    st.integers(2, 80),
    st.integers(2, 40),
)
@unhurried
def test_a_line_is_connected_and_passes_every_point(
    y: NDArray[np.float64], first: int, width: int, height: int
) -> None:
    x = first + np.arange(len(y))
    across = (0.0, float(max(1, x[-1])))
    raster = line_dots(x, y, across, (0.0, 1.0), width, height)
    columns = np.rint(x / across[1] * (width - 1)).astype(int)
    rows = np.rint((1 - y) * (height - 1)).astype(int)
    assert raster[rows, columns].all()
    there = np.flatnonzero(raster.any(0))
    assert np.array_equal(there, np.arange(there[0], there[-1] + 1))
    for left, right in pairwise(there):
        near = np.flatnonzero(raster[:, left])[:, None] - np.flatnonzero(raster[:, right])[None]
        assert np.abs(near).min() <= 1


def test_the_numbers_of_a_logarithmic_axis_are_told_in_full() -> None:
    assert texts_of_ticks(drawn(chart([2.3, 0.004], logarithmic=True), 60, 16)) == ["10", "1", "0.1", "0.01", "0.001"]


def test_the_best_of_several_points_has_a_mark_of_its_own() -> None:
    widget = Chart(TerminalProfile(), "accuracy", percent=True)
    widget.show([Series("validation", np.array([10, 20, 30]), np.array([0.7, 0.9, 0.8]), "points", best=1)])
    lines = drawn(widget, 60, 14)
    best = [(line.index("★"), y) for y, line in enumerate(lines) if "★" in line]
    others = [(x, y) for y, line in enumerate(lines[1:], 1) for x, c in enumerate(line) if c == "●"]
    assert len(best) == 1
    assert len(others) == 2
    assert best[0][1] == min(y for _, y in (*best, *others))


@pytest.mark.parametrize("terminal", TERMINALS)
def test_the_values_of_each_step_stand_behind_the_smoothed_line_and_are_told_apart(terminal: TerminalProfile) -> None:
    y = np.where(np.arange(400) % 2, 0.2, 0.8)
    widget = Chart(terminal, "loss", smoothing=0.98)
    widget.show([Series("training", np.arange(400), y)])
    behind, before = Chart(terminal, "loss", smoothing=0.98), drawn(widget, 60, 14)
    behind.show([Series("training", np.arange(400), y, band=False)])
    alone = drawn(behind, 60, 14)
    gutter = 8
    assert sum(c != " " for line in alone[1:11] for c in line[gutter:]) < sum(
        c != " " for line in before[1:11] for c in line[gutter:]
    )
    # the line itself is drawn as it is without the band
    middle = next(i for i, line in enumerate(alone[1:11], 1) if line[gutter + 20 : gutter + 40].strip())
    assert before[middle][gutter + 20 : gutter + 40] == alone[middle][gutter + 20 : gutter + 40]


@given(st.integers(2, 5000), st.integers(2, 5000))
@unhurried
def test_the_axis_ends_where_no_step_follows(done: int, more: int) -> None:
    for most, end in ((done, done), (done + more, None)):
        axes = axes_of((0.0, float(done)), (0.0, 1.0), 60, 12, most=most)
        assert done <= axes.across[1] <= most
        assert axes.across[1] == end or axes.across[1] <= 1.13 * done + 1


def test_a_point_of_several_steps_is_smoothed_as_these_would_be() -> None:
    """The curve of a long run, thinned to means of four steps, is that of its steps."""
    y = 1 + np.sin(np.arange(4000) / 300)
    steps, means = Chart(TerminalProfile(), "a", smoothing=0.98), Chart(TerminalProfile(), "a", smoothing=0.98)
    steps.show([Series("s", np.arange(4000), y)])
    means.show([Series("s", np.arange(0, 4000, 4), y.reshape(-1, 4).mean(axis=1))])
    one, other = (widget._known[0].values for widget in (steps, means))
    assert np.abs(one[3::4] - other).max() < 0.02


def test_the_cursor_reads_the_values_and_what_happened_at_its_step() -> None:
    widget = Chart(TerminalProfile(), "loss", smoothing=0.0)
    x = np.arange(1, 101)
    widget.show(
        [Series("training", x, x / 100), Series("validation", np.array([50, 100]), np.array([5.0, 7.0]), "points")],
        epochs=[50, 100],
        marks=[ChartMark(60, "r", "rate 0.5")],
        most=100,
    )
    widget.cursor = 60.0
    head, *lines = drawn(widget, 90, 14)
    assert head.startswith("loss  step 60  epoch 2  rate 0.5  ━ training 0.600  ● validation 5.00")
    axis = next(line for line in lines if "└" in line)
    assert "▴" in axis  # the cursor stands where the letter is
    widget.cursor = 20.0
    head, *lines = drawn(widget, 90, 14)
    assert head.startswith("loss  step 20  epoch 1  ━ training 0.200  ● validation –")
    assert "r" in next(line for line in lines if "└" in line)


def test_a_band_is_where_most_of_the_values_are() -> None:
    """Of a thousand steps in a column, the tenth above and the tenth below is left out; of a few, none is."""
    x, y = np.arange(10_000), np.random.default_rng(0).random(10_000)
    for trimmed, top, bottom in ((0.0, 0, 99), (0.1, 10, 89)):
        raster = line_dots(x, y, (0.0, 9999.0), (0.0, 1.0), 10, 100, trimmed)[:, 2:8]
        rows = np.flatnonzero(raster.any(1))
        assert rows[0] == pytest.approx(top, abs=3)
        assert rows[-1] == pytest.approx(bottom, abs=3)
    few = [line_dots(np.arange(30), y[::333][:30], (0.0, 29.0), (0.0, 1.0), 10, 100, t).any(1) for t in (0.0, 0.1)]
    assert few[1].argmax() == few[0].argmax()


def test_where_there_is_little_room_another_run_keeps_its_name() -> None:
    widget = Chart(TerminalProfile(), "loss", smoothing=0.5)
    x = np.arange(100)
    widget.show([Series("training", x, np.ones(100)), Series("mnist-12", x, np.ones(100), role="dim", band=False)])
    assert "train 1.00" in drawn(widget, 37, 9)[0]
    assert "mnist-12 1.00" in drawn(widget, 37, 9)[0]
    assert "mnist 1.00" in drawn(widget, 33, 9)[0]
