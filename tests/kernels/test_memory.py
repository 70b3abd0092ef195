from __future__ import annotations

import gc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuicnn.kernels import Array
from tuicnn.kernels.memory import SMALL, empty, zeros

SHAPES = st.sampled_from([(3, 1000), (SMALL,), (70, 11, 13), (2, 2)])


def place(array: Array) -> int:
    """Where an array's memory begins."""
    found: int = array.__array_interface__["data"][0]
    return found


@settings(deadline=None)
@given(st.lists(st.tuples(SHAPES, st.sampled_from(["float32", "float64"]), st.booleans(), st.booleans())))
def test_no_two_arrays_in_use_share_memory(wanted: list[tuple[tuple[int, ...], str, bool, bool]]) -> None:
    """Whatever is dropped in between, and where only a view of a view is left."""
    kept = []
    for number, (shape, dtype, keep, as_view) in enumerate(wanted):
        array = empty(shape, dtype)
        assert array.shape == shape
        assert array.dtype == dtype
        array.fill(number)
        if keep:
            kept.append((array.reshape(-1)[1:] if as_view else array, number))
    for array, number in kept:
        assert (array == number).all()


@pytest.mark.parametrize("shape", [(3, 1000), (100, 100)])
def test_memory_is_used_again_when_nothing_looks_into_it(shape: tuple[int, int]) -> None:
    first = empty(shape)
    where, view = place(first), first[1:]
    del first
    gc.collect()  # what lends memory out is not cleared away before it comes back
    other = empty(shape)
    assert place(other) != where
    del view
    assert place(empty(shape)) == where
    assert not zeros(shape).any()
