"""An image in the terminal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from textual.strip import Strip

from tuicnn.display.images import image_codes
from tuicnn.display.pixels import NONE
from tuicnn.display.raster import Raster
from tuicnn.display.terminal import TerminalProfile
from tuicnn.tui.widgets.lines import LineWidget, fitted

__all__ = ["Picture"]


class Picture(LineWidget):
    """One image, in colours or in a ramp of characters.

    One that is too large is scaled down by area, a small one up by a whole number; its proportions stay.
    """

    def __init__(self, terminal: TerminalProfile, *, id: str | None = None) -> None:
        super().__init__(terminal, id=id)
        self._image: NDArray[np.uint8] | None = None

    @staticmethod
    def size_for(height: int, width: int, terminal: TerminalProfile) -> tuple[int, int]:
        """The columns and rows that an image of height x width pixels takes unscaled."""
        return Raster(terminal).size(height, width)

    def show(self, image: NDArray[np.uint8] | None) -> None:
        """Show an image uint8 (H, W, C), C being 1 (grey) or 3 (red, green, blue); `None` for none."""
        if image is self._image or (
            image is not None and self._image is not None and np.array_equal(image, self._image)
        ):
            return
        self._image = None if image is None else np.array(image, dtype=np.uint8)
        self.repaint()

    def paint(self, width: int, height: int) -> list[Strip]:
        """The image, at the top left."""
        image = self._image
        if image is None or image.ndim != 3 or 0 in image.shape or min(width, height) < 1:
            return []
        high, wide = image.shape[:2]
        raster = Raster(self.terminal, compact=high > height or 2 * wide > width)
        codes = image_codes(image, width // raster.columns, height * raster.rows, raster)
        codes = np.pad(codes, ((0, -len(codes) % raster.step), (0, 0)), constant_values=NONE)
        return [
            fitted(raster.line(codes[y : y + raster.step], self.base, self.style("text")), width, self.base)
            for y in range(0, len(codes), raster.step)
        ]
