"""A plan as a table: its layers, one a row, with their outputs, weights and multiply-adds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from tuicnn.display.html import table
from tuicnn.numbers import shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuicnn.language.plan import Node, Plan
    from tuicnn.training.events import LayerRow

    #: of a plan, or as a run's journal has them
    Layers = Sequence[Node] | Sequence[LayerRow]

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
    for cells in _rows(plan.nodes):
        made.add_row(*(Text(cell) for cell in cells))
    return made


def layer_table_html(layers: Layers) -> str:
    """The same for a page or a notebook."""
    parameters, macs = (sum(getattr(layer, name) for layer in layers) for name in ("parameters", "macs"))
    return table(_HEADS, [*_rows(layers), ("total", "", "", f"{parameters:,}", f"{macs:,}")])


def _rows(layers: Layers) -> Iterator[tuple[str, ...]]:
    """The cells of each layer."""
    for index in range(len(layers)):
        layer = layers[index]
        yield (
            layer.name,
            layer.text + _takes(layers, index),
            shape(layer.shape),
            _count(layer.parameters),
            _count(layer.macs),
        )


def _count(number: int) -> str:
    return f"{number:,}" if number else ""


def _takes(layers: Layers, index: int) -> str:
    """Where a layer's input is not simply the one above: the names of what it takes."""
    inputs = layers[index].inputs
    if inputs == (index - 1,):
        return ""
    names = [layers[source].name if source >= 0 else "the image" for source in inputs]
    return f"  ({', '.join(names)})"
