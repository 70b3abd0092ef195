"""Laws of every layer, through the network's outer interface: whatever it does inside, they must hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.alone import Alone, Array
from tests.layers.table import ROWS
from tuicnn.layers import Shape

STEP = 1e-5
SOME = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])


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


@pytest.mark.parametrize("counts", [[1, 3], [33, 70]], ids=["few images", "several shards"])
@pytest.mark.parametrize("name", ROWS)
@SOME
@given(data=st.data(), seed=st.integers(0, 10_000))
def test_gradients_are_derivatives(name: str, counts: list[int], data: st.DataObject, seed: int) -> None:
    """By inputs and weights, along a random direction and along single ones, by central differences in float64."""
    text, shapes = data.draw(ROWS[name])
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
