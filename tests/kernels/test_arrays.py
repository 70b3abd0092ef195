from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernels.strategies import dirty_memory, normals, small_blocks
from tuicnn.kernels import (
    Array,
    arrays,
    channel_sums,
    image_sums,
    mean_and_squares,
    rectify,
    rectify_backward,
    scale_and_shift,
    scaled_sum,
    softmax,
    softmax_backward,
    spread,
    sums,
)
from tuicnn.kernels.convolution import products

SIZES = st.tuples(st.integers(1, 5), st.integers(1, 6), st.integers(1, 6), st.integers(1, 9))
BLOCKS = st.sampled_from([1, 40, 2**17])
SEEDS = st.integers(0, 1000)


def apart(x: Array) -> Array:
    """The same image as a view in a larger one: its rows lie apart."""
    h, w, n, c = x.shape
    wide = np.full((h, w + 2, n, c), np.nan, x.dtype)
    wide[:, 1:-1] = x
    return wide[:, 1:-1]


@given(st.integers(0, 40), st.integers(1, 200), st.integers(1, 400))
def test_blocks_cover_every_row_once(rows: int, cost: int, size: int) -> None:
    seen = np.zeros(rows, int)
    with small_blocks(size):
        for block in arrays.row_blocks(rows, cost):
            seen[block] += 1
            assert seen[block].size * cost <= max(size, cost)
    assert (seen == 1).all()


@given(st.integers(1, 7), st.integers(1, 7), st.integers(1, 400), st.integers(1, 3000), SEEDS)
def test_pieces_of_long_rows_are_one_product(high: int, wide: int, length: int, most: int, seed: int) -> None:
    matrix, rows = normals(seed, high, wide), normals(seed + 1, 2, wide, length)
    found = np.full((2, high, length), np.nan)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "IN_PLACE", most)
        products.multiply_rows(matrix, rows, out=found)
    np.testing.assert_allclose(found, matrix @ rows, atol=1e-12)


@given(SIZES, BLOCKS, SEEDS)
def test_sums_are_sums(sizes: tuple[int, int, int, int], block: int, seed: int) -> None:
    x, y = normals(seed, *sizes), normals(seed + 1, *sizes)
    with small_blocks(block), dirty_memory():
        for view in (x, apart(x)):
            np.testing.assert_allclose(image_sums(view), x.sum(axis=(0, 1)), atol=1e-12)
            np.testing.assert_allclose(channel_sums(view), x.sum(axis=(0, 1, 2)), atol=1e-12)
            np.testing.assert_allclose(sums(view, y)[1], (x * y).sum(axis=(0, 1, 2)), atol=1e-12)
            mean, squares = mean_and_squares(view)
            np.testing.assert_allclose(mean, x.mean(axis=(0, 1, 2)), atol=1e-12)
            np.testing.assert_allclose(squares, x.var(axis=(0, 1, 2)) * (x[..., 0].size), atol=1e-10)
        np.testing.assert_allclose(channel_sums(x[0, 0]), x[0, 0].sum(axis=0), atol=1e-12)
        np.testing.assert_array_equal(x * spread(x[0, 0, 0], x), x * x[0, 0, 0])


@settings(deadline=None)
@given(SIZES, SEEDS)
def test_a_sum_does_not_depend_on_where_the_image_lies(sizes: tuple[int, int, int, int], seed: int) -> None:
    h, w, n, c = sizes
    x = normals(seed, h, 3 * w, 4 * n, c).astype(np.float32)
    for function in (image_sums, channel_sums, mean_and_squares, lambda v: sums(v, x)):
        np.testing.assert_array_equal(function(apart(x)), function(x))


def test_the_error_of_a_sum_does_not_grow_with_the_image_or_the_batch() -> None:
    x = np.full((64, 64, 64, 2), 0.1, np.float32)
    np.testing.assert_allclose(channel_sums(x) / x[..., 0].size, np.float32(0.1), rtol=1e-6)


