from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tests.kernels.definition import convolved, gradients, in_groups, out_of_groups
from tests.kernels.strategies import dirty_memory, normals, small_blocks, windows
from tuicnn.kernels import (
    Array,
    Window,
    choose,
    convolve,
    convolve_backward,
    convolve_depthwise,
    convolve_depthwise_backward,
)
from tuicnn.kernels.convolution import dispatch

Case = tuple[Window, tuple[int, int]]
CHANNELS = st.sampled_from([(1, 1, 1), (1, 3, 1), (3, 2, 1), (5, 4, 1), (4, 6, 2), (12, 6, 3), (3, 3, 3)])
BLOCKS = st.sampled_from([1, 40, 300, 2000, 2**17])
Arrays = tuple[Array, Array, Array, Array]
PADS = st.tuples(*[st.tuples(st.integers(0, 4), st.integers(0, 4))] * 2)


def apart(x: Array) -> Array:
    """The same values in a view whose rows lie apart, as inside a border."""
    wide = np.full((x.shape[0], x.shape[1] + 3, *x.shape[2:]), np.nan, x.dtype)
    wide[:, 1:-2] = x
    return wide[:, 1:-2]


def everything(given_arrays: Arrays, window: Window, groups: int = 1) -> Arrays:
    """y, dx, dw and db, from memory that held NaN."""
    x, dy, weights, bias = given_arrays
    with dirty_memory():
        y, saved = convolve(x, weights, window, groups, bias)
        dx, dw, db = convolve_backward(dy, saved, weights, window, groups)
    assert dx is not None
    assert db is not None
    return y, dx, dw, db


def depthwise(given_arrays: Arrays, window: Window) -> Arrays:
    """The same of the kernel that takes each channel by itself."""
    x, dy, weights, bias = given_arrays
    with dirty_memory():
        y, saved = convolve_depthwise(x, weights[:, :, 0], window, bias)
        dx, dw, db = convolve_depthwise_backward(dy, saved, weights[:, :, 0], window)
    assert dx is not None
    assert db is not None
    return y, dx, dw[:, :, None], db


def wanted(given_arrays: Arrays, window: Window, groups: int = 1) -> Arrays:
    """The same from the definition."""
    x, dy, weights, bias = given_arrays
    full = in_groups(weights, groups)
    dx, dw, db = gradients(dy, x, full, window)
    return convolved(x, full, window) + bias, dx, out_of_groups(dw, groups), db


