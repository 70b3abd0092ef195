from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.kernels.strategies import dirty_memory, normals
from tuicnn.kernels.flattening import flattened, unflattened


@given(st.integers(1, 6), st.integers(1, 6), st.sampled_from([1, 3, 8, 32]), st.sampled_from([1, 3, 16]), st.booleans())
def test_flattened_is_pytorchs_order_and_comes_back(h: int, w: int, n: int, c: int, apart: bool) -> None:
    x = normals(0, h, w + 1, n, c)[:, 1:] if apart else normals(0, h, w, n, c)
    with dirty_memory():
        y = flattened(x)
        np.testing.assert_array_equal(y, x.transpose(2, 3, 0, 1).reshape(n, -1))
        np.testing.assert_array_equal(unflattened(y, c, h, w), x)
