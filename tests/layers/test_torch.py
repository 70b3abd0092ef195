"""Outputs and gradients of every layer agree with PyTorch's, for random arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.layers.helpers import Array, as_written, batch_of, drive, inner, outer, random_weights
from tests.layers.strategies import CASES
from tuicnn.layers import BatchNorm, Layer

torch = pytest.importorskip("torch")
F = torch.nn.functional

Twin = Callable[[Any, list[Any], dict[str, Any], bool], Any]


def border(layer: Any, x: Any, value: float = 0.0) -> Any:
    """Padding as the language defines it: PyTorch's own `same` needs stride 1, its pooling knows no odd one."""
    (top, bottom), (left, right) = layer.window.pad
    return F.pad(x, (left, right, top, bottom), value=value)


def conv(layer: Any, x: list[Any], w: dict[str, Any], training: bool) -> Any:
    return F.conv2d(
        border(layer, x[0]), w["weight"], w.get("bias"), tuple(layer.stride), 0, tuple(layer.dilation), layer.groups
    )


def depthwise(layer: Any, x: list[Any], w: dict[str, Any], training: bool) -> Any:
    return F.conv2d(
        border(layer, x[0]), w["weight"], w.get("bias"), tuple(layer.stride), 0, tuple(layer.dilation), x[0].shape[1]
    )


def maxpool(layer: Any, x: list[Any], w: dict[str, Any], training: bool) -> Any:
    return F.max_pool2d(border(layer, x[0], -torch.inf), layer.window.kernel, layer.window.stride)


def avgpool(layer: Any, x: list[Any], w: dict[str, Any], training: bool) -> Any:
    return F.avg_pool2d(border(layer, x[0]), layer.window.kernel, layer.window.stride)


def batchnorm(layer: Any, x: list[Any], w: dict[str, Any], training: bool) -> Any:
    """Writes the running statistics into `w`, as the layer's `keep` does."""
    return F.batch_norm(
        x[0], w["running_mean"], w["running_var"], w["weight"], w["bias"], training, layer.momentum, layer.eps
    )


def layernorm(layer: Any, x: list[Any], w: dict[str, Any], training: bool) -> Any:
    return F.layer_norm(x[0], x[0].shape[1:], w["weight"], w["bias"], layer.eps)


def groupnorm(layer: Any, x: list[Any], w: dict[str, Any], training: bool) -> Any:
    return F.group_norm(x[0], layer.groups, w["weight"], w["bias"], layer.eps)


TWINS: dict[str, Twin] = {
    "conv": conv,
    "depthwise": depthwise,
    "maxpool": maxpool,
    "avgpool": avgpool,
    "batchnorm": batchnorm,
    "layernorm": layernorm,
    "groupnorm": groupnorm,
    "dense": lambda layer, x, w, training: F.linear(x[0], w["weight"], w.get("bias")),
    "globalavgpool": lambda layer, x, w, training: F.adaptive_avg_pool2d(x[0], 1).flatten(1),
    "globalmaxpool": lambda layer, x, w, training: F.adaptive_max_pool2d(x[0], 1).flatten(1),
    "zeropad": lambda layer, x, w, training: F.pad(x[0], (layer.pad[1], layer.pad[1], layer.pad[0], layer.pad[0])),
    "flatten": lambda layer, x, w, training: x[0].flatten(1),
    "reshape": lambda layer, x, w, training: x[0].reshape(-1, *layer.shape),
    "relu": lambda layer, x, w, training: F.relu(x[0]),
    "leakyrelu": lambda layer, x, w, training: F.leaky_relu(x[0], layer.slope),
    "elu": lambda layer, x, w, training: F.elu(x[0], layer.alpha),
    "gelu": lambda layer, x, w, training: F.gelu(x[0]),
    "silu": lambda layer, x, w, training: F.silu(x[0]),
    "sigmoid": lambda layer, x, w, training: torch.sigmoid(x[0]),
    "tanh": lambda layer, x, w, training: torch.tanh(x[0]),
    "softmax": lambda layer, x, w, training: torch.softmax(x[0], dim=1),
    "identity": lambda layer, x, w, training: x[0],
    "add": lambda layer, x, w, training: torch.stack(x).sum(dim=0),
    "concat": lambda layer, x, w, training: torch.cat(x, dim=1),
}