def arrays(seed: int, window: Window, size: tuple[int, int], channels: tuple[int, int, int], n: int = 2) -> Arrays:
    """x, dy, weights and bias."""
    (h, w), (c, f, groups) = size, channels
    return (
        normals(seed, h, w, n, c),
        normals(seed + 1, *window.out(h, w), n, f),
        normals(seed + 2, *window.kernel, c // groups, f),
        normals(seed + 3, f),
    )


def same(found: tuple[Array, ...], exact: tuple[Array, ...], tolerance: float = 1e-12) -> None:
    """All close, each by its own largest value."""
    for one, other in zip(found, exact, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance * (1 + float(np.abs(other).max())))


@settings(max_examples=60, deadline=None)
@given(windows(), CHANNELS, BLOCKS, st.booleans(), st.sampled_from([0, dispatch.JOINED]), st.integers(0, 1000))
def test_convolution_is_its_definition(
    case: Case, channels: tuple[int, int, int], block: int, rows_apart: bool, joined: int, seed: int
) -> None:
    window, size = case
    x, dy, weights, bias = arrays(seed, window, size, channels)
    exact = wanted((x, dy, weights, bias), window, channels[2])
    if rows_apart:
        x, dy = apart(x), apart(dy)
    with small_blocks(block), patch.object(dispatch, "JOINED", joined):
        same(everything((x, dy, weights, bias), window, channels[2]), exact)


@pytest.mark.parametrize("kernel", ["columns", "strips", "kn2row"])
@settings(max_examples=40, deadline=None)
@given(
    case=windows(),
    channels=st.sampled_from([(1, 2, 1), (3, 4, 1), (9, 2, 1), (1, 8, 1)]),
    block=BLOCKS,
    seed=st.integers(0, 99),
)
def test_each_general_kernel_is_the_definition_everywhere(
    kernel: str, case: Case, channels: tuple[int, int, int], block: int, seed: int
) -> None:
    window, size = case
    if kernel == "kn2row":
        window = replace(window, stride=(1, 1))
    given_arrays = arrays(seed, window, size, channels)
    with small_blocks(block), patch.object(dispatch, "choose", lambda *_: kernel):
        same(everything(given_arrays, window), wanted(given_arrays, window))


@settings(max_examples=80, deadline=None)
@given(
    st.tuples(st.integers(1, 17), st.integers(1, 17)),
    st.sampled_from([(3, 1), (3, 1), (3, 2), (5, 1), (5, 2), (5, 3), (4, 2), (2, 1), (7, 2)]),
    PADS,
    st.sampled_from([(8, 4, 1), (9, 12, 1), (16, 24, 2)]),
    BLOCKS,
    st.booleans(),
    st.integers(0, 1000),
)
@example((1, 1), (4, 2), ((0, 3), (4, 0)), (8, 4, 1), 1, False, 0)  # the image's one column lies outside some tiles
def test_winograd_is_the_definition(
    size: tuple[int, int],
    kernel: tuple[int, int],
    pad: tuple[tuple[int, int], tuple[int, int]],
    channels: tuple[int, int, int],
    block: int,
    rows_apart: bool,
    seed: int,
) -> None:
    """Images of all sizes, so that the last tiles reach beyond them in all ways; borders wider than a tile."""
    window = Window((kernel[0],) * 2, (kernel[1],) * 2, pad)
    assume(min(window.out(*size)) >= 1)
    groups = channels[2]
    x, dy, weights, bias = arrays(seed, window, size, channels, n=3)
    exact = wanted((x, dy, weights, bias), window, groups)
    if rows_apart:
        x, dy = apart(x), apart(dy)
    with small_blocks(block), patch.object(dispatch, "choose", lambda *_: "winograd"):
        same(everything((x, dy, weights, bias), window, groups), exact)


@settings(max_examples=40, deadline=None)
@given(windows(), st.integers(1, 5), BLOCKS, st.integers(0, 1000), st.booleans())
def test_depthwise_is_convolution_with_a_group_a_channel(
    case: Case, c: int, block: int, seed: int, lie_apart: bool
) -> None:
    window, size = case
    x, dy, weights, bias = arrays(seed, window, size, (c, c, c))
    exact = wanted((x, dy, weights, bias), window, c)
    if lie_apart:
        x, dy = apart(x), apart(dy)
    with small_blocks(block):
        same(depthwise((x, dy, weights, bias), window), exact)


@pytest.mark.parametrize("kernel", [(3, 3), (5, 2), (7, 7)])
@pytest.mark.parametrize("dilation", [(1, 1), (2, 3)])
def test_depthwise_of_wide_images(kernel: tuple[int, int], dilation: tuple[int, int]) -> None:
    """Images that are cut into strips, of which the last is narrower."""
    window = Window(kernel, pad=((1, 3), (2, 0)), dilation=dilation)
    given_arrays = arrays(0, window, (15, 31), (4, 4, 4))
    same(depthwise(given_arrays, window), wanted(given_arrays, window, 4))


@pytest.mark.parametrize("stride", [1, 2])
def test_depthwise_of_no_images(stride: int) -> None:
    window = Window((3, 3), (stride, stride), ((1, 1), (1, 1)))
    x, dy, weights, bias = arrays(0, window, (6, 7), (4, 4, 4), n=0)
    y, dx, dw, db = depthwise((x, dy, weights, bias), window)
    assert (y.shape, dx.shape) == (dy.shape, x.shape)
    assert not dw.any()
    assert not db.any()


#: a geometry of each kernel, with sizes at which the real blocks are smaller than the image
LARGE: list[tuple[str, Window, tuple[int, int], tuple[int, int, int]]] = [
    ("columns", Window((3, 3), pad=((1, 1), (1, 1))), (40, 41), (3, 32, 1)),
    ("kn2row", Window((3, 3), pad=((1, 1), (1, 1))), (28, 27), (40, 8, 1)),
    ("kn2row", Window((5, 2), pad=((6, 0), (1, 3)), dilation=(2, 3)), (30, 21), (64, 4, 1)),
    ("one filter", Window((7, 7), pad=((3, 3), (3, 3))), (19, 30), (2, 1, 1)),
    ("strips", Window((5, 3), pad=((2, 2), (2, 2))), (28, 27), (6, 16, 1)),
    ("pointwise", Window((1, 1), (2, 2)), (64, 63), (32, 48, 1)),
    ("patches", Window((4, 3), (4, 3)), (41, 42), (12, 48, 1)),
    ("patches", Window((5, 5), (1, 5)), (5, 8), (16, 120, 1)),
    ("winograd", Window((3, 3), pad=((1, 1), (1, 1))), (21, 43), (64, 24, 1)),
    ("winograd", Window((3, 3), (2, 2), ((1, 1), (1, 1))), (41, 22), (16, 32, 1)),
    ("winograd", Window((5, 5)), (19, 18), (8, 16, 1)),
    ("winograd", Window((3, 3), pad=((1, 1), (1, 1))), (14, 14), (64, 64, 1)),
]
NAMES = [f"{name} {window.kernel} {window.stride}" for name, window, *_ in LARGE]


@pytest.mark.parametrize(("kernel", "window", "size", "channels"), LARGE, ids=NAMES)
def test_large_images_in_float32(
    kernel: str, window: Window, size: tuple[int, int], channels: tuple[int, int, int]
) -> None:
    """In float32 within 1.5e-5 of the largest exact value (9e-6 here; others may round differently)."""
    assert dispatch.choose(*size, *channels[:2], window) == kernel
    x, dy, weights, bias = (a.astype(np.float32) for a in arrays(0, window, size, channels, n=8))
    found = everything((x, dy, weights, bias), window)
    assert {a.dtype for a in found} == {np.dtype(np.float32)}
    double = x.astype(float), dy.astype(float), weights.astype(float), bias.astype(float)
    exact = wanted(double, window)
    for one, other in zip(found, exact, strict=True):
        assert np.abs(one - other).max() < 1.5e-5 * np.abs(other).max()


@pytest.mark.parametrize(("kernel", "window", "size", "channels"), LARGE, ids=NAMES)
def test_the_same_bits_whatever_memory_held_and_wherever_rows_lie(
    kernel: str, window: Window, size: tuple[int, int], channels: tuple[int, int, int]
) -> None:
    x, dy, weights, bias = (a.astype(np.float32) for a in arrays(1, window, size, channels, n=8))
    first = everything((x, dy, weights, bias), window)
    y, saved = convolve(apart(x), weights, window, 1, bias)
    second = y, *convolve_backward(apart(dy), saved, weights, window)
    for one, other in zip(first, second, strict=True):
        assert other is not None
        np.testing.assert_array_equal(one, other)


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.tuples(st.integers(0, 3), st.integers(0, 3)),
    st.booleans(),
    st.integers(0, 1000),
)
def test_patches_are_the_definition(
    kernel: tuple[int, int], counts: tuple[int, int], left_over: tuple[int, int], rows_apart: bool, seed: int
) -> None:
    """Windows side by side, or one along an axis, whatever its stride; pixels left over at the end count nowhere."""
    window = Window(kernel, (kernel[0] if counts[0] > 1 else 9, kernel[1] if counts[1] > 1 else 9))
    size = (kernel[0] * counts[0] + left_over[0] % kernel[0], kernel[1] * counts[1] + left_over[1] % kernel[1])
    x, dy, weights, bias = arrays(seed, window, size, (6, 5, 1))
    exact = wanted((x, dy, weights, bias), window)
    if rows_apart:
        x, dy = apart(x), apart(dy)
    with patch.object(dispatch, "choose", lambda *_: "patches"):
        same(everything((x, dy, weights, bias), window), exact)


