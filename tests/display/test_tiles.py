"""How many small pictures fit, and how large."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicnn.display.raster import Raster
from tuicnn.display.terminal import TerminalProfile
from tuicnn.display.tiles import Tiles, arranged

BLOCKS, RAMP = Raster(TerminalProfile()), Raster(TerminalProfile(ascii=True, colours="none"))


@given(
    st.integers(1, 600),
    st.integers(1, 60),
    st.integers(1, 60),
    st.integers(1, 220),
    st.integers(1, 60),
    st.sampled_from([BLOCKS, RAMP]),
)
def test_tiles_stay_within_their_room(
    count: int, high: int, wide: int, columns: int, rows: int, raster: Raster
) -> None:
    tiles = arranged(count, high, wide, columns, rows, raster)
    if tiles is None:
        assert columns < 2
        return
    assert 1 <= tiles.shown <= count
    assert tiles.columns * tiles.pitch_columns - 1 <= columns
    assert tiles.rows * tiles.pitch_rows <= rows
    assert tiles.columns * tiles.rows >= tiles.shown > tiles.columns * (tiles.rows - 1)
    assert tiles.times == 1 or (tiles.height, tiles.width) == (high * tiles.times, wide * tiles.times)
    assert tiles.height <= high * tiles.times
    assert tiles.width <= wide * tiles.times


def fitting(count: int, side: int, columns: int, rows: int) -> Tiles:
    found = arranged(count, side, side, columns, rows, BLOCKS)
    assert found is not None
    return found


@pytest.mark.parametrize(("columns", "rows"), [(59, 17), (85, 34), (85, 42), (165, 54)])
@pytest.mark.parametrize(
    ("count", "side"), [(8, 28), (6, 28), (16, 10), (16, 5), (32, 32), (64, 16), (128, 8), (512, 4)]
)
def test_all_channels_are_in_sight_or_pages_are_whole_and_can_be_read(
    count: int, side: int, columns: int, rows: int
) -> None:
    tiles = fitting(count, side, columns, rows)
    assert count % tiles.shown == 0
    assert tiles.height >= min(7, side)
    assert tiles.height >= side / 3


def test_tiny_maps_are_enlarged_as_far_as_all_of_them_fit() -> None:
    tiles = fitting(16, 5, 85, 34)
    assert (tiles.shown, tiles.height) == (16, 5 * tiles.times)
    assert tiles.times >= 2
    larger = 5 * (tiles.times + 1)
    assert (86 // (larger + 1)) * (34 // (-(-larger // 2) + 1)) < 16


def test_a_map_is_halved_rather_than_made_a_little_larger_than_that() -> None:
    assert fitting(8, 28, 62, 17).height == 14


def test_no_place_is_left_empty_where_there_need_be_none() -> None:
    tiles = fitting(8, 28, 80, 18)
    assert tiles.columns * tiles.rows == tiles.shown == 8


@pytest.mark.parametrize(("count", "group"), [(96, 3), (48, 16), (64, 4)])
def test_pictures_that_belong_together_stand_in_one_row_or_in_whole_rows(count: int, group: int) -> None:
    tiles = arranged(count, 3, 3, 62, 43, BLOCKS, group)
    assert tiles is not None
    assert tiles.columns % group == 0 or group % tiles.columns == 0
