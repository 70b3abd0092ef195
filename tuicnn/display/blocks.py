"""Numbers as blocks of a line: a bar, and a row of values as heights."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tuicnn.display.glyphs import Glyphs

__all__ = ["bar", "bucketed", "sparks"]


def bar(share: float, cells: int, glyphs: Glyphs) -> str:
    """A thin bar over a share (0 to 1) of some cells, by halves of a cell; "" where it is not known."""
    if not math.isfinite(share):
        return ""
    full, half = divmod(round(min(max(share, 0.0), 1.0) * cells * 2), 2)
    return glyphs.thick[0] * full + glyphs.thick[1] * half


def sparks(values: NDArray[np.float64], cells: int, glyphs: Glyphs) -> str:
    """Values as heights between their lowest and highest, in at most so many cells; a blank for one that is not finite.

    "" where none is.
    """
    values = bucketed(values, cells)
    known = np.isfinite(values)
    if not known.any():
        return ""
    low, high = values[known].min(), values[known].max()
    # halved, so that the span of the largest numbers is still one
    share = (values / 2 - low / 2) / (high / 2 - low / 2) if high / 2 > low / 2 else np.full(len(values), 0.5)
    places = np.where(known, share, 0) * (len(glyphs.levels) - 1)
    pairs = zip(np.rint(places), known, strict=True)
    return "".join(glyphs.levels[int(place)] if there else " " for place, there in pairs)


def bucketed(values: NDArray[np.float64], columns: int) -> NDArray[np.float64]:
    """At most `columns` means of as many values each; what is not finite is left out, NaN where nothing is left.

    The values are counted from the first, and how many go into a mean grows by a quarter at a time: in between, what
    was drawn once stays as it is while more values come.
    """
    size = 1
    while -(-len(values) // size) > columns > 0:
        size += max(1, size // 4)
    if columns <= 0 or not len(values):
        return np.zeros(0)
    known = np.isfinite(values)
    starts = np.arange(0, len(values), size)
    counts = np.add.reduceat(known.astype(np.float64), starts)
    # divided first, so that the sum of large numbers does not overflow
    sums = np.add.reduceat(np.where(known, values, 0) / size, starts)
    means: NDArray[np.float64] = np.divide(sums, counts / size, out=np.full(len(starts), np.nan), where=counts > 0)
    return means
