"""Each slow twin: its backward is its derivative, PyTorch gives the same, and its steps make its whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plain.cases import CASES
from tests.plain.strategies import FEW, Geometry, geometries, normals, slope
from tuicnn import plain


@pytest.mark.parametrize("name", CASES)
@FEW
@given(data=st.data(), seed=st.integers(0, 1000))
def test_the_backward_is_the_derivative(name: str, data: st.DataObject, seed: int) -> None:
    case = data.draw(CASES[name])
    dy = normals(seed, *case.forward(*case.inputs).shape)
    gradients = case.backward(dy, *case.inputs)
    for k, (x, gradient) in enumerate(zip(case.inputs, gradients, strict=True)):
        direction, before, after = normals(seed + 1, *x.shape), case.inputs[:k], case.inputs[k + 1 :]
        found = slope(lambda x, b=before, a=after: float(np.vdot(case.forward(*b, x, *a), dy)), x, direction)  # type: ignore[misc]
        assert np.vdot(gradient, direction) == pytest.approx(found, rel=1e-5, abs=1e-6), f"input {k}"


@pytest.mark.parametrize("name", CASES)
@FEW
@given(data=st.data(), seed=st.integers(0, 1000))
def test_value_and_gradients_are_pytorchs(name: str, data: st.DataObject, seed: int) -> None:
    torch = pytest.importorskip("torch")
    case = data.draw(CASES[name])
    y = case.forward(*case.inputs)
    dy = normals(seed, *y.shape)
    tensors = [torch.tensor(x, requires_grad=True) for x in case.inputs]
    theirs = case.torch(torch, *tensors)
    theirs.backward(torch.tensor(dy))
    np.testing.assert_allclose(y, theirs.detach().numpy(), atol=1e-10)
    for k, (tensor, gradient) in enumerate(zip(tensors, case.backward(dy, *case.inputs), strict=True)):
        np.testing.assert_allclose(gradient, tensor.grad.numpy(), atol=1e-10, err_msg=f"input {k}")


def test_every_backward_is_held_to_them() -> None:
    """A twin that has a backward has a row in CASES: none was forgotten."""
    there = {name.removesuffix("_backward") for name in vars(plain) if name.endswith("_backward")}
    assert there - {"standardise"} == set(CASES)  # that one is a step of the normalisations


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
@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 50))
def test_a_mask_marks_the_first_largest_in_reading_order(height: int, width: int, seed: int) -> None:
    window = np.random.default_rng(seed).integers(0, 3, (height, width)).astype(np.float64)
    mask, ties = plain.mask_of_window(window), plain.ties_of_window(window)
    assert mask.sum() == 1
    assert mask.argmax() == window.argmax()
    assert (mask * window).sum() == window.max()
    assert mask[ties[0]] == 1
    assert ties == list(zip(*(place.tolist() for place in np.nonzero(window == window.max())), strict=True))


def test_an_average_is_distributed_evenly() -> None:
    np.testing.assert_array_equal(plain.distribute_value(3.0, (2, 3)), np.full((2, 3), 0.5))
    assert plain.average(np.arange(6.0).reshape(2, 3)) == 2.5


@FEW
@given(st.integers(2, 4), st.integers(1, 3), st.floats(0, 1), st.integers(0, 100))
def test_running_statistics_move_towards_the_batchs(count: int, channels: int, momentum: float, seed: int) -> None:
    x, mean, var = normals(seed, count, channels, 2, 3), normals(seed, channels), normals(seed + 1, channels) ** 2
    found = plain.running_statistics(x, mean, var, momentum)
    axes = (0, 2, 3)
    np.testing.assert_allclose(found[0], (1 - momentum) * mean + momentum * x.mean(axes))
    np.testing.assert_allclose(found[1], (1 - momentum) * var + momentum * x.var(axes, ddof=1))


@pytest.mark.parametrize("scale", [1.0, 1e4])
@pytest.mark.parametrize("name", ["cross_entropy", "mse_loss", "binary_cross_entropy_with_logits"])
def test_losses_do_not_overflow(name: str, scale: float) -> None:
    z: Any = scale * normals(0, 6, 4)
    assert np.isfinite(getattr(plain, name)(z, [0, 1, 2, 3, 0, 1]))
    assert np.isfinite(getattr(plain, f"{name}_backward")(z, [0, 1, 2, 3, 0, 1])).all()


@settings(FEW, max_examples=10)
@given(st.floats(0, 0.9), st.integers(0, 100))
def test_a_mask_of_dropout_drops_its_share(p: float, seed: int) -> None:
    mask = plain.dropout_mask((20, 20, 5), p, np.random.default_rng(seed))
    assert set(np.unique(mask)) <= {0, 1}
    assert abs((mask == 0).mean() - p) < 5 * (p * (1 - p) / mask.size) ** 0.5 + 1e-9
