"""How the Mistakes view uses its room: which tables stand side by side, how wide, and whether images fit below."""

from __future__ import annotations

from typing import NamedTuple

from tuicnn.tui.mistakes import Mistakes
from tuicnn.tui.widgets.confusion_matrix import MOST_CLASSES, ConfusionMatrix

__all__ = ["Arrangement", "arranged"]

LIST = 13  # columns of a list, besides its two names
LONGEST_NAME = 16  # columns that a name in a list is given
LEAST_PICTURES = 6  # lines below which the images take the place of the tables


class Arrangement(NamedTuple):
    """The tables from left to right; lines of theirs; columns of the confusion matrix; whether images fit below."""

    tables: list[str]
    rows: int
    matrix: int
    both: bool


def arranged(mistakes: Mistakes, width: int, height: int) -> Arrangement:
    """What fits into a terminal of so many columns and lines."""
    inner, room = width - 2, height - 5
    if mistakes.predictions.of_images:
        rows = max(5, min(len(mistakes.weakest) + 1, room * 2 // 5))
        return Arrangement(["classes"], rows, 0, room - rows >= LEAST_PICTURES)
    wide, widest, high = 0, 0, 0
    if (found := mistakes.predictions).classes <= MOST_CLASSES:
        wide, widest, high = ConfusionMatrix.size_for(found.confusion(), mistakes.names)
    if not (wide <= inner and high <= room):
        wide = 0
    listed = LIST + 2 * max(4, min(LONGEST_NAME, max(map(len, mistakes.names))))
    tables = ["confusion"] if wide else []
    tables += ["confusions"] if not wide or inner - wide - 2 >= listed else []
    tables += ["classes"] if not wide and inner >= 2 * listed + 2 else []
    rows = high if wide else max(5, min(len(mistakes.pairs) + 1, room * 2 // 5))
    beside = inner - (listed + 2) * (len(tables) > 1)
    return Arrangement(tables, rows, max(wide, min(widest, beside)), room - rows >= LEAST_PICTURES)
