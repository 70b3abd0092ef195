"""Softmax of rows that lie far apart, which are computed together."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tuicnn.kernels import softmax


@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=5), st.integers(1, 40), st.integers(0, 9))
def test_each_row_is_as_it_would_be_alone(levels: list[float], values: int, seed: int) -> None:
    near = np.random.default_rng(seed).standard_normal((len(levels), values))
    x = (near + np.array(levels)[:, None]).astype(np.float32)
    exact = np.exp(x.astype(np.float64) - x.max(axis=1, keepdims=True))
    exact /= exact.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(softmax(x), exact, rtol=2e-5)
