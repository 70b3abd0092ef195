"""The feature maps: small pictures, one in full, and the values of layers that have none."""

from __future__ import annotations

import re
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp

from tests.tui.drawn import TERMINALS, drawn, odd_numbers, pixels, sizes, terminals, unhurried
from tuicnn.display.palettes import Palette, palette
from tuicnn.display.pixels import NONE, averaged
from tuicnn.display.terminal import TerminalProfile
from tuicnn.tui.widgets.lines import LineWidget
from tuicnn.tui.widgets.maps import Maps
from tuicnn.tui.widgets.one_map import OneMap
from tuicnn.tui.widgets.vector import Vector

PLAIN = TerminalProfile(colours="none", ascii=True)


def maps(values: Any, terminal: TerminalProfile | None = None, **how: Any) -> Maps:
    widget = Maps(terminal or TerminalProfile())
    widget.show(np.asarray(values, dtype=np.float32), **how)
    return widget


def vector(values: Any, terminal: TerminalProfile | None = None, **how: Any) -> Vector:
    widget = Vector(terminal or TerminalProfile())
    widget.show(np.asarray(values, dtype=np.float32), **how)
    return widget


def one_map(values: Any, cursor: tuple[int, int], terminal: TerminalProfile | None = None, **how: Any) -> OneMap:
    widget = OneMap(terminal or TerminalProfile())
    widget.show(np.asarray(values, dtype=np.float32), cursor, "conv1[2]", **how)
    return widget


def shown(code: int, terminal: TerminalProfile) -> Any:
    """What `pixels` has for a code."""
    return None if code == NONE else chr(code) if terminal.colours == "none" else code


def width_of(terminal: TerminalProfile) -> int:
    return 1 if terminal.half_blocks else 2


shapes = st.one_of(st.tuples(st.integers(1, 40)), st.tuples(st.integers(1, 20), st.integers(1, 30), st.integers(1, 30)))


@given(terminals, sizes, shapes, st.integers(0, 400), st.booleans(), st.data())
@unhurried
def test_draws_whatever_comes_at_any_size(
    terminal: TerminalProfile, size: tuple[int, int], shape: tuple[int, ...], chosen: int, median: bool, data: Any
) -> None:
    with np.errstate(over="ignore"):
        values = data.draw(hnp.arrays(np.float64, shape, elements=odd_numbers)).astype(np.float32)
    chosen %= len(values)
    widgets: list[LineWidget]
    if values.ndim == 1:
        widgets = [vector(values, terminal, chosen=chosen)]
    else:
        cursor = (chosen % shape[1], chosen % shape[2])
        widgets = [
            maps(values, terminal, chosen=chosen, median=median),
            one_map(values[chosen], cursor, terminal, median=median),
        ]
    for widget in widgets:
        drawn(widget, *size)
    if values.ndim == 3:
        first, last = widgets[0].on_screen  # type: ignore[attr-defined]
        assert first <= chosen < last


def test_nothing_is_said_to_be_nothing() -> None:
    for widget in (Maps(PLAIN), Vector(PLAIN)):
        assert "nothing to show" in drawn(widget, 40, 5)[0]


@pytest.mark.parametrize("terminal", TERMINALS)
def test_one_bright_pixel_is_bright_there_and_nowhere_else(terminal: TerminalProfile) -> None:
    values = np.zeros((2, 26, 26))
    values[1, 5, 7] = 3.0
    found: Palette = palette(terminal, False)
    across, top = width_of(terminal), 4 if terminal.half_blocks else 2  # below the legend and the numbers
    seen = pixels(maps(values, terminal), 60 * across, 30)[top:]
    bright = np.argwhere(seen == shown(int(found.codes[-1]), terminal))
    assert [tuple(place) for place in bright] == [(5, 26 * across + 1 + 7 * across + i) for i in range(across)]
    assert np.sum(seen != None) == across  # noqa: E711


@pytest.mark.parametrize("terminal", TERMINALS)
def test_zero_is_the_ground_and_signs_differ(terminal: TerminalProfile) -> None:
    values = np.zeros((1, 8, 8))
    values[0, 2, 3], values[0, 5, 6] = 4.0, -4.0
    codes = palette(terminal, True).codes
    seen = pixels(maps(values, terminal), 40, 30)[4 if terminal.half_blocks else 2 :]
    ends = {shown(int(code), terminal) for code in (codes[0], codes[-1])}
    assert len(ends) == 2
    assert set(seen.ravel()) == ends | {None}


