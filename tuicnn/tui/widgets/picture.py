"""An image in the terminal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from textual.strip import Strip

from tuicnn.display.pixels import GREYS, NONE, averaged, enlarged, half_blocks, nearest, true_colours
from tuicnn.display.terminal import TerminalProfile
from tuicnn.tui.widgets.lines import LineWidget, fitted

__all__ = ["Picture"]


class Picture(LineWidget):
    """One image: two pixels a cell by half blocks, or a ramp of characters.

    One that is too large is scaled down by area, a small one up by a whole number; its proportions stay.
    """

    def __init__(self, terminal: TerminalProfile, *, id: str | None = None) -> None:
        super().__init__(terminal, id=id)
        self._image: NDArray[np.uint8] | None = None

    @staticmethod
    def size_for(height: int, width: int, terminal: TerminalProfile) -> tuple[int, int]:
        """The columns and rows that an image of height x width pixels takes unscaled."""
        return (width, (height + 1) // 2) if terminal.half_blocks else (2 * width, height)

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
        return self._blocks(image, width, height) if self.terminal.half_blocks else self._ramp(image, width, height)

    def _blocks(self, image: NDArray[np.uint8], width: int, height: int) -> list[Strip]:
        pixels = _scaled(image, width, 2 * height)
        whole = np.rint(pixels).astype(np.uint8)
        if whole.shape[2] == 1:
            codes = GREYS[np.rint(pixels[:, :, 0] * (len(GREYS) - 1) / 255).astype(np.int64)]
        elif self.terminal.colours == "truecolor":
            codes = true_colours(whole)
        else:
            codes = nearest(whole)
        if len(codes) % 2:
            codes = np.concatenate([codes, np.full((1, codes.shape[1]), NONE)])
        glyphs, base = self.terminal.glyphs, self.base
        return [
            fitted(half_blocks(top, bottom, base, glyphs.upper_half, glyphs.lower_half), width, base)
            for top, bottom in zip(codes[::2], codes[1::2], strict=True)
        ]

    def _ramp(self, image: NDArray[np.uint8], width: int, height: int) -> list[Strip]:
        """Two characters a pixel; where that does not fit, one for two pixels, one above the other."""
        cells = 2 if image.shape[0] <= height and 2 * image.shape[1] <= width else 1
        if cells == 2:
            pixels = _scaled(image, width // 2, height)
        else:
            pixels = _scaled(image, width, 2 * height)
            pixels = np.moveaxis(averaged(np.moveaxis(pixels, 2, 0), -(-len(pixels) // 2), pixels.shape[1]), 0, 2)
        ramp = self.terminal.glyphs.ramp
        # how bright a colour terminals: Rec. 601
        grey = pixels[:, :, 0] if pixels.shape[2] == 1 else pixels @ np.array([0.299, 0.587, 0.114])
        places = np.rint(np.clip(grey, 0, 255) * (len(ramp) - 1) / 255).astype(np.int64)
        style = self.style("text")
        return [
            fitted([Segment("".join(cells * ramp[i] for i in row), style)], width, self.base) for row in places.tolist()
        ]


def _scaled(image: NDArray[np.uint8], wide: int, tall: int) -> NDArray[np.float64]:
    """An image (H, W, C) so that it fits wide x tall pixels, as (H, W, 1 or 3) numbers of 0 to 255."""
    height, width = image.shape[:2]
    planes = np.moveaxis(image if image.shape[2] == 3 else image[:, :, :1], 2, 0)
    if height <= tall and width <= wide:
        planes = enlarged(planes, min(tall // height, wide // width))
        return np.moveaxis(planes, 0, 2).astype(np.float64)
    share = min(tall / height, wide / width)
    return np.moveaxis(averaged(planes, max(1, int(height * share)), max(1, int(width * share))), 0, 2)
