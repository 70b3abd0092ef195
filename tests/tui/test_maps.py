"""The feature maps."""

from __future__ import annotations

import re
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from tests.tui.drawn import TERMINALS, colours, drawn, odd_numbers, sizes, terminals, unhurried
from tuicnn.display import scales
from tuicnn.display.pixels import _oklab, _palette, averaged
from tuicnn.display.terminal import TerminalProfile
from tuicnn.display.tiles import arranged
from tuicnn.tui.widgets.maps import Maps


def maps(values: Any, terminal: TerminalProfile | None = None) -> Maps:
    widget = Maps(terminal or TerminalProfile())
    widget.show(np.asarray(values, dtype=np.float32))
    return widget


shapes = st.one_of(st.tuples(st.integers(0, 40)), st.tuples(st.integers(0, 20), st.integers(0, 30), st.integers(0, 30)))


ABOVE = scales.colours(False)


@given(terminals, sizes, shapes, st.data())
@unhurried
def test_draws_whatever_comes_at_any_size(
    terminal: TerminalProfile, size: tuple[int, int], shape: tuple[int, ...], data: st.DataObject
) -> None:
    with np.errstate(over="ignore"):
        values = data.draw(hnp.arrays(np.float64, shape, elements=odd_numbers)).astype(np.float32)
    widget = maps(values, terminal)
    drawn(widget, *size)
    for delta in (1, 5, -2, -100):
        widget._first += delta * widget._shown  # what `page` does, without a screen to refresh
        drawn(widget, *size)


@pytest.mark.parametrize("terminal", TERMINALS)
def test_one_bright_pixel_is_bright_there_and_nowhere_else(terminal: TerminalProfile) -> None:
    values = np.zeros((2, 26, 26))
    values[1, 5, 7] = 3.0
    if terminal.half_blocks:
        shown = colours(maps(values, terminal), 60, 20)[4:]  # below the legend and the numbers
        assert [tuple(p) for p in np.argwhere(shown == ABOVE[-1])] == [(5, 27 + 7)]
        assert np.sum(shown == ABOVE[0]) == 2 * 26 * 26 - 1
    else:
        lines = drawn(maps(values, terminal), 110, 30)[2:]
        assert lines[5][53 + 14 : 53 + 16] == "@@"
        assert "".join(lines).replace(" ", "") == "@@"


def test_all_maps_share_one_scale() -> None:
    values = np.stack([np.full((4, 4), 1.0), np.full((4, 4), 8.0)])
    shown = colours(maps(values), 40, 20)
    first, last = shown[6, 1], shown[6, shown.shape[1] - 1]
    places = {c: i for i, c in enumerate(ABOVE.tolist())}
    seen = sorted({places[c] for c in shown[4:].ravel() if c in places})
    assert len(seen) == 2
    assert seen[0] < 6
    assert seen[1] == len(ABOVE) - 1
    assert first != last


def test_the_legend_has_the_scale_and_how_many_channels_are_shown() -> None:
    legend = drawn(maps(np.linspace(-0.4, 3, 64 * 64).reshape(64, 8, 8)), 60, 12)[0]
    assert legend.startswith("-3 ")
    assert " 3 " in legend
    assert "of 64 channels" in legend
    assert "8 channels" in drawn(maps(np.ones((8, 4, 4))), 60, 20)[0]


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
    lines = drawn(maps(values, TerminalProfile(ascii=True)), 60, 8)
    assert lines[2].startswith("??")


def test_pages_reach_every_channel_and_stop_at_the_ends() -> None:
    widget = maps(np.ones((40, 12, 12)))
    seen: set[str] = set()
    for _ in range(40):
        lines = drawn(widget, 50, 16)
        seen |= set(" ".join(lines[1:]).split())
        first, last = widget.on_screen
        assert 0 <= first < last <= 40
        widget._first += widget._shown
    assert {str(i) for i in range(40)} <= seen
    assert last == 40


def test_a_short_vector_has_its_numbers_and_bars_to_both_sides_of_zero() -> None:
    lines = drawn(maps([-2.0, 0.0, 4.0]), 50, 8)[1:]
    assert [line.split()[0] for line in lines[:3]] == ["0", "1", "2"]
    assert [line.split()[-1] for line in lines[:3]] == ["-2", "0", "4"]
    assert [line.index("│") for line in lines[:3]] == [lines[0].index("│")] * 3
    assert lines[0].index("█") < lines[0].index("│") < lines[2].index("█")
    assert lines[2].count("█") == pytest.approx(2 * lines[0].count("█"), abs=1)
    assert "█" not in lines[1]


def test_a_long_vector_is_a_grid_with_each_value_in_its_place() -> None:
    values = np.zeros(128)
    values[37] = 1.0
    lines = drawn(maps(values, TerminalProfile(ascii=True)), 40, 12)[1:]
    assert [line.split()[0] for line in lines[:8]] == [str(i) for i in range(0, 128, 16)]
    assert lines[2][4 + 2 * (37 - 32) :].startswith("@@")