def test_all_maps_share_one_scale() -> None:
    values = np.stack([np.full((4, 4), 1.0), np.full((4, 4), 8.0)])
    seen = pixels(maps(values), 40, 20)[4:]
    codes = palette(TerminalProfile(), False).codes.tolist()
    levels = sorted(codes.index(code) for code in set(seen.ravel()) if code in codes)
    assert len(levels) == 2
    assert levels[0] < 6
    assert levels[1] == len(codes) - 1


def test_a_bias_floods_a_map_unless_its_median_is_zero() -> None:
    values = np.full((2, 9, 9), -1.0)
    values[0], values[0, 4, 4], values[1, 2, 2] = 1.0, 3.0, -3.0
    raw, centred = (pixels(maps(values, median=median), 40, 20)[4:] for median in (False, True))
    assert np.sum(raw != None) == 81 * np.sum(centred != None) > 0  # noqa: E711
    assert "below its median" in drawn(maps(values, median=True), 60, 20)[0]


def test_the_median_stays_where_nothing_is_below_zero() -> None:
    values = np.full((1, 9, 9), 2.0)
    assert pixels(maps(values, median=True), 40, 20).tolist() == pixels(maps(values), 40, 20).tolist()
    assert "median" not in drawn(maps(values, median=True), 60, 20)[0]


def test_the_legend_has_the_scale_in_words_and_how_many_channels_are_shown() -> None:
    legend = drawn(maps(np.linspace(-0.4, 3, 64 * 64).reshape(64, 8, 8)), 80, 12)[0]
    assert legend.startswith("-3 or less ")
    assert " 3 or more " in legend
    assert re.search(r" 0 to \d+ of 64 channels", legend)
    assert drawn(maps(np.ones((8, 4, 4))), 60, 20)[0].rstrip().endswith("  8 channels")


def test_the_scale_stays_while_the_values_move_within_it() -> None:
    widget = maps(np.full((1, 2, 2), 0.9))
    before = drawn(widget, 40, 8)[0]
    for value in (0.95, 0.7, 0.99):
        widget.show(np.full((1, 2, 2), value, dtype=np.float32))
        assert drawn(widget, 40, 8)[0] == before
    widget.show(np.full((1, 2, 2), 7.0, dtype=np.float32))
    assert drawn(widget, 40, 8)[0] != before


def test_what_is_not_finite_is_said_and_seen() -> None:
    values = np.zeros((1, 6, 6))
    values[0, 0, 0], values[0, 5, 5] = np.nan, np.inf
    assert "2 not finite" in drawn(maps(values), 60, 20)[0]
    assert drawn(maps(values, PLAIN), 60, 8)[2].startswith("??")
    assert "nan" in drawn(one_map(values[0], (0, 0), PLAIN), 60, 8)[0]


def test_the_chosen_map_is_marked_and_its_page_is_in_sight() -> None:
    seen: set[str] = set()
    widget, chosen = maps(np.ones((40, 12, 12))), 0
    while chosen < 40:
        widget = maps(np.ones((40, 12, 12)), chosen=chosen)
        lines = drawn(widget, 50, 16)
        seen |= set(" ".join(lines[1:]).split())
        assert f"▸{chosen}" in " ".join(lines)
        first, last = widget.on_screen
        assert first == chosen
        chosen = last
    assert {str(i) for i in range(40)} <= seen | {text.strip("▸") for text in seen}


@given(hnp.arrays(np.float64, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.floats(-9, 9)), st.data())
def test_scaling_down_keeps_the_mean_and_stays_within_the_values(image: Any, data: st.DataObject) -> None:
    height, width = (data.draw(st.integers(1, n)) for n in image.shape)
    small = averaged(image, height, width)
    assert small.shape == (height, width)
    assert small.mean() == pytest.approx(image.mean(), abs=1e-9)
    assert image.min() - 1e-9 <= small.min() <= small.max() <= image.max() + 1e-9


def test_scaling_down_leaves_out_what_is_not_finite() -> None:
    image = np.array([[1.0, np.nan, 5.0, 5.0], [3.0, np.inf, 5.0, 5.0]])
    assert averaged(image, 1, 2).tolist() == [[2.0, 5.0]]
    assert np.isnan(averaged(np.full((4, 4), np.nan), 2, 2)).all()


