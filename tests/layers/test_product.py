"""A product whose branches each lack places that another has: rows beside columns, channels beside a map."""

from __future__ import annotations

import numpy as np
import pytest

from tests.layers.helpers import batch_of, drive, inner, outer
from tuicnn import plain
from tuicnn.layers import Multiply, Shape


@pytest.mark.parametrize(
    "shapes",
    [((4, 1, 1), (1, 3, 5)), ((4, 3, 1), (4, 1, 5)), ((4,), (1, 3, 5)), ((1, 3, 1), (4,), (1, 1, 5))],
    ids=["channels and a map", "rows and columns", "a vector and a map", "three"],
)
def test_no_branch_has_all_places(shapes: tuple[Shape, ...]) -> None:
    inputs = [batch_of(shape, 2, k) for k, shape in enumerate(shapes)]
    outside = [outer(x) for x in inputs]
    y = plain.multiply(outside)
    dy = np.random.default_rng(9).standard_normal(y.shape)
    driven = drive(Multiply(), inputs, {}, inner(dy))
    np.testing.assert_allclose(outer(driven.y), y)
    for dx, wanted in zip(driven.dxs, plain.multiply_backward(dy, outside), strict=True):
        assert dx is not None
        np.testing.assert_allclose(outer(dx), wanted)
