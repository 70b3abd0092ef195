"""Lines of pixels that are made once, as long as their pixels stay."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rich.style import Style
from textual.strip import Strip

from tuicnn.display.raster import Raster
from tuicnn.tui.widgets.lines import fitted

__all__ = ["PixelLines"]


class PixelLines:
    """Makes strips of rows of codes, and gives that of last time for a line whose codes are the same."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[object, Strip]] = {}

    def strip(self, y: int, codes: NDArray[np.int64], raster: Raster, width: int, base: Style, ink: Style) -> Strip:
        """The line at `y`: codes (`raster.step`, n), cut or filled to `width` cells."""
        key = (codes.shape, codes.tobytes(), raster, width, base, ink)
        kept = self._kept.get(y)
        if kept is not None and kept[0] == key:
            return kept[1]
        strip = fitted(raster.line(codes, base, ink), width, base)
        self._kept[y] = (key, strip)
        return strip
