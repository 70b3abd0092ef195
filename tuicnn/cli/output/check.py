"""What `tuicnn check` prints: the network as a table, what was filled in, and every problem; or all of it as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from tuicnn.display.layer_table import layer_table
from tuicnn.numbers import shape

if TYPE_CHECKING:
    from rich.console import Console

    from tuicnn.language import Checked, Diagnostic, Note, Span
    from tuicnn.language.plan import Plan

__all__ = ["as_json", "print_check"]


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
    classes = "the image is the target" if plan.of_images else f"{plan.classes} classes"
    apart = plan.data.validates_on()
    validation = f", validated on {apart}" if apart else ""
    console.print(Text.assemble((plan.name, "bold"), f": {shape(plan.input)} images, {classes}{validation}"))
    for note in plan.data.notes():
        console.print(Text(note, style="dim"))
    console.print()
    console.print(layer_table(plan))
    if plan.filled_in:
        console.print()
        console.print(Text("Filled in, because the file does not say:", style="dim"))
        for line in plan.filled_in:
            console.print(Text(f"  {line}"))
