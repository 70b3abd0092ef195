"""Laws of every layer and loss, through the network's outer interface: whatever it does inside, they must hold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.alone import Alone, Array
from tests.layers.texts import TEXTS, Shape
from tuicnn import Network
from tuicnn.vocabulary import vocabulary

STEP = 1e-5
#: linear in their inputs, and the first three in their weights too, but for a bias
LINEAR = ["conv", "depthwise", "dense", "avgpool", "globalavgpool", "zeropad", "flatten", "reshape", "identity", "add",
          "concat"]  # fmt: skip
SOME = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
#: batches of one image, of some, and of more than one shard
COUNTS = st.sampled_from([1, 3, 3, 3, 35])
SEEDS = st.integers(0, 10_000)


def normals(shapes: tuple[Shape, ...], count: int, seed: int) -> list[Array]:
    random = np.random.default_rng(seed)
    return [random.standard_normal((count, *shape)) for shape in shapes]


def apart(x: Array) -> Array:
    """As many values in the same order, evenly spaced and none near 0: no small step crosses a kink of ReLU or max."""
    ranks = x.ravel().argsort().argsort().reshape(x.shape)
    spread: Array = (ranks + 0.25 - x.size // 2) * (4 / x.size)
    return spread


def shaken(alone: Alone, seed: int) -> dict[str, Array]:
    """Random values for the layer's own weights; a variance stays positive."""
    random = np.random.default_rng(seed)
    values = {name: random.standard_normal(w.shape) for name, w in alone.weights().items()}
    return {name: np.abs(v) + 0.5 if "var" in name else v for name, v in values.items()}


def test_every_layer_of_the_language_is_written() -> None:
    assert set(TEXTS) == set(vocabulary("layer"))


@pytest.mark.parametrize("counts", [[1, 3], [33, 70]], ids=["few images", "several shards"])
@pytest.mark.parametrize("name", TEXTS)
@SOME
@given(data=st.data(), seed=SEEDS)
def test_gradients_are_derivatives(name: str, counts: list[int], data: st.DataObject, seed: int) -> None:
    """By inputs and weights, along a random direction and along single ones, by central differences in float64."""
    text, shapes = data.draw(TEXTS[name])
    count = data.draw(st.sampled_from(counts))
    x = [apart(a) for a in normals(shapes, count, seed)]
    alone = Alone(text, x)
    weights = shaken(alone, seed + 1)
    alone.load(x, weights)
    dxs, own = alone.backward()
    random = np.random.default_rng(seed + 2)

    def moved(place: int | str, step: Array) -> float:
        alone.load([a + step if k == place else a for k, a in enumerate(x)],
                   {key: w + step if key == place else w for key, w in weights.items()})  # fmt: skip
        return alone.loss()

    places: list[tuple[int | str, Array]] = [*enumerate(dxs), *own.items()]
    for place, gradient in places:
        elements = random.choice(gradient.size, min(gradient.size, 3), replace=False)
        single = [np.eye(1, gradient.size, element).reshape(gradient.shape) for element in elements]
        for direction in (random.standard_normal(gradient.shape), *single):
            numeric = (moved(place, STEP * direction) - moved(place, -STEP * direction)) / (2 * STEP)
            found = float(np.vdot(gradient, direction))
            scale = 1 + float(np.abs(gradient).max()) * float(np.abs(direction).sum()) ** 0.5
            assert abs(numeric - found) < 1e-6 * scale, (text, place, numeric, found)


@pytest.mark.parametrize("name", LINEAR)
@SOME
@given(data=st.data(), count=COUNTS, seed=SEEDS)
def test_backward_of_a_linear_layer_is_its_adjoint(name: str, data: st.DataObject, count: int, seed: int) -> None:
    """<L(other), dy> = <other, dx>, where dx is what the layer made of dy, for any other inputs."""
    text, shapes = data.draw(TEXTS[name])
    alone = Alone(text.replace("bias=true", "bias=false"), normals(shapes, count, seed))
    dy, (dxs, _) = alone.dy(), alone.backward()
    other = normals(shapes, count, seed + 1)
    alone.load(other)
    there = float(np.vdot(alone.forward(), dy))
    assert sum(float(np.vdot(a, dx)) for a, dx in zip(other, dxs, strict=True)) == pytest.approx(there, abs=1e-9)


