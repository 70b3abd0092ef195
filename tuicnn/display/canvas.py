"""A grid of characters, each with a role: what a chart is drawn on."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style

from tuicnn.display.pixels import run_lengths
from tuicnn.display.terminal import Glyphs, Role

__all__ = ["Canvas"]

_ROLES: tuple[Role, ...] = get_args(Role)
_SPACE = ord(" ")
_BRAILLE = 0x2800

#: the bit of each dot of a braille cell, (4 rows, 2 columns) (Unicode, Braille Patterns)
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])


class Canvas:
    """Characters (height, width), all of them one cell wide; what is written outside is left out."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self._characters = np.full((height, width), _SPACE, dtype=np.uint32)
        self._roles = np.zeros((height, width), dtype=np.int64)

    def write(self, x: int, y: int, text: str, role: Role) -> None:
        """Write a text from a cell on to the right."""
        if not 0 <= y < self.height:
            return
        text, x = text[max(0, -x) :], max(0, x)
        text = text[: max(0, self.width - x)]
        if text:
            self._characters[y, x : x + len(text)] = [ord(c) for c in text]
            self._roles[y, x : x + len(text)] = _ROLES.index(role)

    def write_under(self, x: int, y: int, character: str, role: Role, over: str = "") -> None:
        """Write a character where there is none yet, or one of `over`."""
        if 0 <= y < self.height and 0 <= x < self.width and chr(self._characters[y, x]) in f" {over}":
            self.write(x, y, character, role)

    def dots(
        self, x: int, y: int, dots: NDArray[np.bool_], role: Role, glyphs: Glyphs, *, mark: str = "", over: bool = False
    ) -> None:
        """Draw a raster from a cell on: 2x4 dots a cell by braille, else 1x2 by halves, or by `mark` if given.

        `over`: the dots that a cell has already make way; else they are joined.
        """
        if glyphs.braille:
            high, wide = len(dots) // 4, dots.shape[1] // 2
            bits = dots.reshape(high, 4, wide, 2).transpose(0, 2, 1, 3)
            values = (bits * _BITS).sum((2, 3)).astype(np.uint32)
            there = self._characters[y : y + high, x : x + wide]
            under = np.where(there >= _BRAILLE, there - _BRAILLE, 0)
            under = np.where((under < 256) & (not over), under, 0)
            characters = _BRAILLE + (values | under)
        else:
            high, wide = len(dots) // 2, dots.shape[1]
            values = dots[::2] + 2 * dots[1::2]
            both = ":" if glyphs.upper_half == "'" else glyphs.full
            characters = np.array([ord(mark or c) for c in (" ", glyphs.upper_half, glyphs.lower_half, both)])[values]
        drawn = values > 0
        self._characters[y : y + high, x : x + wide][drawn] = characters[drawn]
        self._roles[y : y + high, x : x + wide][drawn] = _ROLES.index(role)

    def lines(self, style: Callable[[Role], Style], base: Style) -> list[list[Segment]]:
        """The lines, each `width` cells wide, in as few segments as can be; `base` is the style of what is empty."""
        styles = [style(role) for role in _ROLES]
        # a space takes the role of what is left of it: no change of style for it
        return [self._line(y, styles, base) for y in range(self.height)]

    def _line(self, y: int, styles: list[Style], base: Style) -> list[Segment]:
        characters, roles = self._characters[y], self._roles[y]
        text = characters.tobytes().decode("utf-32-le" if characters.dtype.byteorder != ">" else "utf-32-be")
        seen = np.flatnonzero(characters != _SPACE)
        if not len(seen):
            return [Segment(" " * self.width, base)]
        last = np.maximum.accumulate(np.where(characters != _SPACE, np.arange(self.width), seen[0]))
        segments, at = [], 0
        for role, length in run_lengths(roles[last]):
            segments.append(Segment(text[at : at + length], styles[role]))
            at += length
        return segments