def as_torch(layer: Layer, shapes: tuple[tuple[int, ...], ...], values: dict[str, Array]) -> dict[str, Any]:
    specs = layer.weights(*shapes)
    made = {}
    for name, value in values.items():
        axes = specs[name].axes
        made[name] = torch.tensor(value.transpose(axes) if axes else value, requires_grad=specs[name].learnt)
        assert made[name].shape == specs[name].outer_shape
    return made


def test_every_layer_but_dropout_has_a_twin() -> None:
    assert set(TWINS) == set(CASES) - {"dropout"}  # nobody draws the masks that PyTorch draws


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-4), (np.float64, 1e-9)])
@pytest.mark.parametrize("name", TWINS)
@settings(max_examples=12, deadline=None)
@given(data=st.data(), seed=st.integers(0, 10_000))
def test_outputs_and_gradients(name: str, dtype: type, tolerance: float, data: st.DataObject, seed: int) -> None:
    layer, shapes = data.draw(CASES[name])
    if dtype is np.float32 and hasattr(layer, "eps"):
        layer = type(layer)(
            **{**vars(layer), "eps": 0.1}
        )  # a variance of 0 multiplies either side's rounding by 1/√eps
    inputs = [batch_of(shape, 4, seed + k, dtype) for k, shape in enumerate(shapes)]
    values = random_weights(layer, shapes, seed, dtype)

    tensors = [torch.tensor(outer(x), requires_grad=True) for x in inputs]
    weights = as_torch(layer, shapes, values)
    still = TWINS[name](layer, tensors, weights, False).detach().numpy()
    wanted = TWINS[name](layer, tensors, weights, True)
    dy = np.random.default_rng(seed).standard_normal(wanted.shape).astype(dtype)
    wanted.backward(torch.tensor(dy))

    def close(found: Array, torchs: Any) -> None:
        reference = torchs if isinstance(torchs, np.ndarray) else torchs.detach().numpy()
        scale = max(1.0, float(np.abs(reference).max(initial=0)))
        np.testing.assert_allclose(found, reference, atol=tolerance * scale, rtol=0)

    driven = drive(layer, inputs, values, inner(dy), cuts=[1, 3])
    close(outer(driven.y), wanted)
    close(outer(drive(layer, inputs, values, training=False).y), still)
    for dx, tensor in zip(driven.dxs, tensors, strict=True):
        assert dx is not None
        close(outer(dx), tensor.grad)
    specs = layer.weights(*shapes)
    for key, gradient in driven.gradients.items():
        axes = specs[key].axes
        close(gradient.transpose(axes) if axes else gradient, weights[key].grad)
    for key, kept in driven.kept.items():
        close(kept, weights[key])


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.lists(st.integers(1, 15), max_size=4, unique=True))
def test_batchnorm_of_values_far_from_zero(seed: int, cuts: list[int]) -> None:
    """The variance is taken around the mean, not as a difference of two large sums."""
    layer, shapes = BatchNorm(), ((3, 5, 4),)
    x = batch_of(shapes[0], 16, seed, np.float32) + np.float32(300)
    values = random_weights(layer, shapes, seed, np.float32)
    weights = as_torch(layer, shapes, {k: v.astype(np.float64) for k, v in values.items()})
    wanted = batchnorm(layer, [torch.tensor(outer(x).astype(np.float64))], weights, True).detach().numpy()
    driven = drive(layer, [x], values, cuts=sorted(cuts))
    np.testing.assert_allclose(outer(driven.y), wanted, atol=2e-4)
    np.testing.assert_allclose(driven.kept["running_var"], weights["running_var"].numpy(), rtol=1e-4)


@pytest.mark.parametrize(("kernel", "dilation"), [("2x4", 1), ("4x2", 1), ("3x5", 2), ("2x2", 3)])
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
def test_same_is_pytorchs_same_at_stride_1(kernel: str, dilation: int) -> None:
    """Where the total is odd, the odd zero stands at the end."""
    layer, shape = as_written(f"conv 2 {kernel} pad=same dilation={dilation}"), (3, 7, 6)
    x, values = batch_of(shape, 2, 0), random_weights(layer, [shape], 1)
    w = as_torch(layer, (shape,), values)
    wanted = F.conv2d(torch.tensor(outer(x)), w["weight"], w["bias"], padding="same", dilation=dilation)
    np.testing.assert_allclose(outer(drive(layer, [x], values).y), wanted.detach().numpy(), atol=1e-12)
