"""Normalisation of values far from zero: digits are not lost in a difference of two large sums."""

from __future__ import annotations

import numpy as np
import pytest

from tests.layers.helpers import Array, as_written, batch_of, drive, random_weights
from tuicnn.layers import Shape


@pytest.mark.parametrize("shape", [(4, 5, 6), (12,)])
@pytest.mark.parametrize("text", ["layernorm", "groupnorm 2", "batchnorm"])
@pytest.mark.parametrize("mean", [300.0, 30000.0])
def test_values_far_from_zero(text: str, shape: Shape, mean: float) -> None:
    """Against the same values in float64; what float32 itself loses of them is all that is lost."""
    layer = as_written(text)
    x = (batch_of(shape, 16, 0) + mean).astype(np.float32)
    values = random_weights(layer, [shape], 1)
    single = {name: value.astype(np.float32) for name, value in values.items()}
    exact_x: Array = x.astype(np.float64)
    y = drive(layer, [exact_x], values).y
    dy: Array = np.random.default_rng(2).standard_normal(y.shape)
    exact = drive(layer, [exact_x], values, dy)
    found = drive(layer, [x], single, dy.astype(np.float32))
    tolerance = 1e-6 * mean
    np.testing.assert_allclose(found.y, exact.y, atol=tolerance)
    assert found.dxs[0] is not None
    assert exact.dxs[0] is not None
    np.testing.assert_allclose(found.dxs[0], exact.dxs[0], atol=tolerance)
    for name, gradient in exact.gradients.items():
        np.testing.assert_allclose(found.gradients[name], gradient, atol=tolerance * float(np.abs(dy).sum()) ** 0.5)
