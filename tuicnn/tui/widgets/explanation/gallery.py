"""Pictures beside and under each other, as many and as large as there is room for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tuicnn.tui.widgets.explanation.block import Block, Pen, beside, stacked
from tuicnn.tui.widgets.explanation.picture import Placed, Plane, picture, placed

__all__ = ["column", "one", "row"]

_SIDES = (64, 56, 42, 28)  # pixels that the sides of pictures are enlarged to at most
_GAP = 3  # columns between two


def one(pen: Pen, plane: Plane, width: int, height: int) -> Block:
    """A picture, or nothing."""
    return row(pen, [plane], width, height)


def row(pen: Pen, planes: Sequence[Plane], width: int, height: int) -> Block:
    """Pictures beside each other; rather two small ones than one."""
    for count in range(len(planes), 0, -1):
        for side in _SIDES:
            found = _all(placed(pen, plane, width, height, side=side) for plane in planes[:count])
            if found and sum(each.width for each in found) + _GAP * (count - 1) <= width:
                return beside(pen, [picture(pen, each) for each in found], _GAP)
        even = (width - _GAP * (count - 1)) // count
        found = _all(placed(pen, plane, even, height) for plane in planes[:count])
        if found and count <= 2:
            return beside(pen, [picture(pen, each) for each in found], _GAP)
    return Block()


def column(pen: Pen, planes: Sequence[Plane], width: int, height: int) -> Block:
    """Pictures one under the other."""
    found = [placed(pen, plane, width, height // len(planes)) for plane in planes]
    return stacked(*[picture(pen, each) for each in found if each is not None])


def _all(found: Iterable[Placed | None]) -> list[Placed]:
    """All of them; none where one is missing."""
    given = list(found)
    known = [each for each in given if each is not None]
    return known if len(known) == len(given) else []
