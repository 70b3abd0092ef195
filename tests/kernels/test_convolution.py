from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernels.strategies import normals, small_blocks, windows
from tuicnn.kernels import (
    Window,
    convolve,
    convolve_backward,
    convolve_depthwise,
    convolve_depthwise_backward,
    plain,
)

Case = tuple[Window, tuple[int, int]]
CHANNELS = st.sampled_from([(1, 1, 1), (1, 3, 1), (3, 2, 1), (5, 4, 1), (4, 6, 2), (12, 6, 3), (3, 3, 3)])
BLOCKS = st.sampled_from([1, 40, 300, 2**17])


@settings(max_examples=40, deadline=None)
@given(windows(), CHANNELS, BLOCKS, st.integers(0, 1000))
def test_the_product_is_the_definition(case: Case, channels: tuple[int, int, int], block: int, seed: int) -> None:
    window, (h, w) = case
    c, f, groups = channels
    x = normals(seed, 2, h, w, c)
    weights = normals(seed + 1, *window.kernel, c // groups, f)
    with small_blocks(block):
        y, xp = convolve(x, weights, window, groups)
        dy = normals(seed + 2, *y.shape)
        dx, dw = convolve_backward(dy, xp, weights, window, groups)
    np.testing.assert_allclose(y, plain.convolve(x, weights, window, groups), atol=1e-12)
    plain_dx, plain_dw = plain.convolve_backward(dy, x, weights, window, groups)
    assert dx is not None
    np.testing.assert_allclose(dx, plain_dx, atol=1e-12)
    np.testing.assert_allclose(dw, plain_dw, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(windows(), CHANNELS, BLOCKS, st.integers(0, 1000))
def test_backward_is_the_adjoint(case: Case, channels: tuple[int, int, int], block: int, seed: int) -> None:
    """⟨A(x, w), dy⟩ = ⟨x, dx⟩ = ⟨w, dw⟩ for a function that is linear in x and in w."""
    window, (h, w) = case
    c, f, groups = channels
    x, weights = normals(seed, 3, h, w, c), normals(seed + 1, *window.kernel, c // groups, f)
    with small_blocks(block):
        y, xp = convolve(x, weights, window, groups)
        dy = normals(seed + 2, *y.shape)
        dx, dw = convolve_backward(dy, xp, weights, window, groups)
    assert dx is not None
    inner = np.vdot(y, dy)
    np.testing.assert_allclose(np.vdot(x, dx), inner, atol=1e-9)
    np.testing.assert_allclose(np.vdot(weights, dw), inner, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(windows(), st.integers(1, 5), BLOCKS, st.integers(0, 1000))
def test_depthwise_is_convolution_with_a_group_a_channel(case: Case, c: int, block: int, seed: int) -> None:
    window, (h, w) = case
    x, weights = normals(seed, 2, h, w, c), normals(seed + 1, *window.kernel, c)
    with small_blocks(block):
        y, xp = convolve_depthwise(x, weights, window)
        dy = normals(seed + 2, *y.shape)
        dx, dw = convolve_depthwise_backward(dy, xp, weights, window)
    np.testing.assert_allclose(y, plain.convolve(x, weights[:, :, None], window, c), atol=1e-12)
    plain_dx, plain_dw = plain.convolve_backward(dy, x, weights[:, :, None], window, c)
    assert dx is not None
    np.testing.assert_allclose(dx, plain_dx, atol=1e-12)
    np.testing.assert_allclose(dw, plain_dw[:, :, 0], atol=1e-12)


@pytest.mark.parametrize("channels", [1, 3, 16])
def test_large_images_in_float32(channels: int) -> None:
    """Sizes at which the real blocks are smaller than the batch, and than one image."""
    window = Window((3, 3), (1, 1), ((1, 1), (1, 1)))
    x = normals(0, 3, 40, 41, channels).astype(np.float32)
    weights = normals(1, 3, 3, channels, 8).astype(np.float32)
    y, xp = convolve(x, weights, window)
    dx, dw = convolve_backward(y, xp, weights, window)
    exact, exact_xp = convolve(x.astype(np.float64), weights.astype(np.float64), window)
    exact_dx, exact_dw = convolve_backward(y.astype(np.float64), exact_xp, weights.astype(np.float64), window)
    assert dx is not None
    assert exact_dx is not None
    assert y.dtype == dx.dtype == dw.dtype == np.float32
    for found, wanted in ((y, exact), (dx, exact_dx), (dw, exact_dw)):
        np.testing.assert_allclose(found, wanted, atol=1e-5 * float(abs(wanted).max()))


def test_no_gradient_of_the_image_where_none_is_wanted() -> None:
    window = Window((2, 2))
    x = normals(0, 2, 5, 4, 3)
    y, xp = convolve(x, normals(1, 2, 2, 3, 2), window)
    with_dx = convolve_backward(y, xp, normals(1, 2, 2, 3, 2), window)
    without = convolve_backward(y, xp, normals(1, 2, 2, 3, 2), window, with_dx=False)
    assert without[0] is None
    np.testing.assert_array_equal(without[1], with_dx[1])
