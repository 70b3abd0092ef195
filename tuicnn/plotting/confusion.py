"""The confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tuicnn.plotting.style import RISING_ON_WHITE, WIDTHS, figure, shortened
from tuicnn.plotting.wanted import Width

__all__ = ["confusion"]

_COUNTED = 20  # classes up to which each cell has its count
_NAMED = {"column": 25, "page": 50}  # classes up to which each has its name
_BEND = 0.35  # what is rarely mistaken is seen beside what is mostly right


def confusion(counts: NDArray[np.int64], names: Sequence[str], width: Width) -> Figure:
    """How many images of each class (row) were taken for each class (column); colours are shares of the row."""
    made, (axes,) = figure(width, WIDTHS[width])
    totals = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(totals, 1)
    axes.imshow(shares, cmap=RISING_ON_WHITE, norm=PowerNorm(_BEND, 0, 1))
    if len(names) <= _NAMED[width]:
        short = [shortened(name) for name in names]
        turned = max(map(len, short)) > 2
        axes.set_xticks(range(len(names)), short, rotation=90 if turned else 0)
        axes.set_yticks(range(len(names)), short)
    else:
        axes.set_xticks([])
        axes.set_yticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("class")
    if len(names) <= _COUNTED:
        size = min(7.0, 3.6 * WIDTHS[width] / WIDTHS["column"] * 16 / max(10, len(names)))
        for row, column in np.argwhere(counts):
            dark = shares[row, column] ** _BEND > 0.6
            axes.text(
                column, row, f"{counts[row, column]}", ha="center", va="center", fontsize=size,
                color="white" if dark else "black",
            )  # fmt: skip
    return made
