"""Pooling: the largest value or the mean of a window, or of a whole channel."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from tuicnn import plain
from tuicnn.kernels.arrays import Array
from tuicnn.kernels.windows import Window
from tuicnn.layers import AvgPool, GlobalAvgPool, GlobalMaxPool, Layer, MaxPool
from tuicnn.specimen.explanation import Part

from .base import Index, Opened, Rule, Use, View
from .products import inside, patch_of, windows_over

__all__ = ["OPENS"]


class Pooling(Rule):
    """One window of one channel; a global pooling is one window, as large as the image, whose output has no place."""

    whole = False

    def window(self, view: View) -> Window:
        size = view.x.array.shape[1:]
        return Window(size, size) if self.whole else view.layer.window

    def place(self, index: Index) -> tuple[int, int, int]:
        """(channel, row, column) of an output."""
        return (index[0], 0, 0) if self.whole else (index[0], index[1], index[2])

    def opened(self, view: View, index: Index, formula: str, parts: list[Part], what: str, combine: str) -> Opened:
        """A window's number: `what` it is, of the window."""
        (channel, row, column), window = self.place(index), self.window(view)
        kh, kw = window.kernel
        seen = "the whole channel" if self.whole else f"a {kh}x{kw} window"
        return Opened(
            f"{view.named(index)} = {formula}",
            parts,
            combine,
            f"{what} of {seen} of {view.x.called}",
            patch_of(window, row, column, view.x, range(channel, channel + 1)),
        )

    def readers(self, view: View, number: int, index: Index) -> Iterable[Use]:
        channel, p, q = index
        window = self.window(view)
        out = (1, 1) if self.whole else view.output.array.shape[1:]
        for row, column, i, j in windows_over(window, p, q, out):
            place = (channel, row, column)[: view.output.array.ndim]
            factor = self.derivative(view, window, channel, row, column, (i, j))
            if factor:
                yield Use(place, factor)

    def derivative(
        self, view: View, window: Window, channel: int, row: int, column: int, position: tuple[int, int]
    ) -> float:
        """Of the output at (row, column) by the value at a position of its window."""
        return 1 / math.prod(window.kernel)


class Mean(Pooling):
    """y = (sum of the window's K values) / K; the padding is zeros, and counts: see `plain.average_pool`."""

    def output(self, view: View, index: Index) -> Opened:
        (channel, row, column), window, x = self.place(index), self.window(view), view.x
        count = math.prod(window.kernel)
        parts = [
            x.part((channel, p, q), 1 / count, label=f"window ({i}, {j})")
            for i, j, p, q in inside(window, row, column, x.array.shape[1:])
        ]
        if len(parts) < count:
            parts.append(Part(f"{count - len(parts)} zeros of the padding", 0.0, 0.0))
        kh, kw = window.kernel
        formula = f"(sum of {kh} x {kw} values of {view.named((channel,), x)}) / {count}"
        return self.opened(view, index, formula, parts, "the mean", "sum")


class Largest(Pooling):
    """y = the largest value of the window; of equal ones the first in reading order: see `plain.mask_of_window`."""

    def values(self, view: View, window: Window, channel: int, row: int, column: int) -> Array:
        """The window (kh, kw), with minus infinity in the padding."""
        found = np.full(window.kernel, -np.inf)
        for i, j, p, q in inside(window, row, column, view.x.array.shape[1:]):
            found[i, j] = view.x[channel, p, q]
        return found

    def output(self, view: View, index: Index) -> Opened:
        (channel, row, column), window, x = self.place(index), self.window(view), view.x
        values = self.values(view, window, channel, row, column)
        first, *ties = plain.ties_of_window(values)
        labels = {first: ", the winner", **dict.fromkeys(ties, ", as large, but later in reading order")}
        parts = [
            x.part((channel, p, q), label=f"window ({i}, {j}){labels.get((i, j), '')}")
            for i, j, p, q in inside(window, row, column, x.array.shape[1:])
        ]
        kh, kw = window.kernel
        formula = f"max of {kh} x {kw} values of {view.named((channel,), x)}"
        return self.opened(view, index, formula, parts, "the largest value", "max")

    def derivative(
        self, view: View, window: Window, channel: int, row: int, column: int, position: tuple[int, int]
    ) -> float:
        return float(plain.mask_of_window(self.values(view, window, channel, row, column))[position])


class GlobalMean(Mean):
    whole = True


class GlobalLargest(Largest):
    whole = True


OPENS: dict[type[Layer], Rule] = {
    AvgPool: Mean(),
    MaxPool: Largest(),
    GlobalAvgPool: GlobalMean(),
    GlobalMaxPool: GlobalLargest(),
}
