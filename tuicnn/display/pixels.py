"""Pixels to cells: scaling by area, palettes of the 256 colours, and strips of half blocks.

A colour is an integer here: 0 to 255 is a place in the terminal's palette, `TRUE + 0xRRGGBB` a true colour, `NONE` the
widget's background.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from tuicnn.display.glyphs import Glyphs

__all__ = [
    "FEW_GREYS",
    "GREYS",
    "NONE",
    "TRUE",
    "averaged",
    "blanks",
    "enlarged",
    "half_blocks",
    "nearest",
    "run_lengths",
    "true_colours",
]

NONE = -1
TRUE = 256

#: black, the 24 greys of the palette's end, white: dark to bright
GREYS: NDArray[np.int64] = np.array([16, *range(232, 256), 231])
#: those among the 16 colours
FEW_GREYS: NDArray[np.int64] = np.array([0, 8, 7, 15])

#: those of the 16 colours that are bright
_BRIGHT = range(8, 16)


#: the 16 colours of xterm as sRGB; other terminals have others, but of the same hues
_SIXTEEN = np.array(
    [
        *[(0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205)],
        *[(229, 229, 229), (127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255), (255, 0, 255)],
        *[(0, 255, 255), (255, 255, 255)],
    ],
    dtype=np.float64,
)


@cache
def _palette(few: bool = False) -> NDArray[np.float64]:
    """Colours 16 to 255 as (240, 3) sRGB values of 0 to 255: a 6x6x6 cube and 24 greys; with `few`, 0 to 15 (16, 3)."""
    if few:
        return _SIXTEEN
    steps = np.array([0, 95, 135, 175, 215, 255], dtype=np.float64)
    cube = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    greys = np.repeat(8.0 + 10 * np.arange(24)[:, None], 3, axis=1)
    return np.concatenate([cube, greys])


def _oklab(rgb: NDArray[Any]) -> NDArray[np.float64]:
    """sRGB (…, 3) of 0 to 255 to Oklab (B. Ottosson, 2020), where distances are close to what an eye sees."""
    c = np.asarray(rgb, dtype=np.float64) / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    to_cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    to_lab = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    lab: NDArray[np.float64] = np.cbrt(linear @ to_cones.T) @ to_lab.T
    return lab


def nearest(rgb: NDArray[Any], *, few: bool = False) -> NDArray[np.int64]:
    """The nearest colours of the 256, or of the 16, to sRGB values (…, 3) of 0 to 255, as integers (…)."""
    flat = np.asarray(rgb).reshape(-1, 3)
    unique, back = np.unique(flat, axis=0, return_inverse=True)
    lab, palette = _oklab(unique), _oklab(_palette(few))
    # |a - b|² by its parts: no array of pixels x colours x 3
    distance = (palette**2).sum(1) - 2 * lab @ palette.T
    codes: NDArray[np.int64] = ((0 if few else 16) + distance.argmin(1))[back.reshape(-1)].reshape(np.shape(rgb)[:-1])
    return codes


def true_colours(rgb: NDArray[np.uint8]) -> NDArray[np.int64]:
    """True colours of sRGB values (…, 3), as integers (…)."""
    codes: NDArray[np.int64] = TRUE + rgb.astype(np.int64) @ np.array([65536, 256, 1])
    return codes


@lru_cache(256)
def _shares(old: int, new: int) -> NDArray[np.float64]:
    """(new, old): which share of each new pixel each old one covers; rows sum to 1."""
    edges = np.arange(new + 1) * (old / new)
    passed = np.clip(edges[:, None] - np.arange(old)[None, :], 0, 1)  # how much of each old pixel lies before an edge
    shares: NDArray[np.float64] = np.diff(passed, axis=0) * (new / old)
    return shares


def averaged(images: NDArray[Any], height: int, width: int) -> NDArray[np.float64]:
    """Scale images (…, H, W) down to (…, height, width) by the mean over each new pixel's area.

    Values that are not finite are left out of the mean; where nothing else is there, the result is NaN.
    """
    rows, columns = _shares(images.shape[-2], height), _shares(images.shape[-1], width).T
    values = images.astype(np.float64)
    known = np.isfinite(values)
    if known.all():
        means: NDArray[np.float64] = rows @ values @ columns
        return means
    total = rows @ np.where(known, values, 0.0) @ columns
    weight = rows @ known.astype(np.float64) @ columns
    return np.divide(total, weight, out=np.full_like(total, np.nan), where=weight > 1e-9)


def enlarged(images: NDArray[Any], times: int) -> NDArray[Any]:
    """Scale images (…, H, W) up by a whole number."""
    return images.repeat(times, axis=-2).repeat(times, axis=-1) if times > 1 else images


@lru_cache(256)
def _colour(code: int) -> Color:
    if code < TRUE:
        return Color.from_ansi(code)
    red, rest = divmod(code - TRUE, 65536)
    return Color.from_rgb(red, *divmod(rest, 256))


@lru_cache(1024)
def _cell(top: int, bottom: int, base: Style, glyphs: Glyphs) -> tuple[str, Style]:
    """The character and the style that show one pixel above another.

    Bright ones of the 16 colours are foregrounds wherever they can be: the Linux console has them as no background.
    """
    if top == bottom:
        if top in _BRIGHT:
            return glyphs.full, base + Style(color=_colour(top))
        return " ", base if top == NONE else base + Style(bgcolor=_colour(top))
    if bottom == NONE:
        return glyphs.upper_half, base + Style(color=_colour(top))
    if top == NONE:
        return glyphs.lower_half, base + Style(color=_colour(bottom))
    if bottom in _BRIGHT and top not in _BRIGHT:
        return glyphs.lower_half, base + Style(color=_colour(bottom), bgcolor=_colour(top))
    return glyphs.upper_half, base + Style(color=_colour(top), bgcolor=_colour(bottom))


def run_lengths(codes: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Runs of equal numbers in (n,): pairs of a number and how often it stands there."""
    if not len(codes):
        return []
    starts = [0, *(np.flatnonzero(codes[1:] != codes[:-1]) + 1).tolist()]
    ends = [*starts[1:], len(codes)]
    return [(code, end - start) for code, start, end in zip(codes[starts].tolist(), starts, ends, strict=True)]


def half_blocks(top: NDArray[np.int64], bottom: NDArray[np.int64], base: Style, glyphs: Glyphs) -> list[Segment]:
    """One line of cells (n,), each with a pixel above a pixel, as few segments as can be."""
    pairs = run_lengths((top + 1) * (1 << 25) + bottom + 1)
    segments = []
    for pair, length in pairs:
        above, below = divmod(pair, 1 << 25)
        text, style = _cell(above - 1, below - 1, base, glyphs)
        segments.append(Segment(text * length, style))
    return segments


def blanks(codes: NDArray[np.int64], cells: int, base: Style) -> list[Segment]:
    """One line of pixels (n,) as coloured blanks, so many cells a pixel."""
    return [
        Segment(" " * cells * length, base if code == NONE else base + Style(bgcolor=_colour(code)))
        for code, length in run_lengths(codes)
    ]
