"""Each slow twin: its backward is its derivative, PyTorch gives the same, and its steps make its whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.layers.table import CASES, LAYERS, RANDOM
from tests.layers.twins import twin_of
from tests.plain.strategies import FEW, Array, Geometry, apart, geometries, normals, slope
from tuicnn import plain
from tuicnn.bench.twin import evaluated, modules_of


@dataclass(frozen=True)
class Case:
    """`forward(*inputs)` gives y, `backward(dy, *inputs)` the gradient by each input; `torch(*tensors)` is y."""

    inputs: Sequence[Array]
    forward: Callable[..., Array]
    backward: Callable[..., Sequence[Array]]
    torch: Callable[..., Any]


def layer_case(data: st.DataObject, name: str, seed: int) -> Case:
    """A layer's twin as a function of the layer's inputs and its learnt weights."""
    (layer, shapes), twin = data.draw(CASES[name]), twin_of(LAYERS[name])
    specs = {key: spec for key, spec in layer.weights(*shapes).items() if spec.is_parameter}
    xs = [3.01 * apart(seed + k, 3, *shape) for k, shape in enumerate(shapes)]
    values = [normals(seed + 9 + k, *spec.outer_shape) for k, spec in enumerate(specs.values())]
    count = len(xs)

    def forward(*inputs: Array) -> Array:
        return twin.forward(layer, inputs[:count], dict(zip(specs, inputs[count:], strict=True)))

    def backward(dy: Array, *inputs: Array) -> Sequence[Array]:
        dxs, gradients = twin.backward(layer, dy, inputs[:count], dict(zip(specs, inputs[count:], strict=True)))
        return [*dxs, *(gradients[key] for key in specs)]

    def theirs(*tensors: Any) -> Any:
        expression = layer.torch_expression(*shapes)
        if expression and not specs:
            return evaluated(expression, tensors)
        *before, last = modules_of(layer, shapes[0])
        given = dict(zip(specs, tensors[count:], strict=True))
        if expression:
            return evaluated(expression, tensors[:count], lambda x: torch_call(last.double(), given, x))
        x = tensors[0]
        for module in before:
            x = module(x)
        return torch_call(last.double(), given, x)

    return Case([*xs, *values], forward, backward, theirs)


def torch_call(module: Any, weights: dict[str, Any], x: Any) -> Any:
    torch = pytest.importorskip("torch")
    return torch.func.functional_call(module, weights, (x,))


def other_case(data: st.DataObject, name: str, seed: int) -> Case:
    """Losses, and what a layer's twin does after training or by a mask of its own."""
    n, c, p = 3, data.draw(st.integers(2, 4)), data.draw(st.floats(0, 0.9))
    x, one, mask = (
        3 * normals(seed, n, c),
        normals(seed + 1, c),
        plain.dropout_mask((n, c), p, np.random.default_rng(seed)),
    )
    mean, var, labels = normals(seed + 2, c), 0.1 + normals(seed + 3, c) ** 2, [k % c for k in range(n)]
    forward, backward = getattr(plain, name), getattr(plain, f"{name}_backward")
    if name == "dropout":
        return Case(
            [x],
            lambda x: forward(x, mask, p),
            lambda dy, x: [backward(dy, mask, p)],
            lambda x: x * x.new_tensor(mask / (1 - p)),
        )
    if name == "batch_norm_inference":
        return Case(
            [x, one, one],
            lambda x, w, b: forward(x, w, b, mean, var, 0.1),
            lambda dy, x, w, b: backward(dy, x, w, mean, var, 0.1),
            lambda x, w, b: (x - x.new_tensor(mean)) / (x.new_tensor(var) + 0.1).sqrt() * w + b,
        )
    options = {"smoothing": 0.2} if name == "cross_entropy" else {}

    def theirs(z: Any) -> Any:
        functional, onehot = pytest.importorskip("torch").nn.functional, z.new_tensor(plain.one_hot(labels, c))
        if options:
            return functional.cross_entropy(z, onehot, label_smoothing=0.2)
        return getattr(functional, name)(z, onehot)

    return Case(
        [x],
        lambda z: np.asarray(forward(z, labels, **options)),
        lambda dy, z: [dy * backward(z, labels, **options)],
        theirs,
    )


