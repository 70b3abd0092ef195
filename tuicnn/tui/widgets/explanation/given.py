"""A number that is made of no others, among its neighbours: a weight in its kernel."""

from __future__ import annotations

from tuicnn.numbers import aligned
from tuicnn.tui.microscope import Sight
from tuicnn.tui.widgets.explanation.block import Block, Line, Pen, Target, said

__all__ = ["neighbours"]


def neighbours(pen: Pen, sight: Sight, width: int, height: int) -> Block:
    """The figures of the same kernel, or the same row, with the number in brackets; nothing where it stands alone."""
    address = sight.explanation.address
    array = sight.arrays.get(address.at())
    if array is None or array.ndim not in (1, 2, 4):
        return Block()
    axes = 2 if array.ndim == 4 else 1
    outer, inner = address.index[:-axes], address.index[-axes:]
    values = array[outer] if outer else array
    rows = values if values.ndim == 2 else values[None]
    row, column = inner if len(inner) == 2 else (0, inner[0])
    texts = aligned([float(value) for value in rows.reshape(-1)], "NaN")
    wide = max(map(len, texts), default=1) + 2
    shown_rows, shown_columns = min(len(rows), height - 1), min(rows.shape[1], max(1, width // wide))
    top = max(0, min(row - shown_rows // 2, len(rows) - shown_rows))
    left = max(0, min(column - shown_columns // 2, rows.shape[1] - shown_columns))
    title = f"{address.target}[{','.join(map(str, outer))}]" if outer else address.target
    block = said(pen, (title, "dim"))
    for i in range(top, top + shown_rows):
        line = Line(pen)
        for j in range(left, left + shown_columns):
            text, here = texts[i * rows.shape[1] + j], (i, j) == (row, column)
            where = address.at(*outer, i, j) if len(inner) == 2 else address.at(*outer, j)
            line.text(f"[{text}]" if here else f" {text} ", "strong" if here else "text", Target("go", where))
        block.add(line)
    return block
