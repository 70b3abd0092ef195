"""What the slow twins take: images (N, C, H, W), pairs (height, width); and what they say of anything else."""

from __future__ import annotations

from typing import Any

from tuicnn.kernels.arrays import Array
from tuicnn.kernels.windows import Window
from tuicnn.lazy_numpy import np

__all__ = ["NO_PAD", "ONE", "Pad", "Pair", "floating", "need_images", "need_like", "out_shape"]

#: (height, width), or (before, after)
Pair = tuple[int, int]
#: ((top, bottom), (left, right))
Pad = tuple[Pair, Pair]

ONE: Pair = (1, 1)
NO_PAD: Pad = ((0, 0), (0, 0))


def floating(*arrays: Array) -> np.dtype[Any]:
    """The type that a result has: the widest given, at least float32, so that whole numbers can be averaged too."""
    return np.result_type(np.float32, *arrays)


def need_images(x: Array) -> tuple[int, int, int, int]:
    """The shape as (N, C, H, W). Raises `ValueError` where x has not four axes."""
    if x.ndim != 4:
        raise ValueError(f"images must be an array of (N, C, H, W), not {x.shape}; write image[None] for one image")
    n, c, h, w = x.shape
    return n, c, h, w


def need_like(what: str, x: Array, shape: tuple[int, ...]) -> None:
    """Raises `ValueError` where x has another shape than it must."""
    if x.shape != shape:
        raise ValueError(f"{what} must be an array of {shape}, not {x.shape}")


def out_shape(height: int, width: int, kernel: Pair, stride: Pair, pad: Pad, dilation: Pair) -> Pair:
    """How many windows fit, down and across (see `tuicnn.kernels.windows.out_size` for the formula).

    Raises `ValueError` where there is none.
    """
    rows, columns = Window(kernel, stride, pad, dilation).out(height, width)
    if rows < 1 or columns < 1:
        raise ValueError(f"a window of {kernel} with dilation {dilation} does not fit in {height}x{width} with {pad}")
    return rows, columns
