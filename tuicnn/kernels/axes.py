"""Windows along one axis at a time: along the rows and then along the columns takes kh + kw steps instead of kh·kw."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

from tuicnn.lazy_numpy import np

from .arrays import Array
from .memory import empty
from .windows import Window

__all__ = ["Axis", "Tap", "axes", "reduced"]

Index = tuple[slice, ...]
#: the windows in which a position of the kernel lies inside the image, and the pixels under it there
Tap = tuple[Index, Index]


@dataclass(frozen=True)
class Axis:
    """A window's geometry along one axis (0: from row to row, 1: from column to column) of an image of some size."""

    axis: int
    size: int
    out: int
    kernel: int
    stride: int
    before: int
    dilation: int

    @property
    def overlaps(self) -> bool:
        """Whether two windows may share a pixel."""
        return self.stride < self.dilation * (self.kernel - 1) + 1

    @property
    def exact(self) -> bool:
        """Whether each pixel lies in exactly one window."""
        side_by_side = self.kernel == self.stride and self.dilation == 1
        return side_by_side and self.before == 0 and self.out * self.kernel == self.size

    @property
    def trivial(self) -> bool:
        """Whether each window is one pixel."""
        return self.exact and self.kernel == 1

    @cached_property
    def taps(self) -> list[Tap]:
        """One for each position of the kernel that lies inside the image in some window."""
        lead = (slice(None),) * self.axis
        found: list[Tap] = []
        for position in range(self.kernel):
            offset = position * self.dilation - self.before
            first = max(0, -(offset // self.stride))
            end = min(self.out, (self.size - 1 - offset) // self.stride + 1)
            if first < end:
                start = first * self.stride + offset
                places = slice(start, start + (end - first - 1) * self.stride + 1, self.stride)
                found.append(((*lead, slice(first, end)), (*lead, places)))
        return found

    @cached_property
    def covered(self) -> bool:
        """Whether each position of the kernel lies inside the image in every window."""
        return len(self.taps) == self.kernel and all(windows[-1] == slice(0, self.out) for windows, _ in self.taps)

    def changed(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of the output for an input of this shape."""
        return (*shape[: self.axis], self.out, *shape[self.axis + 1 :])


@lru_cache(maxsize=256)
def axes(window: Window, height: int, width: int) -> tuple[Axis, Axis]:
    """The geometry from row to row, and from column to column."""
    vertical, horizontal = (
        Axis(axis, size, out, window.kernel[axis], window.stride[axis], window.pad[axis][0], window.dilation[axis])
        for axis, size, out in zip((0, 1), (height, width), window.out(height, width), strict=True)
    )
    return vertical, horizontal


def reduced(x: Array, axis: Axis, combine: np.ufunc, nothing: float) -> Array:
    """Each window along one axis reduced to one value by `combine`; `nothing` for a window outside the image.

    x itself where each window is one pixel.
    """
    if axis.trivial:
        return x
    y = empty(axis.changed(x.shape), x.dtype)
    taps = axis.taps
    if axis.covered and len(taps) > 1:
        combine(x[taps[0][1]], x[taps[1][1]], out=y)
        taps = taps[2:]
    else:
        y.fill(nothing)
    for windows, places in taps:
        part = y[windows]
        combine(part, x[places], out=part)
    return y
