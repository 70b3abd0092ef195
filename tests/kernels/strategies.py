"""Windows of all kinds with images that they fit in."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
from hypothesis import strategies as st

from tuicnn.kernels import Array, Window, arrays, memory
from tuicnn.kernels.convolution import products


def normals(seed: int, *shape: int) -> Array:
    """Standard normal values in float64."""
    return np.random.default_rng(seed).standard_normal(shape)


@contextmanager
def small_blocks(elements: int) -> Iterator[None]:
    """Makes kernels cut even small images into blocks, and their products into pieces."""
    with (
        patch.object(arrays, "BLOCK", elements),
        patch.object(products, "IN_PLACE", 10 * elements),
        patch.object(products, "LEAST", 1),
        patch.object(products, "ALIGNED", 2),
    ):
        yield


@contextmanager
def dirty_memory() -> Iterator[None]:
    """Makes all memory that the engine asks for hold NaN, as memory used before may."""

    def dirty(shape: tuple[int, ...], dtype: Any = "float32") -> Any:
        array = np.empty(shape, dtype)
        array.view(np.uint8)[...] = 255  # a NaN in any type of floating point
        return array

    original = memory.empty
    with ExitStack() as stack:
        for name, module in list(sys.modules.items()):
            if name.startswith("tuicnn.") and getattr(module, "empty", None) is original:
                stack.enter_context(patch.object(module, "empty", dirty))
        yield


@st.composite
def windows(draw: st.DrawFn, *, pooling: bool = False, even: bool = False) -> tuple[Window, tuple[int, int]]:
    """A window, and an image (H, W) that it fits in at least once.

    `pooling`: nothing dilated, at most half the window padded; `even`: as much padding after as before.
    """
    sizes = []
    parts = []
    for _ in range(2):
        kernel = draw(st.integers(1, 4))
        stride = draw(st.integers(1, 3))
        dilation = 1 if pooling else draw(st.integers(1, 2))
        most = kernel // 2 if pooling else 2
        before = draw(st.integers(0, most))
        pad = before, before if even else draw(st.integers(0, most))
        span = dilation * (kernel - 1) + 1
        sizes.append(max(1, span - sum(pad)) + draw(st.integers(0, 4)))
        parts.append((kernel, stride, pad, dilation))
    (kh, sh, ph, dh), (kw, sw, pw, dw) = parts
    return Window((kh, kw), (sh, sw), (ph, pw), (dh, dw)), (sizes[0], sizes[1])
