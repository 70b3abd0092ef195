"""The arithmetic of charts: smoothing, and lines as dots of a raster."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["extent", "line_dots", "point_dots", "settled", "smoothed"]

_BLOCK = 128
_LONG = 200  # points from which on the first ones no longer decide the range
_LARGEST = 1e150  # beyond it, differences and products would overflow
_SMALLEST = 1e-150  # below it, quotients would; taken as zero


@lru_cache(8)
def _decay(weight: float) -> NDArray[np.float64]:
    """(block, block): row t sums a block's values up to t, each weighted by weight^(its age)."""
    age = np.arange(_BLOCK)[:, None] - np.arange(_BLOCK)[None, :]
    return np.where(age >= 0, np.power(weight, np.maximum(age, 0)), 0.0)


def _recursive(values: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """s[t] = weight s[t-1] + values[t], in blocks: a product with a triangular matrix, and a carry."""
    count = len(values)
    blocks = np.pad(values, (0, -count % _BLOCK)).reshape(-1, _BLOCK)
    sums = blocks @ _decay(weight).T
    carried = weight ** np.arange(1, _BLOCK + 1)
    for i in range(1, len(sums)):
        sums[i] += sums[i - 1, -1] * carried
    return sums.reshape(-1)[:count]


def smoothed(values: NDArray[Any], weight: float) -> NDArray[np.float64]:
    """The exponential mean of `values` (n,), `weight` (0 to below 1) being the share of the past.

    As in Adam (Kingma and Ba, 2015) the start is not drawn to zero: the mean is divided by the sum of its weights. What
    is not finite is left out, and stays NaN in the result.
    """
    y = np.asarray(values, dtype=np.float64)
    known = np.isfinite(y)
    y = np.clip(np.where(known & (np.abs(y) >= _SMALLEST), y, 0.0), -_LARGEST, _LARGEST)
    if weight > 0 and len(y):
        if known.all():
            weights = np.expm1(np.arange(1, len(y) + 1) * math.log(weight)) / (weight - 1)
        else:
            weights = np.maximum(_recursive(known.astype(np.float64), weight), 1e-300)
        y = _recursive(y, weight) / weights
    return np.where(known, y, np.nan)


def settled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """A line without its first twentieth, once it is long: the first fall would flatten all that follows."""
    return values[len(values) // 20 :] if len(values) >= _LONG else values


def extent(arrays: list[NDArray[np.float64]]) -> tuple[float, float] | None:
    """The least and the largest finite number in all of the arrays; `None` where there is none."""
    known = [a[np.isfinite(a)] for a in arrays]
    known = [a for a in known if a.size]
    if not known:
        return None
    return min(float(a.min()) for a in known), max(float(a.max()) for a in known)


def point_dots(
    x: NDArray[Any],
    y: NDArray[Any],
    across: tuple[float, float],
    upward: tuple[float, float],
    width: int,
    height: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The dots of points on a raster of width x height dots: columns, rows (0 on top), and which points these are.

    Points that are not finite, or outside of the ranges `across` and `upward`, are left out.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    inside = np.isfinite(x) & np.isfinite(y)
    with np.errstate(invalid="ignore"):
        inside &= (x >= across[0]) & (x <= across[1])
    which = np.flatnonzero(inside)
    columns = np.rint((x[which] - across[0]) / (across[1] - across[0]) * (width - 1)).astype(np.int64)
    rows = np.rint((upward[1] - np.clip(y[which], *upward)) / (upward[1] - upward[0]) * (height - 1)).astype(np.int64)
    return columns, rows, which


def line_dots(
    x: NDArray[Any],
    y: NDArray[Any],
    across: tuple[float, float],
    upward: tuple[float, float],
    width: int,
    height: int,
    trimmed: float = 0.0,
) -> NDArray[np.bool_]:
    """A line through points (x rising) as a raster (height, width): each column from its lowest to its highest dot.

    Columns without a point are filled in straight; where a value between two points is not finite there is a gap.
    However many points: what is kept of them is two numbers a column. Of a column with several points the share
    `trimmed` is left out above and below: a band shows where most of them are.
    """
    raster = np.zeros((height, width), dtype=np.bool_)
    columns, rows, which = point_dots(x, y, across, upward, width, height)
    if not len(columns):
        return raster
    if np.any(np.diff(columns) < 0):
        order = np.argsort(columns, kind="stable")
        columns, rows, which = columns[order], rows[order], which[order]
    starts = np.flatnonzero(np.diff(columns, prepend=-1))
    ends = np.append(starts[1:], len(columns)) - 1
    top = np.full(width, height, dtype=np.int64)
    bottom = np.full(width, -1, dtype=np.int64)
    by_height = rows[np.lexsort((rows, columns))]
    out = (trimmed * (ends - starts)).astype(np.int64)
    top[columns[starts]], bottom[columns[starts]] = by_height[starts + out], by_height[ends - out]
    # From the last point of a column straight to the first one of the next column that has any.
    joined = which[starts[1:]] - which[ends[:-1]] == 1
    if trimmed:  # its single points are not what matters, but a gap is filled in
        joined &= np.diff(columns[starts]) > 1
    left, right = ends[:-1][joined], starts[1:][joined]
    if len(left):
        steps = columns[right] - columns[left]
        pair = np.repeat(np.arange(len(left)), steps + 1)
        offset = np.arange(len(pair)) - np.repeat(np.cumsum(steps + 1) - (steps + 1), steps + 1)
        slope = ((rows[right] - rows[left]) / steps)[pair]
        at = rows[left][pair] + slope * offset
        # half a column to each side, but not beyond the two points
        before = at - slope * np.where(offset > 0, 0.5, 0.0)
        after = at + slope * np.where(offset < steps[pair], 0.5, 0.0)
        place = columns[left][pair] + offset
        np.minimum.at(top, place, np.rint(np.minimum(before, after)).astype(np.int64))
        np.maximum.at(bottom, place, np.rint(np.maximum(before, after)).astype(np.int64))
    level = np.arange(height)[:, None]
    filled: NDArray[np.bool_] = (level >= top) & (level <= bottom)
    return filled