@given(
    st.integers(1, 70), st.integers(1, 60), st.integers(1, 60), st.integers(1, 120), st.integers(1, 40), st.booleans()
)
def test_tiles_stay_within_their_room(count: int, high: int, wide: int, columns: int, rows: int, blocks: bool) -> None:
    tiles = arranged(count, high, wide, columns, rows, half_blocks=blocks)
    if tiles is None:
        assert columns < 2
        return
    assert tiles.shown >= 1
    assert tiles.columns * tiles.pitch_columns - 1 <= columns
    assert tiles.rows * tiles.pitch_rows <= rows
    assert tiles.times == 1 or tiles.shown >= count
    assert tiles.times == 1 or (tiles.height, tiles.width) == (high * tiles.times, wide * tiles.times)


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


def lightness(codes: Any) -> NDArray[np.float64]:
    found: NDArray[np.float64] = _oklab(_palette())[np.asarray(codes) - 16, 0]
    return found


def test_the_scale_is_dark_at_zero_and_rises_in_lightness_to_both_sides() -> None:
    assert np.all(np.diff(lightness(ABOVE)) > 0)
    assert lightness(ABOVE)[-1] - lightness(ABOVE)[0] > 0.5
    both = scales.colours(True)
    middle = len(both) // 2
    assert both[middle] == ABOVE[0]
    for half in (both[middle:], both[middle::-1]):
        assert np.all(np.diff(lightness(half)) > 0)
    assert len(set(both.tolist())) == len(both)
    assert scales.BAD not in (*both, *ABOVE)


@given(
    hnp.arrays(np.float64, 40, elements=st.floats(-1, 1)), hnp.arrays(np.float64, 40, elements=st.floats(-0.02, 0.02))
)
def test_a_level_is_left_only_for_one_that_is_well_reached(values: Any, drift: Any) -> None:
    first = scales.places(values, -1.0, 1.0, 13)
    second = scales.places(np.clip(values + drift, -1, 1), -1.0, 1.0, 13, first)
    assert np.array_equal(scales.places(values, -1.0, 1.0, 13, first), first)
    exact = scales.places(np.clip(values + drift, -1, 1), -1.0, 1.0, 13)
    assert (np.abs(second - exact) <= 1).all()
    there_and_back = scales.places(values, -1.0, 1.0, 13, second)
    assert (np.abs(there_and_back - first) <= 1).all()


@pytest.mark.parametrize("terminal", TERMINALS)
def test_zero_recedes_and_signs_differ(terminal: TerminalProfile) -> None:
    values = np.zeros((1, 8, 8))
    values[0, 2, 3], values[0, 5, 6] = 4.0, -4.0
    if terminal.half_blocks:
        shown = colours(maps(values, terminal), 30, 12)
        palette = scales.colours(True)
        assert {palette[0], palette[-1], palette[len(palette) // 2]} <= {c for c in shown.ravel() if c is not None}
    else:
        lines = drawn(maps(values, terminal), 40, 12)[1:]
        assert set("".join(lines)) <= {" ", "@", "&", "0"}
        assert "@" in "".join(lines)
        assert "&" in "".join(lines)


def test_large_maps_are_made_smaller_until_many_fit_but_no_smaller_than_that() -> None:
    tiles = arranged(16, 28, 28, 47, 15, half_blocks=True)
    assert tiles is not None
    assert tiles.shown >= 12
    one_more = (tiles.height + 1) // 2 * 2 + 2  # the next height that takes one more line of cells
    assert tiles.rows * (one_more // 2 + 1) > 15 or tiles.columns * (tiles.width + 2) - 1 > 47
    whole = arranged(4, 28, 28, 120, 40, half_blocks=True)
    assert whole is not None
    assert (whole.height, whole.width, whole.shown >= 4) == (28, 28, True)


@pytest.mark.parametrize("terminal", TERMINALS)
def test_what_is_drawn_is_always_the_newest(terminal: TerminalProfile) -> None:
    first, second = np.random.default_rng(0).random((2, 3, 8, 8))
    widget = maps(first, terminal)
    before = drawn(widget, 60, 12), colours(widget, 60, 12).tolist()
    widget.show(second.astype(np.float32))
    after = drawn(widget, 60, 12), colours(widget, 60, 12).tolist()
    anew = maps(second, terminal)
    assert after == (drawn(anew, 60, 12), colours(anew, 60, 12).tolist())
    assert after != before


def test_the_values_of_the_last_layer_have_the_names_of_their_classes() -> None:
    widget = Maps(TerminalProfile())
    widget.show(np.array([0.5, -1.0, 2.0], dtype=np.float32), names=["cat", "dog", "horse"])
    assert [line.split()[0] for line in drawn(widget, 40, 6)[1:4]] == ["cat", "dog", "horse"]


def test_the_count_of_channels_is_told_apart_from_the_scale() -> None:
    widget = Maps(TerminalProfile())
    widget.show(np.random.default_rng(0).standard_normal((64, 14, 14)).astype(np.float32) ** 2)
    assert re.search(r"\S +first \d+ of 64 channels", "\n".join(drawn(widget, 60, 12)))
