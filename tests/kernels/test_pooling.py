from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernels.strategies import normals, small_blocks, windows
from tuicnn.kernels import (
    Array,
    Window,
    average_pool,
    average_pool_backward,
    max_pool,
    max_pool_backward,
    plain,
)

Case = tuple[Window, tuple[int, int]]
BLOCKS = st.sampled_from([1, 40, 2**17])


def with_ties(seed: int, *shape: int) -> Array:
    """Whole numbers from -2 to 2: most windows have several largest values."""
    return np.random.default_rng(seed).integers(-2, 3, shape).astype(np.float64)


@settings(max_examples=60, deadline=None)
@given(windows(pooling=True), BLOCKS, st.booleans(), st.integers(0, 1000))
def test_max_pooling_is_the_definition(case: Case, block: int, ties: bool, seed: int) -> None:
    window, (h, w) = case
    x = (with_ties if ties else normals)(seed, 2, h, w, 3)
    with small_blocks(block):
        y = max_pool(x, window)
        dy = normals(seed + 1, *y.shape)
        dx = max_pool_backward(dy, x, y, window)
    np.testing.assert_array_equal(y, plain.max_pool(x, window))
    np.testing.assert_allclose(dx, plain.max_pool_backward(dy, x, window), atol=1e-12)


@given(windows(pooling=True), st.integers(0, 1000))
def test_what_goes_into_max_pooling_comes_out_once(case: Case, seed: int) -> None:
    window, (h, w) = case
    x = with_ties(seed, 2, h, w, 3)
    y = max_pool(x, window)
    dy = normals(seed + 1, *y.shape)
    dx = max_pool_backward(dy, x, y, window)
    np.testing.assert_allclose(dx.sum(axis=(1, 2)), dy.sum(axis=(1, 2)), atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(windows(pooling=True), BLOCKS, st.integers(0, 1000))
def test_average_pooling_is_the_definition_and_its_backward_the_adjoint(case: Case, block: int, seed: int) -> None:
    window, (h, w) = case
    x = normals(seed, 2, h, w, 3)
    with small_blocks(block):
        y = average_pool(x, window)
        dy = normals(seed + 1, *y.shape)
        dx = average_pool_backward(dy, x.shape, window)
    np.testing.assert_allclose(y, plain.average_pool(x, window), atol=1e-12)
    np.testing.assert_allclose(dx, plain.average_pool_backward(dy, x, window), atol=1e-12)
    np.testing.assert_allclose(np.vdot(y, dy), np.vdot(x, dx), atol=1e-9)


def test_padding_never_wins_but_counts_in_a_mean() -> None:
    x = np.full((1, 2, 2, 1), -1.0)
    window = Window((2, 2), (2, 2), ((1, 1), (1, 1)))
    assert (max_pool(x, window) == -1).all()
    assert (average_pool(x, window) == -0.25).all()
