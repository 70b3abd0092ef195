"""The error function, which NumPy does not have."""

from __future__ import annotations

import math

from tuicnn.lazy_numpy import np

from .arrays import Array
from .memory import empty

__all__ = ["erf"]

#: x·P(x²)/Q(x²) on [-4, 4], highest power first: Eigen's and XLA's rational approximation for float32
#: (Eigen, unsupported SpecialFunctionsImpl.h, `erf`; XLA, xla/hlo/builder/lib/math.cc, `ErfImpl32`)
P = (
    -2.72614225801306e-10,
    2.77068142495902e-08,
    -2.10102402082508e-06,
    -5.69250639462346e-05,
    -7.34990630326855e-04,
    -2.95459980854025e-03,
    -1.60960333262415e-02,
)
Q = (
    -1.45660718464996e-05,
    -2.13374055278905e-04,
    -1.68282697438203e-03,
    -7.37332916720468e-03,
    -1.42647390514189e-02,
)


def polynomial(coefficients: tuple[float, ...], x: Array) -> Array:
    """The polynomial's value, highest power first, by Horner's rule."""
    value: Array = np.multiply(x, coefficients[0], out=empty(x.shape, x.dtype))
    for coefficient in coefficients[1:-1]:
        value += coefficient
        value *= x
    value += coefficients[-1]
    return value


def erf(x: Array) -> Array:
    """erf(x) = 2/√π ∫₀ˣ exp(−t²) dt, elementwise, in x's own type.

    In float32 by a formula without branches, wrong by less than 5e-7. float64 is for checking, where being exact
    matters and speed does not, so the C library's erf is called for each element.
    """
    if x.dtype == np.float64:
        return np.fromiter(map(math.erf, x.ravel().tolist()), np.float64, x.size).reshape(x.shape)
    t: Array = np.clip(x, -4.0, 4.0, out=empty(x.shape, x.dtype))
    square: Array = np.multiply(t, t, out=empty(x.shape, x.dtype))
    t *= polynomial(P, square)
    t /= polynomial(Q, square)
    return t