@given(st.sampled_from([0.0, 1.0, -30.0, 300.0, 30000.0]), SEEDS)
def test_moments_of_values_far_from_zero(mean: float, seed: int) -> None:
    x = (normals(seed, 6, 7, 8, 3) * [1.0, 2.0, 0.5] + [mean, 0, 1]).astype(np.float32)
    exact = x.astype(np.float64).reshape(-1, 3)
    found, squares = mean_and_squares(x)
    np.testing.assert_allclose(found, exact.mean(axis=0), rtol=0, atol=1e-5)
    np.testing.assert_allclose(squares / len(exact), exact.var(axis=0), rtol=2e-5)


def test_the_variance_of_one_value_is_not_negative() -> None:
    x = np.full((5, 5, 3, 2), np.float32(0.1))
    assert (mean_and_squares(x)[1] >= 0).all()
    np.testing.assert_allclose(mean_and_squares(x)[1], 0, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(sizes=SIZES, block=BLOCKS, seed=SEEDS)
def test_relu_is_the_definition(dtype: Any, sizes: tuple[int, int, int, int], block: int, seed: int) -> None:
    x, dy = normals(seed, *sizes).astype(dtype), normals(seed + 1, *sizes).astype(dtype)
    x.flat[:: 1 + seed % 5] = 0
    with small_blocks(block), dirty_memory():
        for view in (x, apart(x)):
            y = rectify(view)
            assert y.dtype == dtype
            np.testing.assert_array_equal(y, np.where(x > 0, x, 0))
            for back in (dy, apart(dy)):
                np.testing.assert_array_equal(rectify_backward(back, y), np.where(x > 0, dy, 0))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_relu_at_the_borders_of_numbers(dtype: Any) -> None:
    """Zero and minus zero pass nothing on, the smallest number does; an infinite gradient does not become NaN."""
    tiny = np.nextafter(dtype(0), dtype(1))
    x = np.array([[-np.inf, -tiny, -0.0, 0.0, tiny, 1.0, np.inf, np.nan]], dtype)
    y = rectify(x)
    assert not np.signbit(y[:, :-1]).any()
    dx = rectify_backward(np.full_like(x, np.inf), y)
    assert dx[0, :-1].tolist() == [0, 0, 0, 0, np.inf, np.inf, np.inf]
    assert np.isnan(y[0, -1])


@given(SIZES, BLOCKS, SEEDS)
def test_scales_and_shifts_are_of_channels(sizes: tuple[int, int, int, int], block: int, seed: int) -> None:
    x, y = normals(seed, *sizes), normals(seed + 1, *sizes)
    a, b, c = normals(seed + 2, 3, sizes[3])
    wanted = x * a + b
    with small_blocks(block), dirty_memory():
        for view in (x, apart(x)):
            np.testing.assert_array_equal(scale_and_shift(view, a, b), wanted)
            np.testing.assert_array_equal(scale_and_shift(view, a, b, rectified=True), np.maximum(wanted, 0))
            np.testing.assert_allclose(scaled_sum(a, view, b, y, c), a * x + b * y + c, atol=1e-12)
        own = x.copy()
        assert scaled_sum(a, own, b, y, c, out=own) is own
        np.testing.assert_allclose(own, a * x + b * y + c, atol=1e-12)
        np.testing.assert_array_equal(scale_and_shift(x[0, 0], a, b), wanted[0, 0])


@given(SIZES, SEEDS)
def test_softmax_is_shares_of_one_and_its_backward_the_derivative(sizes: tuple[int, int, int, int], seed: int) -> None:
    x, dy = 3 * normals(seed, *sizes), normals(seed + 1, *sizes)
    with dirty_memory():
        y = softmax(apart(x))
        dx = softmax_backward(dy, y)
    np.testing.assert_allclose(y.sum(axis=-1), 1, atol=1e-12)
    np.testing.assert_allclose(y, np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True), atol=1e-12)
    step, towards = 1e-6, normals(seed + 2, *sizes)
    numeric = ((softmax(x + step * towards) - softmax(x - step * towards)) * dy).sum() / (2 * step)
    np.testing.assert_allclose((dx * towards).sum(), numeric, atol=1e-6 * (1 + abs(numeric)))
