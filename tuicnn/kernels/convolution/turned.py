"""At stride 1 the adjoint of a convolution by its images is a convolution too: with the kernels turned round."""

from __future__ import annotations

from ..arrays import Array, contiguous
from ..windows import Window

__all__ = ["turned_weights", "turned_window"]


def turned_window(window: Window) -> Window | None:
    """The window of the convolution that takes dy to dx; None with a stride, or with more padding than it can have."""
    pad = [(n - 1 - before, n - 1 - after) for n, (before, after) in zip(window.span, window.pad, strict=True)]
    if window.stride != (1, 1) or min(map(min, pad)) < 0:
        return None
    return Window(window.kernel, (1, 1), (pad[0], pad[1]), window.dilation)


def turned_weights(weights: Array) -> Array:
    """The weights of that convolution: (kh, kw, C, F) -> (kh, kw, F, C), turned round."""
    return contiguous(weights[::-1, ::-1].transpose(0, 1, 3, 2))
