"""Outputs and gradients of every layer agree with PyTorch's, for random arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.layers.helpers import Array, as_written, batch_of, drive, inner, inner_weights, outer, random_weights
from tests.layers.table import CASES, RANDOM
from tuicnn.bench.twin import evaluated, modules_of
from tuicnn.layers import Activation, BatchNorm, Layer, Shape

torch = pytest.importorskip("torch")


class Twin:
    """A layer as the twin of a network has it, with our weights."""

    def __init__(self, layer: Layer, shapes: Sequence[Shape], values: Mapping[str, Array], dtype: type) -> None:
        self._expression = layer.torch_expression(*shapes)
        bare = self._expression and not layer.weights(*shapes)
        self._modules = torch.nn.Sequential(*([] if bare else modules_of(layer, shapes[0])))
        self._modules.to(torch.float32 if dtype is np.float32 else torch.float64)
        if values:
            given = {name: torch.tensor(v) for name, v in inner_weights(layer, shapes, values).items()}
            self._modules[-1].load_state_dict(given)

    def __call__(self, inputs: Sequence[Array | Any], *, training: bool) -> Any:
        self._modules.train(training)
        return evaluated(self._expression, inputs, self._modules) if self._expression else self._modules(inputs[0])

    @property
    def weights(self) -> dict[str, Any]:
        """The weights by their names in the layer, each with its gradient."""
        return dict(self._modules[-1].state_dict(keep_vars=True)) if len(self._modules) else {}


@pytest.mark.parametrize("name", sorted(set(CASES) - set(RANDOM)))  # nobody draws the masks that PyTorch draws
@settings(max_examples=12, deadline=None)
@given(data=st.data(), seed=st.integers(0, 10_000))
def test_outputs_and_gradients(name: str, data: st.DataObject, seed: int) -> None:
    """In float32: in float64 each layer is compared with its slow twin, and that one with PyTorch."""
    dtype = np.float32
    layer, shapes = data.draw(CASES[name])
    if hasattr(layer, "eps"):  # a variance of 0 multiplies either side's rounding by 1/√eps
        layer = type(layer)(**{**vars(layer), "eps": 0.1})
    reach = dtype(4 if isinstance(layer, Activation) else 1)  # as far as the ends of those that are clipped
    inputs = [reach * batch_of(shape, 4, seed + k, dtype) for k, shape in enumerate(shapes)]
    values = random_weights(layer, shapes, seed, dtype)

    tensors = [torch.tensor(outer(x), requires_grad=True) for x in inputs]
    twin = Twin(layer, shapes, values, dtype)
    still = twin(tensors, training=False).detach().numpy()
    wanted = twin(tensors, training=True)
    dy = np.random.default_rng(seed).standard_normal(wanted.shape).astype(dtype)
    wanted.backward(torch.tensor(dy))

    def close(found: Array, torchs: Any) -> None:
        reference = torchs if isinstance(torchs, np.ndarray) else torchs.detach().numpy()
        scale = max(1.0, float(np.abs(reference).max(initial=0)))
        np.testing.assert_allclose(found, reference, atol=1e-4 * scale, rtol=0)

    driven = drive(layer, inputs, values, inner(dy), cuts=[1, 3])
    close(outer(driven.y), wanted)
    close(outer(drive(layer, inputs, values, training=False).y), still)
    for dx, tensor in zip(driven.dxs, tensors, strict=True):
        assert dx is not None
        close(outer(dx), tensor.grad)
    specs = layer.weights(*shapes)
    for key, gradient in driven.gradients.items():
        axes = specs[key].axes
        close(gradient.transpose(axes) if axes else gradient, twin.weights[key].grad)
    for key, buffers in driven.buffers.items():
        close(buffers, twin.weights[key])


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.lists(st.integers(1, 15), max_size=4, unique=True))
def test_batchnorm_of_values_far_from_zero(seed: int, cuts: list[int]) -> None:
    """The variance is taken around the mean, not as a difference of two large sums."""
    layer, shapes = BatchNorm(), ((3, 5, 4),)
    x = batch_of(shapes[0], 16, seed, np.float32) + np.float32(300)
    values = random_weights(layer, shapes, seed, np.float32)
    twin = Twin(layer, shapes, {k: v.astype(np.float64) for k, v in values.items()}, np.float64)
    wanted = twin([torch.tensor(outer(x).astype(np.float64))], training=True).detach().numpy()
    driven = drive(layer, [x], values, cuts=sorted(cuts))
    np.testing.assert_allclose(outer(driven.y), wanted, atol=2e-4)
    np.testing.assert_allclose(driven.buffers["running_var"], twin.weights["running_var"].numpy(), rtol=1e-4)


@pytest.mark.parametrize(("kernel", "dilation"), [("2x4", 1), ("4x2", 1), ("3x5", 2), ("2x2", 3)])
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
def test_same_is_pytorchs_same_at_stride_1(kernel: str, dilation: int) -> None:
    """Where the total is odd, the odd zero stands at the end."""
    layer, shape = as_written(f"conv 2 {kernel} pad=same dilation={dilation}"), (3, 7, 6)
    x, values = batch_of(shape, 2, 0), random_weights(layer, [shape], 1)
    w = {name: torch.tensor(v) for name, v in inner_weights(layer, [shape], values).items()}
    wanted = torch.nn.functional.conv2d(
        torch.tensor(outer(x)), w["weight"], w["bias"], padding="same", dilation=dilation
    )
    np.testing.assert_allclose(outer(drive(layer, [x], values).y), wanted.detach().numpy(), atol=1e-12)
