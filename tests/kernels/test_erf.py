from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tuicnn.kernels import erf


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=20))
def test_erf_is_the_c_librarys(values: list[float]) -> None:
    double = np.array(values)
    assert erf(double).tolist() == [math.erf(v) for v in values]
    single = double.astype(np.float32)
    assert erf(single).dtype == np.float32
    np.testing.assert_allclose(erf(single), [math.erf(float(v)) for v in single], atol=5e-7, rtol=1e-6)


def test_erf_in_float32_everywhere() -> None:
    x = np.linspace(-5, 5, 20_001, dtype=np.float32)
    assert np.abs(erf(x) - np.array([math.erf(float(v)) for v in x])).max() < 5e-7
    assert erf(x.reshape(3, -1)).shape == (3, 6667)
