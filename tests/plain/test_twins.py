"""Each slow twin: its steps make its whole, its backward is its derivative, and PyTorch gives the same."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plain.strategies import FEW, Array, Geometry, apart, geometries, normals, slope
from tuicnn import plain

#: (channels, filters, groups)
CHANNELS = st.sampled_from([(1, 1, 1), (2, 3, 1), (4, 2, 2), (2, 6, 2), (3, 3, 3)])


def agree(theirs: Any, ours: Array, inputs: dict[str, tuple[Any, Array]], dy: Array) -> None:
    """PyTorch's value is ours, and its gradients by `inputs` (tensor, our gradient) are ours."""
    np.testing.assert_allclose(ours, theirs.detach().numpy(), atol=1e-10)
    theirs.backward(theirs.new_tensor(dy))
    for name, (tensor, gradient) in inputs.items():
        np.testing.assert_allclose(gradient, tensor.grad.numpy(), atol=1e-10, err_msg=name)


@FEW
@given(geometries(), CHANNELS, st.integers(0, 100))
def test_convolution_is_pytorchs(geometry: Geometry, channels: tuple[int, int, int], seed: int) -> None:
    torch = pytest.importorskip("torch")
    c, f, groups = channels
    x, weights = normals(seed, 2, c, *geometry.size), normals(seed + 1, f, c // groups, *geometry.kernel)
    bias = normals(seed + 2, f)
    y = plain.convolve(x, weights, bias, **geometry.how, groups=groups)
    dy = normals(seed + 3, *y.shape)
    tx, tw, tb = (torch.tensor(a, requires_grad=True) for a in (x, weights, bias))
    (top, bottom), (left, right) = geometry.pad
    functional = torch.nn.functional
    padded = functional.pad(tx, (left, right, top, bottom))
    theirs = functional.conv2d(padded, tw, tb, geometry.stride, 0, geometry.dilation, groups)
    dx, dw, db = plain.convolve_backward(dy, x, weights, **geometry.how, groups=groups)
    agree(theirs, y, {"x": (tx, dx), "weights": (tw, dw), "bias": (tb, db)}, dy)
    if groups == c == f:
        np.testing.assert_array_equal(plain.depthwise(x, weights, bias, **geometry.how), y)
        for ours, same in zip(plain.depthwise_backward(dy, x, weights, **geometry.how), (dx, dw, db), strict=True):
            np.testing.assert_array_equal(ours, same)


@FEW
@given(geometries(), CHANNELS, st.integers(0, 100))
def test_convolution_and_its_backward_are_adjoints(
    geometry: Geometry, channels: tuple[int, int, int], seed: int
) -> None:
    """It is linear in the images and in the weights: <conv(x, w), dy> = <x, dx> = <w, dw>."""
    c, f, groups = channels
    x, weights = normals(seed, 2, c, *geometry.size), normals(seed + 1, f, c // groups, *geometry.kernel)
    y = plain.convolve(x, weights, **geometry.how, groups=groups)
    dy = normals(seed + 2, *y.shape)
    dx, dw, db = plain.convolve_backward(dy, x, weights, **geometry.how, groups=groups)
    there = float(np.vdot(y, dy))
    assert float(np.vdot(x, dx)) == pytest.approx(there, abs=1e-9)
    assert float(np.vdot(weights, dw)) == pytest.approx(there, abs=1e-9)
    np.testing.assert_allclose(db, dy.sum(axis=(0, 2, 3)))


@FEW
@given(geometries(), st.integers(0, 100))
def test_one_value_is_made_of_its_products(geometry: Geometry, seed: int) -> None:
    x, weights, bias = normals(seed, 1, 2, *geometry.size), normals(seed, 3, 2, *geometry.kernel), normals(seed, 3)
    y = plain.convolve(x, weights, bias, **geometry.how)
    padded = plain.zero_pad(x, geometry.pad)
    row, column = y.shape[2] - 1, y.shape[3] - 1
    window = plain.window_of(padded[0], row, column, geometry.kernel, geometry.stride, geometry.dilation)
    assert plain.products(window, weights[1]).shape == window.shape
    assert plain.products(window, weights[1]).sum() + bias[1] == pytest.approx(y[0, 1, row, column])
    assert plain.conv_single_step(window, weights[1], bias[1]) == y[0, 1, row, column]


@FEW
@given(geometries(pooling=True), st.integers(0, 100))
def test_pooling_is_pytorchs(geometry: Geometry, seed: int) -> None:
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    x, kernel, stride, pad = apart(seed, 2, 3, *geometry.size), geometry.kernel, geometry.stride, geometry.pad
    (top, bottom), (left, right) = pad
    for name, border in (("max", -math.inf), ("average", 0.0)):
        tx = torch.tensor(x, requires_grad=True)
        padded = functional.pad(tx, (left, right, top, bottom), value=border)
        if name == "max":
            y, theirs = plain.max_pool(x, kernel, stride, pad), functional.max_pool2d(padded, kernel, stride)
            dy = normals(seed + 1, *y.shape)
            dx = plain.max_pool_backward(dy, x, kernel, stride, pad)
        else:
            y, theirs = plain.average_pool(x, kernel, stride, pad), functional.avg_pool2d(padded, kernel, stride)
            dy = normals(seed + 1, *y.shape)
            dx = plain.average_pool_backward(dy, geometry.size, kernel, stride, pad)
        agree(theirs, y, {"x": (tx, dx)}, dy)


@FEW
@given(geometries(pooling=True), st.integers(0, 100))
def test_gradients_of_pooling_are_derivatives(geometry: Geometry, seed: int) -> None:
    kernel, stride, pad = geometry.kernel, geometry.stride, geometry.pad
    x = apart(seed, 2, 2, *geometry.size)
    dy = normals(seed + 1, *plain.max_pool(x, kernel, stride, pad).shape)
    direction = normals(seed + 2, *x.shape)
    largest = slope(lambda x: float(np.vdot(plain.max_pool(x, kernel, stride, pad), dy)), x, direction)
    assert np.vdot(plain.max_pool_backward(dy, x, kernel, stride, pad), direction) == pytest.approx(largest, abs=1e-7)
    mean = float(np.vdot(plain.average_pool(direction, kernel, stride, pad), dy))  # linear: the adjoint identity
    spread = plain.average_pool_backward(dy, geometry.size, kernel, stride, pad)
    assert np.vdot(spread, direction) == pytest.approx(mean, abs=1e-9)


@FEW
@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 50))
def test_a_mask_marks_the_first_largest_in_reading_order(height: int, width: int, seed: int) -> None:
    window = np.random.default_rng(seed).integers(0, 3, (height, width)).astype(np.float64)
    mask = plain.mask_of_window(window)
    assert mask.sum() == 1
    assert mask.argmax() == window.argmax()
    assert (mask * window).sum() == window.max()


