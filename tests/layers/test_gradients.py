"""Every layer's backward against central differences of its forward, in float64, and against laws it must keep."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.layers.helpers import Array, batch_of, drive, random_weights
from tests.layers.strategies import CASES
from tuicnn.vocabulary import vocabulary

STEP = 1e-5
#: these are linear in their inputs (for fixed weights)
LINEAR = ["avgpool", "globalavgpool", "zeropad", "flatten", "reshape", "identity", "dropout", "add", "concat"]
HIDDEN = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def apart(x: Array) -> Array:
    """As many values in the same order, evenly spaced and none at 0: no step crosses a kink of ReLU or maximum."""
    ranks = x.ravel().argsort().argsort().reshape(x.shape)
    return (ranks + 0.25 - x.size // 2) * (4 / x.size)


def test_every_layer_of_the_language_is_checked() -> None:
    assert set(CASES) == set(vocabulary("layer"))


@pytest.mark.parametrize("name", CASES)
@HIDDEN
@given(data=st.data(), seed=st.integers(0, 10_000))
def test_gradients(name: str, data: st.DataObject, seed: int) -> None:
    layer, shapes = data.draw(CASES[name])
    count = 3
    inputs = [apart(batch_of(shape, count, seed + k)) for k, shape in enumerate(shapes)]
    values = random_weights(layer, shapes, seed)
    rng = np.random.default_rng(seed)
    probe = drive(layer, inputs, values)
    dy: Array = rng.standard_normal(probe.y.shape)
    driven = drive(layer, inputs, values, dy)

    def loss(changed: list[Array], weights: dict[str, Array]) -> float:
        return float(np.vdot(drive(layer, changed, weights).y, dy))

    learnt = [key for key, spec in layer.weights(*shapes).items() if spec.learnt]
    places: list[tuple[int | str, Array | None]] = [*enumerate(driven.dxs)]
    places += [(key, driven.gradients[key]) for key in learnt]
    for place, gradient in places:
        assert gradient is not None
        base = inputs[place] if isinstance(place, int) else values[place]
        assert gradient.shape == base.shape
        directions: list[Array] = [rng.standard_normal(base.shape)]
        for element in rng.choice(base.size, min(base.size, 6), replace=False):
            one = np.zeros(base.size)
            one[element] = 1
            directions.append(one.reshape(base.shape))
        for direction in directions:
            sides = []
            for sign in (1, -1):
                changed, weights = list(inputs), dict(values)
                moved = base + sign * STEP * direction
                if isinstance(place, int):
                    changed[place] = moved
                else:
                    weights[place] = moved
                sides.append(loss(changed, weights))
            numeric = (sides[0] - sides[1]) / (2 * STEP)
            analytic = float(np.vdot(gradient, direction))
            scale = 1 + float(np.abs(gradient).max()) * float(np.abs(direction).sum()) ** 0.5
            assert abs(numeric - analytic) < 2e-6 * scale, (place, numeric, analytic)


@pytest.mark.parametrize("name", LINEAR)
@HIDDEN
@given(data=st.data(), seed=st.integers(0, 10_000))
def test_backward_of_a_linear_layer_is_its_adjoint(name: str, data: st.DataObject, seed: int) -> None:
    layer, shapes = data.draw(CASES[name])
    inputs = [batch_of(shape, 3, seed + k) for k, shape in enumerate(shapes)]
    y = drive(layer, inputs, {}).y
    dy: Array = np.random.default_rng(seed).standard_normal(y.shape)
    dxs = drive(layer, inputs, {}, dy).dxs
    there = np.vdot(y, dy)
    back = sum(np.vdot(x, dx) for x, dx in zip(inputs, dxs, strict=True) if dx is not None)
    np.testing.assert_allclose(back, there, atol=1e-9)


@HIDDEN
@given(case=CASES["maxpool"], seed=st.integers(0, 1000))
def test_ties_in_max_pooling_pass_each_gradient_once(
    case: tuple[object, tuple[tuple[int, ...], ...]], seed: int
) -> None:
    layer, shapes = case
    x = np.zeros_like(batch_of(shapes[0], 2, seed))
    y = drive(layer, [x], {}).y  # type: ignore[arg-type]
    dy: Array = np.random.default_rng(seed).standard_normal(y.shape)
    (dx,) = drive(layer, [x], {}, dy).dxs  # type: ignore[arg-type]
    assert dx is not None
    np.testing.assert_allclose(dx.sum(axis=(0, 1)), dy.sum(axis=(0, 1)), atol=1e-12)


def test_global_max_pooling_gives_a_tie_to_one_pixel() -> None:
    layer = vocabulary("layer")["globalmaxpool"]()
    (dx,) = drive(layer, [np.zeros((3, 4, 2, 5))], {}, np.ones((2, 5))).dxs
    assert dx is not None
    assert (np.count_nonzero(dx, axis=(0, 1)) == 1).all()
    assert (dx.sum(axis=(0, 1)) == 1).all()
