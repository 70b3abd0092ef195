"""Images as codes of pixels, in the colours that a terminal has, or in a ramp of characters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tuicnn.display.pixels import FEW_GREYS, GREYS, averaged, enlarged, nearest, true_colours
from tuicnn.display.raster import Raster
from tuicnn.display.terminal import TerminalProfile

__all__ = ["image_codes", "pixel_codes"]


def image_codes(image: NDArray[np.uint8], wide: int, tall: int, raster: Raster) -> NDArray[np.int64]:
    """The codes (H, W) of an image uint8 (H, W, C), scaled so that it fits wide x tall pixels of a raster.

    It is scaled down by area, or up by a whole number; its proportions stay. Where the raster averages pixels, a row
    stands for two.
    """
    pixels = _scaled(image, wide, tall)
    if raster.averages:
        pixels = np.moveaxis(averaged(np.moveaxis(pixels, 2, 0), -(-len(pixels) // 2), pixels.shape[1]), 0, 2)
    return pixel_codes(pixels, raster.terminal)


def pixel_codes(pixels: NDArray[np.float64], terminal: TerminalProfile) -> NDArray[np.int64]:
    """The codes (H, W) of pixels (H, W, 1 or 3) of 0 to 255: colours, or characters by their brightness."""
    few, colours = terminal.colours == "16", terminal.colours
    if pixels.shape[2] == 3 and colours != "none":
        whole = np.rint(pixels).astype(np.uint8)
        return true_colours(whole) if colours == "truecolor" else nearest(whole, few=few)
    # how bright a colour is: Rec. 601
    grey = np.clip(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels @ np.array([0.299, 0.587, 0.114]), 0, 255)
    ramp = np.array([ord(character) for character in terminal.glyphs.ramp])
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
