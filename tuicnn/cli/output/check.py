"""What `tuicnn check` prints: the network as a table, what was filled in, and every problem; or all of it as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from tuicnn.numbers import shape

if TYPE_CHECKING:
    from rich.console import Console

    from tuicnn.language import Checked, Diagnostic, Note, Span
    from tuicnn.language.plan import Node, Plan

__all__ = ["as_json", "layer_table", "print_check"]


def as_json(checked: Checked, fixed: Sequence[Diagnostic] = ()) -> dict[str, Any]:
    """The object that `tuicnn check --json` prints; a layer's `inputs` are places in `layers`, -1 the image.

    `fixed` are the problems that `--fix` took away.
    """
    plan = checked.plan
    return {
        "ok": checked.ok,
        "input": list(plan.input) if plan else None,
        "layers": [
            {
                "name": node.name,
                "text": node.text,
                "out": list(node.shape),
                "parameters": node.parameters,
                "macs": node.macs,
                "inputs": list(node.inputs),
            }
            for node in (plan.nodes if plan else ())
        ],
        "parameters": plan.parameters if plan else None,
        "macs": plan.macs if plan else None,
        "filled_in": list(plan.filled_in) if plan else [],
        "diagnostics": [_diagnostic(d) for d in checked.diagnostics],
        "fixed": [_diagnostic(d) for d in fixed],
    }


def _diagnostic(found: Diagnostic) -> dict[str, Any]:
    return {
        "severity": str(found.severity),
        "code": found.code,
        "message": found.message,
        "label": found.label,
        "help": found.help,
        **_place(found.span),
        "notes": [_note(note) for note in found.notes],
        "fixes": [{**_place(edit.span), "text": edit.replacement} for edit in found.fixes],
        "applicability": str(found.applicability) if found.fixes else None,
    }


def _place(span: Span) -> dict[str, Any]:
    return {
        "file": span.source.name,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }


def _note(note: Note) -> dict[str, Any]:
    span = note.span
    place = None if span is None else {"file": span.source.name, "line": span.line, "column": span.column}
    return {"message": note.message, "place": place}


def print_check(console: Console, plan: Plan) -> None:
    """Print a plan: what it is trained on, its layers, and what was filled in."""
    classes = f"{plan.classes} classes"
    apart = plan.data.validates_on()
    validation = f", validated on {apart}" if apart else ""
    console.print(Text.assemble((plan.name, "bold"), f": {shape(plan.input)} images, {classes}{validation}"))
    console.print()
    console.print(layer_table(plan))
    if plan.filled_in:
        console.print()
        console.print(Text("Filled in, because the file does not say:", style="dim"))
        for line in plan.filled_in:
            console.print(Text(f"  {line}"))


def layer_table(plan: Plan) -> Table:
    """The layers of a plan, one a row, and their sum."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_footer=True, header_style="dim", footer_style="bold")
    table.add_column("name", footer="total", style="dim", no_wrap=True)  # joins, weights and errors call it so
    table.add_column("layer", overflow="fold")
    table.add_column("output", justify="right", no_wrap=True)
    table.add_column("parameters", justify="right", footer=f"{plan.parameters:,}", no_wrap=True)
    table.add_column("multiply-adds", justify="right", footer=f"{plan.macs:,}", no_wrap=True)
    for index, node in enumerate(plan.nodes):
        table.add_row(
            node.name,
            Text(node.text + _takes(plan, index, node)),
            shape(node.shape),
            _count(node.parameters),
            _count(node.macs),
        )
    return table


def _count(number: int) -> str:
    return f"{number:,}" if number else ""


def _takes(plan: Plan, index: int, node: Node) -> str:
    """Where a layer's input is not simply the one above: the names of what it takes."""
    if node.inputs == (index - 1,):
        return ""
    names = [plan.nodes[source].name if source >= 0 else "the image" for source in node.inputs]
    return f"  ({', '.join(names)})"
