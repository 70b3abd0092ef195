"""A contact sheet: some images of each class in a row, as lines for a terminal or as one picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style

from tuicnn.display.images import image_codes
from tuicnn.display.pixels import NONE, enlarged
from tuicnn.display.raster import Raster

__all__ = ["SheetRow", "drawn_sheet", "sheet_lines", "tile_side"]

#: the name of a class, and images of it, uint8 (n, H, W, C)
SheetRow: TypeAlias = tuple[str, NDArray[np.uint8]]

#: pixels of an image's longer side in a terminal: larger ones are made smaller by a whole number
_SIDE = 16
#: pixels of an image's longer side in a picture, at least: smaller ones are enlarged by a whole number
_DRAWN_SIDE = 64
_GAP, _MARGIN = 4, 12  # pixels between images of a picture, and around them
_NAME = 14  # columns for the name of a class
_FONT = 14  # pixels
_PAPER, _INK = 255, 40


def tile_side(height: int, width: int) -> tuple[int, int]:
    """The pixels (high, wide) that an image takes in a terminal."""
    times = -(-max(height, width) // _SIDE)
    return max(1, height // times), max(1, width // times)


def sheet_lines(rows: Sequence[SheetRow], columns: int, raster: Raster, base: Style) -> Iterator[list[Segment]]:
    """Lines of a terminal that is so many columns wide, with as many images of each row as fit."""
    for text, images in rows:
        high, wide = tile_side(*images.shape[1:3])
        cells, tall = raster.size(high, wide)
        across = max(1, (columns - _NAME) // (cells + 1))
        tiles = [_tile(image, high, wide, raster) for image in images[:across]]
        for line in range(tall):
            name = text[: _NAME - 2] if line == 0 else ""
            yield [
                Segment(name.ljust(_NAME), base),
                *(
                    segment
                    for codes in tiles
                    for segment in (
                        *raster.line(codes[line * raster.step : (line + 1) * raster.step], base, base),
                        Segment(" ", base),
                    )
                ),
            ]
        yield []


def _tile(image: NDArray[np.uint8], high: int, wide: int, raster: Raster) -> NDArray[np.int64]:
    """Codes of an image, with blanks where it is smaller than the cells of high x wide pixels."""
    codes = image_codes(image, wide, high, raster)
    rows = raster.size(high, wide)[1] * raster.step
    return np.pad(codes, ((0, rows - len(codes)), (0, wide - codes.shape[1])), constant_values=NONE)


def drawn_sheet(rows: Sequence[SheetRow]) -> NDArray[np.uint8]:
    """One picture, uint8 (H, W, 3), with a row for each class and its name before it."""
    from PIL import Image, ImageDraw, ImageFont

    height, width = rows[0][1].shape[1:3]
    times = max(1, _DRAWN_SIDE // max(height, width))
    high, wide = height * times, width * times
    font = ImageFont.load_default(_FONT)
    most = max(len(images) for _, images in rows)
    names = max(font.getlength(name) for name, _ in rows)
    left = 2 * _MARGIN + round(names)
    size = left + most * (wide + _GAP) - _GAP + _MARGIN, 2 * _MARGIN + len(rows) * (high + _GAP) - _GAP
    sheet = Image.new("RGB", size, (_PAPER,) * 3)
    draw = ImageDraw.Draw(sheet)
    for number, (name, images) in enumerate(rows):
        top = _MARGIN + number * (high + _GAP)
        draw.text((_MARGIN, top + high // 2), name, fill=(_INK,) * 3, font=font, anchor="lm")
        for place, image in enumerate(images):
            large = np.moveaxis(enlarged(np.moveaxis(image, 2, 0), times), 0, 2)
            colours = np.broadcast_to(large, (*large.shape[:2], 3)) if large.shape[2] == 1 else large[..., :3]
            sheet.paste(Image.fromarray(np.ascontiguousarray(colours)), (left + place * (wide + _GAP), top))
    return np.asarray(sheet)