LOSSES = ["cross_entropy", "mse_loss", "l1_loss", "huber_loss", "binary_cross_entropy_with_logits"]
OTHERS = [*LOSSES, "batch_norm_inference", "dropout"]
#: of dropout each draws masks of its own
ALL = [*(name for name in CASES if name not in RANDOM), *OTHERS]


def case_of(data: st.DataObject, name: str, seed: int) -> Case:
    return (other_case if name in OTHERS else layer_case)(data, name, seed)


@pytest.mark.parametrize("name", ALL)
@FEW
@given(data=st.data(), seed=st.integers(0, 1000))
def test_the_backward_is_the_derivative(name: str, data: st.DataObject, seed: int) -> None:
    case = case_of(data, name, seed)
    dy = normals(seed, *case.forward(*case.inputs).shape)
    gradients = case.backward(dy, *case.inputs)
    for k, (x, gradient) in enumerate(zip(case.inputs, gradients, strict=True)):
        direction, before, after = normals(seed + 1, *x.shape), case.inputs[:k], case.inputs[k + 1 :]
        found = slope(lambda x, b=before, a=after: float(np.vdot(case.forward(*b, x, *a), dy)), x, direction)  # type: ignore[misc]
        assert np.vdot(gradient, direction) == pytest.approx(found, rel=1e-5, abs=1e-6), f"input {k}"


@pytest.mark.parametrize("name", ALL)
@FEW
@given(data=st.data(), seed=st.integers(0, 1000))
def test_value_and_gradients_are_pytorchs(name: str, data: st.DataObject, seed: int) -> None:
    torch = pytest.importorskip("torch")
    case = case_of(data, name, seed)
    y = case.forward(*case.inputs)
    dy = normals(seed, *y.shape)
    tensors = [torch.tensor(x, requires_grad=True) for x in case.inputs]
    theirs = case.torch(*tensors)
    theirs.backward(torch.tensor(dy))
    np.testing.assert_allclose(y, theirs.detach().numpy(), atol=1e-10)
    for k, (tensor, gradient) in enumerate(zip(tensors, case.backward(dy, *case.inputs), strict=True)):
        np.testing.assert_allclose(gradient, tensor.grad.numpy(), atol=1e-10, err_msg=f"input {k}")


@pytest.mark.parametrize("name", ["convolve", "max_pool", "average_pool"])
@FEW
@given(geometries(pooling=True), st.integers(0, 1000))
def test_a_border_may_be_uneven(name: str, at: Geometry, seed: int) -> None:
    """A window over an image with a border is one over a larger image, and the border has no gradient."""
    x = apart(seed, 2, 2, *at.size)
    own = [normals(seed, 3, 2, *at.kernel)] if name == "convolve" else [at.kernel]
    larger = np.pad(x, ((0, 0), (0, 0), *at.pad), constant_values=-np.inf if name == "max_pool" else 0.0)
    forward, backward = getattr(plain, name), getattr(plain, f"{name}_backward")
    y = forward(x, *own, stride=at.stride, pad=at.pad)
    np.testing.assert_array_equal(y, forward(larger, *own, stride=at.stride))

    def dx(images: Array, **pad: Any) -> Any:
        of: Any = images.shape[2:] if name == "average_pool" else images
        found = backward(normals(seed, *y.shape), of, *own, stride=at.stride, **pad)
        return found[0] if name == "convolve" else found

    np.testing.assert_array_equal(dx(x, pad=at.pad), plain.crop(dx(larger), at.pad))


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
@pytest.mark.parametrize("name", LOSSES)
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
