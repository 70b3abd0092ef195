"""An image in the terminal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from textual.strip import Strip

from tuicnn.display.pixels import FEW_GREYS, GREYS, NONE, averaged, enlarged, nearest, true_colours
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
        pixels = _scaled(image, width // raster.columns, height * raster.rows)
        if raster.averages:
            pixels = np.moveaxis(averaged(np.moveaxis(pixels, 2, 0), -(-len(pixels) // 2), pixels.shape[1]), 0, 2)
        codes = self._codes(pixels)
        codes = np.pad(codes, ((0, -len(codes) % raster.step), (0, 0)), constant_values=NONE)
        return [
            fitted(raster.line(codes[y : y + raster.step], self.base, self.style("text")), width, self.base)
            for y in range(0, len(codes), raster.step)
        ]

    def _codes(self, pixels: NDArray[np.float64]) -> NDArray[np.int64]:
        """The codes (H, W) of pixels (H, W, 1 or 3) of 0 to 255: colours, or characters by their brightness."""
        few, colours = self.terminal.colours == "16", self.terminal.colours
        if pixels.shape[2] == 3 and colours != "none":
            whole = np.rint(pixels).astype(np.uint8)
            return true_colours(whole) if colours == "truecolor" else nearest(whole, few=few)
        # how bright a colour is: Rec. 601
        grey = np.clip(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels @ np.array([0.299, 0.587, 0.114]), 0, 255)
        ramp = np.array([ord(character) for character in self.terminal.glyphs.ramp])
        shades = ramp if colours == "none" else FEW_GREYS if few else GREYS
        codes: NDArray[np.int64] = shades[np.rint(grey * (len(shades) - 1) / 255).astype(np.int64)]
        return codes


def _scaled(image: NDArray[np.uint8], wide: int, tall: int) -> NDArray[np.float64]:
    """An image (H, W, C) so that it fits wide x tall pixels, as (H, W, 1 or 3) numbers of 0 to 255."""
    height, width = image.shape[:2]
    planes = np.moveaxis(image if image.shape[2] == 3 else image[:, :, :1], 2, 0)
    if height <= tall and width <= wide:
        planes = enlarged(planes, min(tall // height, wide // width))
        return np.moveaxis(planes, 0, 2).astype(np.float64)
    share = min(tall / height, wide / width)
    return np.moveaxis(averaged(planes, max(1, int(height * share)), max(1, int(width * share))), 0, 2)