@pytest.mark.parametrize("terminal", TERMINALS)
def test_what_is_drawn_is_always_the_newest(terminal: TerminalProfile) -> None:
    first, second = np.random.default_rng(0).random((2, 3, 8, 8))
    widget = maps(first, terminal)
    before = drawn(widget, 60, 12), pixels(widget, 60, 12).tolist()
    widget.show(second.astype(np.float32))
    after = drawn(widget, 60, 12), pixels(widget, 60, 12).tolist()
    anew = maps(second, terminal)
    assert after == (drawn(anew, 60, 12), pixels(anew, 60, 12).tolist())
    assert after != before


# -- one map in full


@pytest.mark.parametrize("terminal", TERMINALS)
@pytest.mark.parametrize(("height", "width"), [(8, 8), (28, 28), (60, 90)])
def test_the_cursor_is_at_its_pixel_between_its_marks_and_its_value_is_told(
    terminal: TerminalProfile, height: int, width: int
) -> None:
    values = np.arange(height * width, dtype=float).reshape(height, width)
    row, column = height // 2 + 1, width // 3
    widget = one_map(values, (row, column), terminal)
    lines = drawn(widget, 70, 24)
    assert lines[0].startswith(f"conv1[2] = {int(values[row, column])}")
    over = lines[2].index("v")
    before = {y for y, line in enumerate(lines[3:], 3) if line[0] == terminal.glyphs.pointer}
    assert before
    if terminal.colours != "none":
        places = np.argwhere(pixels(widget, 70, 24) == palette(terminal, False).cursor)
        per = 2 if terminal.half_blocks else 1
        assert {int(y) // per for y, _ in places} == before
        assert places[:, 1].min() <= over <= places[:, 1].max()


def test_a_small_map_is_enlarged_by_a_whole_number_and_a_large_one_fits() -> None:
    values = np.zeros((5, 5))
    values[0, 0] = 1.0
    seen = pixels(one_map(values, (4, 4)), 30, 18)[6:, 2:]
    bright = np.argwhere(seen == palette(TerminalProfile(), False).codes[-1])
    times = 1 + bright.max()
    assert times >= 2
    assert len(bright) == times**2


# -- values without maps


def test_a_short_vector_has_its_numbers_and_bars_to_both_sides_of_zero() -> None:
    lines = drawn(vector([-2.0, 0.0, 4.0], chosen=1), 50, 8)[1:]
    assert [line.split()[0] for line in lines[:3]] == ["0", "▸1", "2"]
    assert [line.split()[-1] for line in lines[:3]] == ["-2", "0", "4"]
    assert [line.index("│") for line in lines[:3]] == [lines[0].index("│")] * 3
    assert lines[0].index("█") < lines[0].index("│") < lines[2].index("█")
    assert lines[2].count("█") == pytest.approx(2 * lines[0].count("█"), abs=1)
    assert "█" not in lines[1]


@pytest.mark.parametrize("terminal", TERMINALS)
def test_a_long_vector_is_a_grid_with_each_value_in_its_place(terminal: TerminalProfile) -> None:
    values = np.zeros(128)
    values[37] = 1.0
    widget = vector(values, terminal, chosen=5)
    lines = drawn(widget, 40, 12)
    assert "[5] = 0" in lines[0]
    assert [line.split()[0] for line in lines[1:9]] == [str(i) for i in range(0, 128, 16)]
    bright = shown(int(palette(terminal, False).codes[-1]), terminal)
    per = 2 if terminal.half_blocks else 1
    places = np.argwhere(pixels(widget, 40, 12)[per:, 4:] == bright)
    assert {(int(y) // per, int(x)) for y, x in places} == {(2, 10), (2, 11)}


def test_the_chosen_value_of_a_long_vector_is_in_sight() -> None:
    lines = drawn(vector(np.arange(3000.0), chosen=2990), 60, 10)
    assert "[2990] = 2990" in lines[0]
    starts = [int(line.split()[0]) for line in lines[1:] if line.strip()]
    assert starts[0] <= 2990 < starts[-1] + 24


def test_the_values_of_the_last_layer_have_the_names_of_their_classes() -> None:
    lines = drawn(vector([0.5, -1.0, 2.0], names=["cat", "dog", "horse"], chosen=2), 40, 6)[1:4]
    assert [line.split()[0] for line in lines] == ["cat", "dog", "▸horse"]
