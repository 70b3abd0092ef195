"""GELU and its derivative in one go: what both need is computed once, while it is in the cache."""

from __future__ import annotations

import math

from tuicnn.lazy_numpy import np

from .arrays import Array
from .memory import empty

__all__ = ["gelu"]

#: z(x) = x·(c₀ + c₁·x² + … + c₆·x¹²) with tanh(z) = erf(x/√2), highest power first: fitted so that the largest error of
#: x·Φ(x) is least, 7e-8
C = (
    1.80936293e-09,
    -1.33646853e-07,
    3.97311297e-06,
    -5.52779401e-05,
    -3.29547638e-05,
    3.63339113e-02,
    7.97884493e-01,
)


def gelu(x: Array, y: Array, slope: Array | None) -> None:
    """Writes x·Φ(x) into y and, where given, its derivative Φ(x) + x·φ(x) into `slope`.

    What is written last may be x. Φ is the share of a standard normal distribution below x, φ its density; all arrays
    are rows. In float32 Φ is (1 + tanh(z))/2 for a polynomial z of x, wrong by less than 5e-7; where z overflows, tanh
    gives the 1 or -1 that it should be. float64 is for checking, where being exact matters and speed does not, so the
    C library's erf is called for each element.
    """
    square, share = np.multiply(x, x, out=empty(x.shape, x.dtype)), empty(x.shape, x.dtype)
    if x.dtype == np.float64:
        share[...] = np.fromiter((math.erf(v * math.sqrt(0.5)) for v in x.tolist()), np.float64, x.size)
    else:
        np.multiply(square, C[0], out=share)
        for coefficient in C[1:-1]:
            share += coefficient
            share *= square
        share += C[-1]
        share *= x
        np.tanh(share, out=share)
    share *= 0.5
    share += 0.5
    np.multiply(x, share, out=y)
    if slope is not None:
        square *= -math.log2(math.e) / 2
        square -= math.log2(2 * math.pi) / 2
        np.multiply(x, np.exp2(square, out=square), out=slope)
        slope += share
