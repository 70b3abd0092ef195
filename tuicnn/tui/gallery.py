"""What the Maps view goes through: the maps of a layer, its kernels, or the values of a layer without maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuicnn.numbers import shape
from tuicnn.observing.activations import Activations
from tuicnn.observing.kernels import Kernels
from tuicnn.training.events import LayerRow

__all__ = ["Gallery"]


@dataclass(frozen=True, eq=False)
class Gallery:
    """`pictures` are (n, H, W), or values (n,); the first of them is number `first` of `count`."""

    row: LayerRow
    pictures: NDArray[np.float32]
    first: int
    count: int
    kernels: Kernels | None = None

    @classmethod
    def of_maps(cls, row: LayerRow, seen: Activations) -> Gallery:
        """The maps of a layer; those of one pixel each are values."""
        maps = seen.maps
        pictures = maps.reshape(-1) if maps.ndim == 3 and maps.shape[1:] == (1, 1) else maps
        return cls(row, pictures, 0, len(pictures))

    @classmethod
    def of_kernels(cls, row: LayerRow, kernels: Kernels) -> Gallery:
        """The kernels of a layer."""
        return cls(row, kernels.pictures, kernels.first, kernels.count, kernels)

    @property
    def flat(self) -> bool:
        """Whether they are values and not pictures."""
        return self.pictures.ndim == 1

    @property
    def size(self) -> str:
        """Their size in words: `8x28x28`, or `3x3 kernels`."""
        return shape(self.row.shape) if self.kernels is None else f"{shape(self.pictures.shape[1:])} kernels"

    @property
    def group(self) -> int:
        """How many belong together: the kernels of a unit."""
        return self.kernels.channels if self.kernels is not None else 1

    @property
    def labels(self) -> list[str]:
        """The names of kernels: the number of the unit, and of the channel where it looks at several."""
        if self.kernels is None:
            return []
        numbers = range(self.first, self.first + len(self.pictures))
        if self.kernels.channels == 1:
            return list(map(str, numbers))
        return [f"{unit},{channel}" for unit, channel in (divmod(n, self.kernels.channels) for n in numbers)]

    def inside(self, chosen: int, cursor: tuple[int, int]) -> tuple[int, tuple[int, int]]:
        """The nearest picture and pixel that there are."""
        chosen = max(0, min(chosen, self.count - 1))
        if self.flat:
            return chosen, cursor
        row, column = (max(0, min(n, size - 1)) for n, size in zip(cursor, self.pictures.shape[1:], strict=True))
        return chosen, (row, column)

    def address(self, chosen: int, cursor: tuple[int, int]) -> str:
        """The address of a pixel of a picture, or of a value."""
        from tuicnn.specimen.names import OWN  # takes longer to import than to look at maps

        name = f"@{self.row.name}" if self.row.name in OWN else self.row.name
        index: tuple[int, ...] = (chosen, *cursor)
        if self.kernels is not None:
            name, index = f"{name}.weight", self.kernels.index(chosen, *cursor)
        elif self.flat:
            index = (chosen, 0, 0) if len(self.row.shape) == 3 else (chosen,)
        return f"{name}[{', '.join(map(str, index))}]"
