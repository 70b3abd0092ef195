"""GELU and its derivative against the C library's error function."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tuicnn.kernels import gelu
from tuicnn.kernels.arrays import Array


def computed(x: Array) -> tuple[Array, Array]:
    """x·Φ(x) and its derivative."""
    y, slope = np.empty_like(x), np.empty_like(x)
    gelu(x, y, slope)
    return y, slope


def exact(x: Array) -> tuple[Array, Array]:
    """The same by their definitions, in float64."""
    double = x.astype(np.float64)
    share = np.array([math.erfc(-v * math.sqrt(0.5)) / 2 for v in double])
    return double * share, share + double * np.exp(-double * double / 2) / math.sqrt(2 * math.pi)


@pytest.mark.parametrize(("dtype", "wrong"), [("float32", 5e-7), ("float64", 1e-14)])
def test_gelu_is_exact_to_its_precision(dtype: str, wrong: float) -> None:
    x = np.linspace(-9, 9, 20_001).astype(dtype)
    for found, wanted in zip(computed(x), exact(x), strict=True):
        assert np.abs(found - wanted).max() < wrong * (1 + np.abs(wanted).max())


def test_gelu_of_very_large_values_is_0_or_the_value() -> None:
    x = np.geomspace(9, 3e38, 1000, dtype=np.float32)
    with np.errstate(over="ignore"):
        assert [values.tolist() for values in computed(x)] == [x.tolist(), [1.0] * x.size]
        assert [np.abs(values).max() for values in computed(-x)] == pytest.approx([0, 0], abs=1e-15)


def test_gelu_over_its_input() -> None:
    x = np.linspace(-3, 3, 50, dtype=np.float32)
    wanted, _ = computed(x)
    gelu(x, x, None)
    assert x.tolist() == wanted.tolist()
