from __future__ import annotations

from unittest.mock import patch

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernels.strategies import dirty_memory, normals, windows
from tests.layers.helpers import outer
from tuicnn import plain
from tuicnn.kernels import (
    Array,
    Window,
    average_pool,
    average_pool_backward,
    largest,
    largest_backward,
    largest_place,
    max_pool,
    max_pool_backward,
    max_pool_winners,
    max_pooling,
)

Case = tuple[Window, tuple[int, int]]


def with_ties(seed: int, *shape: int) -> Array:
    """Whole numbers from -2 to 2: most windows have several largest values."""
    return np.random.default_rng(seed).integers(-2, 3, shape).astype(np.float64)


def how(window: Window) -> tuple[tuple[int, int], tuple[int, int], tuple[tuple[int, int], tuple[int, int]]]:
    """The window as the slow twins have it."""
    return window.kernel, window.stride, window.pad


def tiles(kernel: tuple[int, int], more: tuple[int, int]) -> Case:
    """Windows side by side, some pixels left over."""
    return Window(kernel, kernel), (2 * kernel[0] + more[0], 2 * kernel[1] + more[1])


PAIRS = st.tuples(st.integers(1, 3), st.integers(1, 3))


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(windows(pooling=True), st.builds(tiles, PAIRS, PAIRS)),
    st.booleans(),
    st.booleans(),
    st.sampled_from([6, 7]),
    st.integers(0, 1000),
)
def test_max_pooling_is_the_definition(case: Case, ties: bool, single: bool, long_run: int, seed: int) -> None:
    window, (h, w) = case
    x: Array = (with_ties if ties else normals)(seed, h, w, 2, 3).astype(np.float32 if single else np.float64)
    with dirty_memory(), patch.object(max_pooling, "LONG_RUN", long_run):
        y, winners = max_pool_winners(x, window)
        np.testing.assert_array_equal(max_pool(x, window), y)
        dy: Array = normals(seed + 1, *y.shape).astype(x.dtype)
        dx = max_pool_backward(dy, winners)
    assert y.dtype == dx.dtype == x.dtype
    np.testing.assert_array_equal(outer(y), plain.max_pool(outer(x), *how(window)))
    expected = plain.max_pool_backward(outer(dy), outer(x), *how(window))
    np.testing.assert_allclose(outer(dx), expected, atol=1e-5 if single else 1e-12)


@given(
    st.sampled_from([(1, 1), (3, 4), (15, 17), (16, 16), (2, 140)]),
    st.integers(0, 2),
    st.booleans(),
    st.integers(0, 1000),
)
def test_the_largest_of_an_image_is_a_window_as_large_as_it(
    size: tuple[int, int], n: int, ties: bool, seed: int
) -> None:
    x: Array = (with_ties if ties else normals)(seed, *size, n, 3)
    y, winners = max_pool_winners(x, Window(size, size))
    with dirty_memory():
        found = largest(x)
        dx = largest_backward(found, largest_place(x, found), x.shape)
    np.testing.assert_array_equal(found, y[0, 0])
    np.testing.assert_array_equal(dx, max_pool_backward(y, winners))


def test_the_largest_of_no_numbers_has_a_place() -> None:
    x = np.full((2, 2, 1, 1), np.nan)
    assert np.isnan(largest_backward(largest(x), largest_place(x, largest(x)), x.shape)).sum() == 1


@given(windows(pooling=True), st.integers(0, 1000))
def test_an_infinite_gradient_stays_in_its_place(case: Case, seed: int) -> None:
    window, (h, w) = case
    x = normals(seed, h, w, 2, 3)
    y, winners = max_pool_winners(x, window)
    dy = np.zeros_like(y)
    dy[0, 0, 0, 0] = np.inf
    dx = max_pool_backward(dy, winners)
    assert np.isinf(dx).sum() == 1
    assert not np.isnan(dx).any()


@settings(max_examples=60, deadline=None)
@given(windows(pooling=True), st.integers(0, 1000))
def test_average_pooling_is_the_definition(case: Case, seed: int) -> None:
    window, (h, w) = case
    x = normals(seed, h, w, 2, 3)
    with dirty_memory():
        y = average_pool(x, window)
        dy = normals(seed + 1, *y.shape)
        dx = average_pool_backward(dy, x.shape, window)
    np.testing.assert_allclose(outer(y), plain.average_pool(outer(x), *how(window)), atol=1e-12)
    expected = plain.average_pool_backward(outer(dy), (h, w), *how(window))
    np.testing.assert_allclose(outer(dx), expected, atol=1e-12)


@given(windows(pooling=True), st.integers(0, 1000))
def test_rows_may_lie_apart(case: Case, seed: int) -> None:
    """An image may be a view inside a larger one."""
    window, (h, w) = case
    wide = normals(seed, h, w + 2, 2, 3)
    x, same = wide[:, 1 : w + 1], np.ascontiguousarray(wide[:, 1 : w + 1])
    y, winners = max_pool_winners(x, window)
    other, same_winners = max_pool_winners(same, window)
    np.testing.assert_array_equal(y, other)
    np.testing.assert_array_equal(max_pool(x, window), other)
    np.testing.assert_array_equal(average_pool(x, window), average_pool(same, window))
    dy = normals(seed + 1, y.shape[0], y.shape[1] + 1, 2, 3)[:, 1:]
    one = np.ascontiguousarray(dy)
    np.testing.assert_array_equal(max_pool_backward(dy, winners), max_pool_backward(one, same_winners))
    np.testing.assert_array_equal(
        average_pool_backward(dy, x.shape, window), average_pool_backward(one, x.shape, window)
    )