def test_an_average_is_spread_evenly() -> None:
    np.testing.assert_array_equal(plain.distribute_value(3.0, (2, 3)), np.full((2, 3), 0.5))
    assert plain.average(np.arange(6.0).reshape(2, 3)) == 2.5


@FEW
@given(st.integers(1, 4), st.integers(1, 6), st.integers(1, 5), st.integers(0, 100))
def test_dense_is_pytorchs(count: int, values: int, outputs: int, seed: int) -> None:
    torch = pytest.importorskip("torch")
    x, weights, bias = normals(seed, count, values), normals(seed + 1, outputs, values), normals(seed + 2, outputs)
    y, dy = plain.dense(x, weights, bias), normals(seed + 3, count, outputs)
    dx, dw, db = plain.dense_backward(dy, x, weights)
    tx, tw, tb = (torch.tensor(a, requires_grad=True) for a in (x, weights, bias))
    agree(torch.nn.functional.linear(tx, tw, tb), y, {"x": (tx, dx), "weights": (tw, dw), "bias": (tb, db)}, dy)
    np.testing.assert_allclose(np.vdot(plain.dense(x, weights), dy), np.vdot(x, dx), atol=1e-9)


@FEW
@given(st.tuples(st.integers(2, 3), st.integers(1, 3), st.integers(1, 3), st.integers(2, 3)), st.integers(0, 100))
def test_batch_normalisation_is_pytorchs(shape: tuple[int, int, int, int], seed: int) -> None:
    torch = pytest.importorskip("torch")
    x, weight, bias = normals(seed, *shape), normals(seed + 1, shape[1]), normals(seed + 2, shape[1])
    y, dy = plain.batch_norm(x, weight, bias, 1e-3), normals(seed + 3, *shape)
    dx, dweight, dbias = plain.batch_norm_backward(dy, x, weight, 1e-3)
    tx, tw, tb = (torch.tensor(a, requires_grad=True) for a in (x, weight, bias))
    theirs = torch.nn.functional.batch_norm(tx, None, None, tw, tb, training=True, eps=1e-3)
    agree(theirs, y, {"x": (tx, dx), "weight": (tw, dweight), "bias": (tb, dbias)}, dy)


@FEW
@given(st.tuples(st.integers(2, 3), st.integers(1, 2), st.integers(1, 3), st.integers(2, 3)), st.integers(0, 100))
def test_the_gradient_of_batch_normalisation_is_its_derivative(shape: tuple[int, int, int, int], seed: int) -> None:
    x, weight, bias, dy = (normals(seed + k, *s) for k, s in enumerate((shape, shape[1:2], shape[1:2], shape)))
    direction = normals(seed + 4, *shape)
    found = slope(lambda x: float(np.vdot(plain.batch_norm(x, weight, bias, 0.1), dy)), x, direction)
    dx, _, _ = plain.batch_norm_backward(dy, x, weight, 0.1)
    assert np.vdot(dx, direction) == pytest.approx(found, rel=1e-5, abs=1e-6)


@FEW
@given(st.integers(1, 4), st.integers(2, 6), st.sampled_from([1.0, 1000.0]), st.integers(0, 100))
def test_cross_entropy_is_pytorchs(count: int, classes: int, scale: float, seed: int) -> None:
    torch = pytest.importorskip("torch")
    z, labels = normals(seed, count, classes) * scale, np.random.default_rng(seed).integers(0, classes, count).tolist()
    tz = torch.tensor(z, requires_grad=True)
    theirs = torch.nn.functional.cross_entropy(tz, torch.tensor(labels))
    ours = np.asarray(plain.cross_entropy(z, labels))
    agree(theirs, ours, {"z": (tz, plain.cross_entropy_backward(z, labels))}, np.ones(()))
    np.testing.assert_allclose(plain.softmax(z[0]), torch.softmax(torch.tensor(z[0]), 0).numpy(), atol=1e-12)


@FEW
@given(st.integers(1, 4), st.integers(2, 6), st.integers(0, 100))
def test_the_gradient_of_cross_entropy_is_its_derivative(count: int, classes: int, seed: int) -> None:
    z, direction = normals(seed, count, classes), normals(seed + 1, count, classes)
    labels = np.random.default_rng(seed).integers(0, classes, count).tolist()
    found = slope(lambda z: plain.cross_entropy(z, labels), z, direction)
    assert np.vdot(plain.cross_entropy_backward(z, labels), direction) == pytest.approx(found, abs=1e-8)
