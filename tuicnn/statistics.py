"""Figures that say how far a network can be trusted, as plain functions of counts and arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuicnn.lazy_numpy import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "BINS",
    "WelchTest",
    "calibration_error",
    "class_scores",
    "mcnemar",
    "mean_interval",
    "t_quantile",
    "t_tails",
    "welch",
    "wilson_interval",
]

#: the 0.975 quantile of the standard normal distribution: of a two-sided interval of 95 %
_Z95 = 1.959963984540054
#: intervals of equal width that `calibration_error` puts probabilities in, as Guo et al. do
BINS = 15


def wilson_interval(right: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share of which `right` of `count` were seen; (NaN, NaN) where none were.

    Wilson's score interval without continuity correction: E. B. Wilson, Probable inference, the law of succession, and
    statistical inference, JASA 22 (1927). Unlike `p ± 1.96 * sqrt(p * (1 - p) / count)` it stays within 0 and 1, and
    has a width where all are right.
    """
    if not count:
        return math.nan, math.nan
    share, square = right / count, _Z95**2
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = _Z95 / (1 + square / count) * math.sqrt(share * (1 - share) / count + square / (4 * count**2))
    # exact at both ends, where rounding would leave a trace
    return 0.0 if right == 0 else middle - half, 1.0 if right == count else middle + half


def class_scores(confusion: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Precision, recall and F1 of each class, (K,), from how often each class (row) was said to be each (column).

    NaN where a figure has no meaning: the precision of a class that is never said, the recall of one without images,
    the F1 of one that is neither said nor there.
    """
    right = np.diagonal(confusion).astype(np.float64)
    said, there = confusion.sum(axis=0), confusion.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return right / said, right / there, 2 * right / (said + there)


def calibration_error(confidences: NDArray[np.floating], right: NDArray[np.bool_]) -> float:
    """The expected calibration error: how far confidence and accuracy are apart, from 0 to 1.

    NaN without images, and where a network gives NaN.

    `confidences` (N,) are the probabilities of the classes said, `right` (N,) whether these are the images' own. The
    mean of `|accuracy - mean confidence|` over `BINS` bins of equal width, `(0, 1/15], …, (14/15, 1]`, each with the
    weight of its images: C. Guo et al., On calibration of modern neural networks, ICML 2017.
    """
    sure = np.asarray(confidences, np.float64)
    if not len(sure) or not np.isfinite(sure).all():
        return math.nan
    which = np.clip(np.ceil(sure * BINS).astype(np.int64) - 1, 0, BINS - 1)
    sure_of, right_of = (np.bincount(which, weights=each, minlength=BINS) for each in (sure, right))
    return float(np.abs(right_of - sure_of).sum() / len(sure))


def mcnemar(first: int, second: int) -> float:
    """How probable it is by chance that two networks which are equally good differ at least so much: 0 to 1.

    On the same images, `first` are those that only the first is right on, `second` those that only the second is.
    McNemar's test, two-sided, with the mid-p value, which is less timid than the exact one and holds its level where
    the counts are small: M. Fagerland, S. Lydersen, P. Laake, The McNemar test for binary matched-pairs data, BMC
    Medical Research Methodology 13 (2013).
    """
    count, few = first + second, min(first, second)
    if not count:
        return 1.0
    if first == second:  # the exact value is 1 there, less half of what is just so
        return 1 - math.exp(_log_binomial(count, few)) / 2
    return 2 * sum(math.exp(_log_binomial(count, k)) for k in range(few + 1)) - math.exp(_log_binomial(count, few))


def _log_binomial(count: int, k: int) -> float:
    """The logarithm of the probability of `k` heads in `count` throws."""
    ways = math.lgamma(count + 1) - math.lgamma(k + 1) - math.lgamma(count - k + 1)
    return ways - count * math.log(2)


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of the mean of what `values` are a sample of; (NaN, NaN) of fewer than two.

    Student's t: mean +- t * s / sqrt(n), with n - 1 degrees of freedom.
    """
    count = len(values)
    if count < 2:
        return math.nan, math.nan
    mean, half = _mean(values), t_quantile(count - 1) * math.sqrt(_variance(values) / count)
    return mean - half, mean + half


@dataclass(frozen=True)
class WelchTest:
    """The difference of two means, second less first, its 95 % interval, and how probable so much is by chance."""

    difference: float
    interval: tuple[float, float]
    p: float


def welch(first: Sequence[float], second: Sequence[float]) -> WelchTest:
    """Whether two samples differ in their means; each has two values at least, and their spreads may differ.

    B. L. Welch, The generalization of "Student's" problem when several different population variances are involved,
    Biometrika 34 (1947). C. Colas, O. Sigaud, P.-Y. Oudeyer, How many random seeds? (2018) find it the most dependable
    for the few seeds that one can afford; a bootstrap of so few is too sure. Where all values of each are the same,
    there is no spread to judge by: p is 1 or 0.
    """
    difference = _mean(second) - _mean(first)
    shares = [_variance(values) / len(values) for values in (first, second)]
    error = math.sqrt(sum(shares))
    if not error > 1e-12 * max(map(abs, (*first, *second))):
        return WelchTest(difference, (difference, difference), float(abs(difference) <= error))
    degrees = 1 / sum(  # of shares of the whole, whose squares cannot vanish
        (share / sum(shares)) ** 2 / (len(values) - 1) for share, values in zip(shares, (first, second), strict=True)
    )
    half = t_quantile(degrees) * error
    return WelchTest(difference, (difference - half, difference + half), t_tails(difference / error, degrees))


def t_tails(t: float, degrees: float) -> float:
    """The probability that a variable of Student's t distribution is as far from 0 as `t`, or farther."""
    square = t * t
    return _incomplete_beta(degrees / 2, 0.5, degrees / (degrees + square), square / (degrees + square))


def t_quantile(degrees: float) -> float:
    """The 0.975 quantile of Student's t distribution: of a two-sided interval of 95 %."""
    low, high = 0.0, 1e3  # 12.7 with one degree of freedom, 1.96 with many; below one there is none here
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if t_tails(middle, degrees) > 0.05 else (low, middle)
    return high


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _variance(values: Sequence[float]) -> float:
    """Of a sample, whose mean is not known otherwise."""
    mean = _mean(values)
    return math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)


def _incomplete_beta(a: float, b: float, x: float, rest: float) -> float:
    """The regularised incomplete beta function I_x(a, b), for a, b > 0 and 0 <= x <= 1; `rest` is 1 - x, exactly.

    By its continued fraction, with the modified method of Lentz: W. H. Press et al., Numerical Recipes, section 6.4.
    """
    if not x or not rest:
        return 0.0 if not x else 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(rest))
    if x > (a + 1) / (a + b + 2):  # there it converges faster from the other end
        return 1 - front * _fraction(b, a, rest) / b
    return front * _fraction(a, b, x) / a


def _fraction(a: float, b: float, x: float) -> float:
    """1 / (1 + t(1) / (1 + t(2) / (1 + ...)))."""
    value = c = 1.0
    d = 0.0
    for step in range(1, 10_000):
        m = step // 2
        if step % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / _not_zero(1 + term * d)
        c = _not_zero(1 + term / c)
        value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return 1 / value


def _not_zero(number: float) -> float:
    return number if abs(number) > 1e-300 else 1e-300