@pytest.mark.parametrize("name", ["conv", "depthwise", "dense"])
@SOME
@given(data=st.data(), count=COUNTS, seed=SEEDS)
def test_gradients_of_weights_are_adjoints_too(name: str, data: st.DataObject, count: int, seed: int) -> None:
    """<L(x, other), dy> = <other, dw>, the bias being a weight whose input is always 1."""
    text, shapes = data.draw(TEXTS[name])
    x = normals(shapes, count, seed)
    alone = Alone(text, x)
    alone.load(x, shaken(alone, seed + 1))
    dy, (_, own) = alone.dy(), alone.backward()
    other = shaken(alone, seed + 2)
    alone.load(x, other)
    there = float(np.vdot(alone.forward(), dy))
    assert sum(float(np.vdot(other[key], dw)) for key, dw in own.items()) == pytest.approx(there, abs=1e-9)


def same_order(x: Array, seed: int) -> Array:
    """Other values, but the largest of any of them is where it was."""
    stretched: Array = np.sinh(x) + 0.3
    return stretched


def same_signs(x: Array, seed: int) -> Array:
    return x * np.random.default_rng(seed).uniform(0.1, 3, x.shape)


@pytest.mark.parametrize(
    ("name", "alike"),
    [("maxpool", same_order), ("globalmaxpool", same_order), ("relu", same_signs), ("leakyrelu", same_signs)],
)
@SOME
@given(data=st.data(), count=COUNTS, seed=SEEDS)
def test_with_its_choices_frozen_a_choosing_layer_is_linear(
    name: str, alike: Callable[[Array, int], Array], data: st.DataObject, count: int, seed: int
) -> None:
    """Among inputs for which it chooses alike (the same maxima, the same signs) its backward is its adjoint."""
    text, shapes = data.draw(TEXTS[name])
    (x,) = (apart(a) for a in normals(shapes, count, seed))
    alone = Alone(text, [x])
    dy, ((dx,), _) = alone.dy(), alone.backward()
    other = alike(x, seed + 1)
    alone.load([other])
    assert float(np.vdot(other, dx)) == pytest.approx(float(np.vdot(alone.forward(), dy)), abs=1e-9)


@pytest.mark.parametrize(
    ("loss", "outputs"),
    [
        *((loss, outputs) for loss in ("cross_entropy", "cross_entropy smoothing=0.2") for outputs in (2, 5)),
        *((loss, outputs) for loss in ("mse", "bce") for outputs in (1, 2, 5)),
    ],
)
@SOME
@given(count=st.sampled_from([1, 4, 35]), seed=SEEDS)
def test_gradients_of_losses_are_derivatives(loss: str, outputs: int, count: int, seed: int) -> None:
    """Of a batch, also of more than one shard: the mean over its images."""
    random = np.random.default_rng(seed)
    classes = max(2, outputs)
    network = Network.from_text(f"flatten -> dense {outputs}\nloss: {loss}\n", (1, 2, 3), classes, dtype=np.float64)
    x, labels = random.standard_normal((count, 1, 2, 3)), random.integers(0, classes, count)
    start = {name: network.state_dict()[name] for name, _ in network.named_parameters()}
    gradients = network.loss_and_gradients(x, labels)[1]
    direction = {name: random.standard_normal(w.shape) for name, w in start.items()}

    def at(step: float) -> float:
        network.load_state_dict({name: w + step * direction[name] for name, w in start.items()})
        return network.loss_and_gradients(x, labels)[0]

    found = sum(float(np.vdot(gradients[name], d)) for name, d in direction.items())
    assert found == pytest.approx((at(STEP) - at(-STEP)) / (2 * STEP), rel=1e-6, abs=1e-8)


@SOME
@given(data=st.data(), count=COUNTS, seed=SEEDS)
def test_ties_in_max_pooling_pass_each_gradient_once(data: st.DataObject, count: int, seed: int) -> None:
    """Where all pixels are equal, what comes in at the back is what goes out at the front, channel by channel."""
    text, shapes = data.draw(st.one_of(TEXTS["maxpool"], TEXTS["globalmaxpool"]))
    alone = Alone(text, [np.full((count, *shapes[0]), 0.5)])
    (dx,), _ = alone.backward()
    dy = alone.dy().reshape(count, shapes[0][0], -1)
    np.testing.assert_allclose(dx.sum(axis=(2, 3)), dy.sum(axis=2), atol=1e-12)
