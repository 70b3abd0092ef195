"""Windows that slide over an image: the size of the output, padding, and views on the windows.

Images are (H, W, N, C).
"""

from __future__ import annotations

from dataclasses import dataclass

from .arrays import Array
from .memory import empty

__all__ = ["Window", "out_size", "padded", "tap", "unpadded"]

Pair = tuple[int, int]


def out_size(size: int, kernel: int, stride: int = 1, before: int = 0, after: int = 0, dilation: int = 1) -> int:
    """How many windows fit along one axis (0 or less where none does).

    The first starts at `-before`; each begins `stride` after the last and spans `dilation * (kernel - 1) + 1`; what is
    left over at the end is ignored. Source: Dumoulin and Visin, A guide to convolution arithmetic (2016), relation 15.
    """
    return (size + before + after - dilation * (kernel - 1) - 1) // stride + 1


@dataclass(frozen=True)
class Window:
    """The geometry of a window over (H, W): `kernel`, `stride` and `dilation` are (H, W); `pad` is (before, after)
    of each axis."""

    kernel: Pair
    stride: Pair = (1, 1)
    pad: tuple[Pair, Pair] = ((0, 0), (0, 0))
    dilation: Pair = (1, 1)

    def out(self, height: int, width: int) -> Pair:
        """The size of the output for an image of this size; 0 or less where the window does not fit."""
        (kh, kw), (sh, sw), (dh, dw) = self.kernel, self.stride, self.dilation
        (top, bottom), (left, right) = self.pad
        return out_size(height, kh, sh, top, bottom, dh), out_size(width, kw, sw, left, right, dw)

    def out_padded(self, xp: Array) -> Pair:
        """The size of the output for images (H, W, N, C) that are padded already."""
        return Window(self.kernel, self.stride, dilation=self.dilation).out(xp.shape[0], xp.shape[1])

    @property
    def span(self) -> Pair:
        """The pixels from the window's first to its last, (H, W): the kernel's size where nothing is dilated."""
        return self.dilation[0] * (self.kernel[0] - 1) + 1, self.dilation[1] * (self.kernel[1] - 1) + 1

    @property
    def overlaps(self) -> bool:
        """Whether two windows may share a pixel."""
        return self.stride[0] < self.span[0] or self.stride[1] < self.span[1]


def padded(x: Array, pad: tuple[Pair, Pair]) -> Array:
    """`x` (H, W, N, C) with a border of zeros; `x` itself where there is no border to add."""
    (top, bottom), (left, right) = pad
    if not (top or bottom or left or right):
        return x
    h, w, n, c = x.shape
    xp = empty((h + top + bottom, w + left + right, n, c), x.dtype)
    xp[:top] = xp[top + h :] = 0
    xp[top : top + h, :left] = xp[top : top + h, left + w :] = 0
    xp[top : top + h, left : left + w] = x
    return xp


def unpadded(xp: Array, pad: tuple[Pair, Pair]) -> Array:
    """The view of `xp` (H, W, N, C) inside its border: the adjoint of padding with zeros."""
    (top, bottom), (left, right) = pad
    return xp[top : xp.shape[0] - bottom, left : xp.shape[1] - right]


def tap(xp: Array, window: Window, i: int, j: int, rows: slice | None = None) -> Array:
    """The view (OH, OW, N, C) of the pixels that position (i, j) of the kernel meets, one for each window.

    `rows` (with both ends given) limits it to some rows of what comes out.
    """
    oh, ow = window.out_padded(xp)
    first, end = (rows.start, rows.stop) if rows is not None else (0, oh)
    (sh, sw), top, left = window.stride, i * window.dilation[0], j * window.dilation[1]
    return xp[top + first * sh : top + (end - 1) * sh + 1 : sh, left : left + (ow - 1) * sw + 1 : sw]
