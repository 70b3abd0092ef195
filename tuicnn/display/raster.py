"""Pixels on any terminal: half blocks, coloured blanks, or characters with ink in proportion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style

from tuicnn.display.pixels import NONE, blanks, half_blocks
from tuicnn.display.terminal import TerminalProfile

__all__ = ["Raster"]


@dataclass(frozen=True)
class Raster:
    """How pixels become cells.

    A pixel of half blocks is one cell wide and half a cell high. Elsewhere it is two cells wide and one high; `compact`
    makes two pixels, one above the other, one cell, which shows their mean.
    """

    terminal: TerminalProfile
    compact: bool = False

    @property
    def columns(self) -> int:
        """The cells that a pixel is wide."""
        return 1 if self.terminal.half_blocks or self.compact else 2

    @property
    def rows(self) -> int:
        """The pixels that stand in a cell, one above the other."""
        return 2 if self.terminal.half_blocks or self.compact else 1

    @property
    def averages(self) -> bool:
        """Whether the pixels of a cell are to be averaged before they are given to `line`."""
        return self.compact and not self.terminal.half_blocks

    def size(self, height: int, width: int) -> tuple[int, int]:
        """The columns and rows that height x width pixels take."""
        return width * self.columns, -(-height // self.rows)

    @property
    def step(self) -> int:
        """The rows of codes that `line` takes."""
        return 2 if self.terminal.half_blocks else 1

    def line(self, codes: NDArray[np.int64], base: Style, ink: Style) -> list[Segment]:
        """One line of cells out of codes (`step`, n): colours, or characters (`ord`) in the style `ink`."""
        if self.terminal.half_blocks:
            return half_blocks(codes[0], codes[1], base, self.terminal.glyphs)
        if self.terminal.colours != "none":
            return blanks(codes[0], self.columns, base)
        text = "".join((" " if code == NONE else chr(code)) * self.columns for code in codes[0].tolist())
        return [Segment(text, ink)]

    def marked(
        self, codes: NDArray[np.int64], mark: tuple[slice, slice], cursor: int, base: Style, ink: Style
    ) -> list[Segment]:
        """A line as `line` makes it, with the pixels codes[mark] in the colour `cursor`, or reversed where none is."""
        if self.terminal.colours != "none":
            codes = codes.copy()
            codes[mark] = cursor
            return self.line(codes, base, ink)
        at, reverse = mark[1], ink + Style(reverse=True)
        pieces = (codes[:, : at.start], ink), (codes[:, at], reverse), (codes[:, at.stop :], ink)
        return [segment for piece, style in pieces for segment in self.line(piece, base, style)]
