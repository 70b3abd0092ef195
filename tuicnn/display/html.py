"""Tables for a page or a notebook; every text in them is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from tuicnn.lazy_numpy import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MOST_CLASSES", "confusion_table", "table"]

#: classes whose confusions are a table that can be read
MOST_CLASSES = 32
#: pairs of classes that are listed where there are more
_PAIRS = 20
#: right and wrong, as colours that people who are colour-blind can tell apart, legible on light and dark
_RIGHT, _WRONG = "0,114,178", "213,94,0"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with a line of headings."""
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def confusion_table(counts: NDArray[Any], names: Sequence[str]) -> str:
    """How many images of each class (row) were taken for each class (column), `counts` (classes, classes).

    The darker, the larger the share of the row. Of many classes, those that are mistaken for each other most.
    """
    if len(names) > MOST_CLASSES:
        return table(("class", "taken for", "images"), _pairs(counts, names))
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    rows = []
    for label, name in enumerate(names):
        total = max(1, int(counts[label].sum()))
        cells = "".join(
            _cell(int(count), int(count) / total, _RIGHT if said == label else _WRONG)
            for said, count in enumerate(counts[label])
        )
        rows.append(f"<tr><th>{escape(name)}</th>{cells}</tr>")
    return f"<table><tr><th>is \\ said</th>{head}</tr>{''.join(rows)}</table>"


def _cell(count: int, share: float, colour: str) -> str:
    if not count:
        return "<td></td>"
    return f'<td style="background:rgba({colour},{0.15 + 0.5 * share:.2f})">{count:,}</td>'


def _pairs(counts: NDArray[Any], names: Sequence[str]) -> Iterable[tuple[str, str, str]]:
    wrong = counts - np.diag(np.diag(counts))
    for place in np.argsort(-wrong, axis=None, kind="stable")[:_PAIRS]:
        label, said = divmod(int(place), len(names))
        if wrong[label, said]:
            yield names[label], names[said], f"{int(wrong[label, said]):,}"
