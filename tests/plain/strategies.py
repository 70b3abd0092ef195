"""Geometries of windows with images that they fit in, and helpers for laws about gradients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.kernels.strategies import normals, windows

__all__ = ["FEW", "Array", "Geometry", "apart", "geometries", "normals", "slope"]

Array = NDArray[np.floating[Any]]
Pair = tuple[int, int]

FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass(frozen=True)
class Geometry:
    """A window, and an image (H, W) that it fits in at least once."""

    size: Pair
    kernel: Pair
    stride: Pair
    pad: tuple[Pair, Pair]
    dilation: Pair

    @property
    def how(self) -> dict[str, Any]:
        """All but the kernel and the image, as the slow twins take them."""
        return {"stride": self.stride, "pad": self.pad, "dilation": self.dilation}

    @property
    def written(self) -> str:
        """The same in the language, where both sides are padded alike."""
        (top, _), (left, _) = self.pad
        options = {"stride": self.stride, "pad": (top, left), "dilation": self.dilation}
        return " ".join(f"{name}={a}x{b}" for name, (a, b) in options.items() if name != "dilation" or (a, b) != (1, 1))


def geometries(**how: bool) -> st.SearchStrategy[Geometry]:
    """As `windows`."""
    return windows(**how).map(
        lambda case: Geometry(case[1], case[0].kernel, case[0].stride, case[0].pad, case[0].dilation)
    )


def apart(seed: int, *shape: int) -> Array:
    """Random values no two of which are nearly equal, nor near 0: a small step changes no maximum."""
    ranks = np.random.default_rng(seed).permutation(int(np.prod(shape))).reshape(shape)
    return (ranks + 0.25 - ranks.size // 2) * (4 / ranks.size)


def slope(function: Callable[[Array], float], at: Array, direction: Array, step: float = 1e-5) -> float:
    """The derivative of `function` along a direction, by central differences."""
    return (function(at + step * direction) - function(at - step * direction)) / (2 * step)
