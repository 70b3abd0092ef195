"""Small pictures side by side, each with a line or two under it; one is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual.events import Click
from textual.message import Message
from textual.strip import Strip

from tuicnn.display.images import image_codes
from tuicnn.display.pixels import NONE
from tuicnn.display.raster import Raster
from tuicnn.display.terminal import Role, TerminalProfile
from tuicnn.display.text import truncated
from tuicnn.tui.widgets.lines import LineWidget, fitted

__all__ = ["Gallery", "Tile"]

GAP = 2
LEAST_WIDTH = 9  # cells of a tile, for what stands under it
LEAST_ROWS = 3  # of a picture
WANTED = 4  # pictures in sight at least, where smaller ones can still be read
PARTS = (1.0, 0.75, 0.5, 0.375, 0.25, 0.125)  # of a picture's own size


@dataclass(frozen=True, eq=False)
class Tile:
    """A picture uint8 (H, W, C), None where it is not there yet; what it is, what was said of it, and how surely.

    Where nothing is `said`, the picture shows the image beside what was made of it, and `sure` is the error.
    """

    pixels: NDArray[np.uint8] | None
    truth: str
    said: str
    sure: str  # `98%`
    right: bool


@dataclass(frozen=True)
class _Grid:
    across: int  # tiles in a row
    down: int  # rows of tiles
    width: int  # cells of a tile
    rows: int  # lines of a picture
    lines: int  # under it
    shown: tuple[int, int]  # columns and lines that the picture itself takes

    @property
    def page(self) -> int:
        return self.across * self.down


class Gallery(LineWidget):
    """As many pictures as fit, from the page that the chosen one is on. Their size is chosen so that several fit."""

    class Chosen(Message):
        """A picture was clicked; `place` is its place on the page."""

        def __init__(self, place: int) -> None:
            super().__init__()
            self.place = place

    class Resized(Message):
        """Another number of pictures fits."""

    def __init__(self, terminal: TerminalProfile, *, id: str | None = None) -> None:
        super().__init__(terminal, id=id)
        self._raster = Raster(terminal, compact=True)
        self._shape = (1, 1)
        self._words = 1  # cells of the longest word under a picture
        self._tiles: Sequence[Tile] = ()
        self._chosen = -1

    def lay_out(self, shape: tuple[int, int], longest: int) -> None:
        """Set the height and width of the images, and the cells of the longest name of a class."""
        self._shape, self._words = shape, longest

    def show(self, tiles: Sequence[Tile], chosen: int = -1) -> None:
        """Show the tiles of a page, and which one of them is chosen (-1: none)."""
        self._tiles, self._chosen = tiles, chosen
        self.repaint()

    def on_resize(self) -> None:
        """Tell it, for there are other pictures to be shown."""
        self.post_message(self.Resized())

    @property
    def across(self) -> int:
        """How many pictures stand side by side."""
        return self._grid(*self.content_size).across

    @property
    def page(self) -> int:
        """How many pictures fit."""
        return self._grid(*self.content_size).page

    def _grid(self, width: int, height: int) -> _Grid:
        whole = max(1, width), max(1, height - 2)
        best = _Grid(1, 1, whole[0], whole[1], 2, whole)
        for part in PARTS:
            columns, rows = self._raster.size(*(max(1, round(side * part)) for side in self._shape))
            if part < 1 and rows < LEAST_ROWS:
                break
            tile = max(columns, LEAST_WIDTH)
            lines = 1 if self._one_line <= tile else 2
            across, down = (width + GAP) // (tile + GAP), height // (rows + lines)
            if across < 1 or down < 1:
                continue
            grid = _Grid(across, down, tile, rows, lines, (columns, rows))
            if grid.page >= WANTED:
                return grid
            best = grid if grid.page >= best.page else best
        return best

    @property
    def _one_line(self) -> int:
        """The cells of `=4 >9 98%`."""
        return 2 * self._words + 7

    def paint(self, width: int, height: int) -> list[Strip]:
        """Rows of pictures with what was said of them."""
        if min(width, height) < 2:
            return []
        grid = self._grid(width, height)
        strips: list[Strip] = []
        for first in range(0, min(len(self._tiles), grid.page), grid.across):
            tiles = self._tiles[first : first + grid.across]
            strips += self._pictures(tiles, grid, width)
            strips += [self._words_under(tiles, first, line, grid, width) for line in range(grid.lines)]
        return strips

    def _pictures(self, tiles: Sequence[Tile], grid: _Grid, width: int) -> list[Strip]:
        """The lines of a row of pictures."""
        step, columns = self._raster.step, self._raster.columns
        codes = np.full((grid.rows * step, width // columns), NONE, np.int64)
        wide, tall = grid.shown[0] // columns, grid.shown[1] * self._raster.rows
        for index, tile in enumerate(tiles):
            if tile.pixels is None:
                continue
            made = image_codes(tile.pixels, wide, tall, self._raster)[: len(codes)]
            left = index * (grid.width + GAP) // columns
            made = made[:, : codes.shape[1] - left]
            codes[: made.shape[0], left : left + made.shape[1]] = made
        ink = self.style("text")
        return [
            fitted(self._raster.line(codes[y : y + step], self.base, ink), width, self.base)
            for y in range(0, len(codes), step)
        ]

    def _words_under(self, tiles: Sequence[Tile], first: int, line: int, grid: _Grid, width: int) -> Strip:
        segments: list[Segment] = []
        for index, tile in enumerate(tiles, first):
            text = self._text(tile, line, grid)
            role: Role = ("good" if tile.right else "bad") if line == grid.lines - 1 else "text"
            style = self.style(role)
            chosen = style + Style(reverse=True, bold=True) if index == self._chosen else style
            segments += [Segment(text, chosen), Segment(" " * (grid.width - len(text) + GAP), self.base)]
        return fitted(segments, width, self.base)

    def _text(self, tile: Tile, line: int, grid: _Grid) -> str:
        """What stands in a line under a picture: the true class and the one that was said, each with its mark."""
        glyphs = self.terminal.glyphs
        if not tile.said:  # of a picture that stands beside what was made of it
            name = truncated(tile.truth, max(1, grid.width - len(tile.sure) - 1), self.terminal)
            return f"{name} {tile.sure}" if grid.lines == 1 else name if line == 0 else tile.sure
        if grid.lines == 1:
            return f"{glyphs.truth}{tile.truth} {glyphs.pointer}{tile.said} {tile.sure}"
        if line == 0:
            return truncated(f"{glyphs.truth}{tile.truth}", grid.width, self.terminal)
        room = grid.width - len(tile.sure) - 2
        return f"{glyphs.pointer}{truncated(tile.said, room, self.terminal)} {tile.sure}"

    def on_click(self, event: Click) -> None:
        """A click on a picture chooses it."""
        grid = self._grid(*self.content_size)
        row, column = event.y // (grid.rows + grid.lines), event.x // (grid.width + GAP)
        place = row * grid.across + column
        if column < grid.across and place < len(self._tiles):
            self.post_message(self.Chosen(place))