@pytest.mark.parametrize(
    "kernel", ["columns", "strips", "kn2row", "patches", "pointwise", "winograd", "depthwise", "one filter"]
)
def test_only_what_is_wanted(kernel: str) -> None:
    window = Window((1, 1) if kernel == "pointwise" else (3, 3), (3, 3) if kernel == "patches" else (1, 1))
    x, dy, weights, bias = arrays(0, window, (6, 7), (8, 1 if kernel == "one filter" else 8, 1))
    forward: Callable[..., tuple[Array, Any]] = convolve
    backward: Callable[..., tuple[Array | None, Array, Array | None]] = convolve_backward
    if kernel == "depthwise":
        forward, backward, weights = convolve_depthwise, convolve_depthwise_backward, weights[:, :, 0]
    with patch.object(dispatch, "choose", lambda *_: kernel):
        with_bias, saved = forward(x, weights, window, bias=bias)
        plain, _ = forward(x, weights, window)
        everything_wanted = backward(dy, saved, weights, window)
        less = backward(dy, saved, weights, window, with_dx=False, with_bias=False)
    np.testing.assert_allclose(with_bias - bias, plain, atol=1e-12)
    assert less[0] is None
    assert less[2] is None
    np.testing.assert_array_equal(less[1], everything_wanted[1])


