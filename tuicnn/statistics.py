"""Figures that say how far a network can be trusted, as plain functions of counts and arrays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tuicnn.lazy_numpy import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BINS", "calibration_error", "class_scores", "mcnemar", "wilson_interval"]

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
    """The expected calibration error: how far confidence and accuracy are apart, from 0 to 1; NaN without images.

    `confidences` (N,) are the probabilities of the classes said, `right` (N,) whether these are the images' own. The
    mean of `|accuracy - mean confidence|` over `BINS` bins of equal width, `(0, 1/15], …, (14/15, 1]`, each with the
    weight of its images: C. Guo et al., On calibration of modern neural networks, ICML 2017.
    """
    if not len(confidences):
        return math.nan
    sure = np.asarray(confidences, np.float64)
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
