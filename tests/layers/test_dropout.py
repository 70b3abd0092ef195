from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.layers.helpers import Array, drive
from tuicnn.layers import Dropout, LayerContext


@given(st.floats(0, 0.9), st.integers(0, 1000))
def test_a_value_is_zeroed_or_scaled_and_its_gradient_alike(share: float, seed: int) -> None:
    x: Array = np.random.default_rng(seed).uniform(1, 2, (4, 5, 6, 3))
    driven = drive(Dropout(share), [x], {}, np.ones_like(x), seed=seed)
    scale = driven.y / x
    (dx,) = driven.dxs
    assert dx is not None
    np.testing.assert_allclose(scale[scale != 0], 1 / (1 - share))
    np.testing.assert_allclose(dx, scale)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_share_is_the_share_and_the_mean_stays(share: float) -> None:
    y = drive(Dropout(share), [np.ones((100, 1000))], {}).y
    assert abs((y == 0).mean() - share) < 0.01
    assert abs(y.mean() - 1) < 0.03


@pytest.mark.parametrize("share", [1 / 512, 0.3, 1 - 1 / 512])
def test_the_share_is_exact_and_not_one_of_256(share: float) -> None:
    fallen = (drive(Dropout(share), [np.ones((1000, 1000))], {}).y == 0).mean()
    assert abs(fallen - share) < 6 * (share * (1 - share) / 1e6) ** 0.5


def test_the_mask_comes_from_the_generator_alone() -> None:
    x = np.ones((8, 50))
    same, other = drive(Dropout(0.5), [x], {}, seed=1), drive(Dropout(0.5), [x], {}, seed=2)
    assert (drive(Dropout(0.5), [x], {}, seed=1).y == same.y).all()
    assert (other.y != same.y).any()
    single = drive(Dropout(0.5), [x.astype(np.float32)], {}, seed=1)
    assert ((single.y == 0) == (same.y == 0)).all()


def test_nothing_is_dropped_outside_training() -> None:
    x = np.ones((8, 50))
    assert (drive(Dropout(0.5), [x], {}, training=False).y == x).all()
    assert (Dropout(0.5).forward([x], {}, LayerContext(training=True))[0] == x).all()