@pytest.mark.parametrize(
    ("size", "channels", "window", "kernel"),
    [
        ((28, 28), (1, 8), Window((3, 3), pad=((1, 1), (1, 1))), "columns"),
        ((32, 32), (3, 32), Window((3, 3), pad=((1, 1), (1, 1))), "columns"),
        ((14, 14), (16, 32), Window((3, 3), pad=((1, 1), (1, 1))), "winograd"),
        ((32, 32), (16, 32), Window((3, 3), (2, 2), ((1, 1), (1, 1))), "winograd"),
        ((14, 14), (40, 8), Window((3, 3), pad=((1, 1), (1, 1))), "kn2row"),
        ((14, 14), (16, 8), Window((3, 3), pad=((1, 1), (1, 1))), "winograd"),
        ((28, 28), (16, 1), Window((3, 3), pad=((1, 1), (1, 1))), "kn2row"),
        ((28, 28), (16, 1), Window((3, 3), (2, 2), ((1, 1), (1, 1))), "strips"),
        ((14, 14), (64, 8), Window((3, 3), dilation=(2, 2)), "kn2row"),
        ((14, 14), (16, 32), Window((3, 3), dilation=(2, 2)), "strips"),
        ((14, 14), (16, 32), Window((3, 1)), "strips"),
        ((5, 5), (16, 120), Window((5, 5)), "patches"),  # one output: no products to save
        ((5, 5), (16, 120), Window((5, 4)), "strips"),
        ((29, 30), (16, 32), Window((2, 3), (2, 3)), "patches"),
        ((29, 30), (16, 32), Window((2, 3), (2, 3), ((0, 1), (0, 0))), "strips"),
        ((14, 14), (16, 32), Window((1, 1)), "pointwise"),
        ((14, 14), (16, 32), Window((1, 1), (2, 2)), "pointwise"),
    ],
)
def test_the_kernel_is_chosen_by_the_shapes(
    size: tuple[int, int], channels: tuple[int, int], window: Window, kernel: str
) -> None:
    assert choose(*size, *channels, window) == kernel


@pytest.mark.parametrize(("kernel", "window", "size", "channels"), LARGE, ids=NAMES)
def test_no_images(kernel: str, window: Window, size: tuple[int, int], channels: tuple[int, int, int]) -> None:
    given_arrays = arrays(0, window, size, channels, n=0)
    y, dx, dw, db = everything(given_arrays, window)
    assert y.shape == (*window.out(*size), 0, channels[1])
    assert dx.shape == given_arrays[0].shape
    assert not dw.any()
    assert not db.any()
