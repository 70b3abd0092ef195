"""A plan as a table: its layers, one a row, with their outputs, weights and multiply-adds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from tuicnn.display.html import table
from tuicnn.numbers import shape

if TYPE_CHECKING:
    from tuicnn.language.plan import Node, Plan

__all__ = ["layer_table", "layer_table_html"]

_HEADS = ("name", "layer", "output", "parameters", "multiply-adds")


def layer_table(plan: Plan) -> Table:
    """The layers of a plan, one a row, and their sum."""
    made = Table(box=None, padding=(0, 2, 0, 0), show_footer=True, header_style="dim", footer_style="bold")
    name, layer, *figures = _HEADS
    footers = ("", f"{plan.parameters:,}", f"{plan.macs:,}")
    made.add_column(name, footer="total", style="dim", no_wrap=True)  # joins, weights and errors call it so
    made.add_column(layer, overflow="fold")
    for head, footer in zip(figures, footers, strict=True):
        made.add_column(head, justify="right", footer=footer, no_wrap=True)
    for cells in _rows(plan):
        made.add_row(*(Text(cell) for cell in cells))
    return made


def layer_table_html(plan: Plan) -> str:
    """The same for a notebook."""
    return table(_HEADS, [*_rows(plan), ("total", "", "", f"{plan.parameters:,}", f"{plan.macs:,}")])


def _rows(plan: Plan) -> Iterator[tuple[str, ...]]:
    """The cells of each layer."""
    for index, node in enumerate(plan.nodes):
        yield (
            node.name,
            node.text + _takes(plan, index, node),
            shape(node.shape),
            _count(node.parameters),
            _count(node.macs),
        )


def _count(number: int) -> str:
    return f"{number:,}" if number else ""


def _takes(plan: Plan, index: int, node: Node) -> str:
    """Where a layer's input is not simply the one above: the names of what it takes."""
    if node.inputs == (index - 1,):
        return ""
    names = [plan.nodes[source].name if source >= 0 else "the image" for source in node.inputs]
    return f"  ({', '.join(names)})"
