"""An explanation as lines of text, as HTML for a notebook, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .address import Address
    from .explanation import Explanation, Part

__all__ = ["as_dict", "html", "lines"]

#: parts that are shown each on a line of its own; the others are summed
SHOWN = 12


def lines(explanation: Explanation, width: int = 80) -> Iterator[str]:
    """The value, the formula, and the parts that contribute most, in lines of at most `width` where that can be."""
    head = f"{explanation.address} = {_figure(explanation.value)}"
    yield head if explanation.engine is None else f"{head}    engine {_figure(explanation.engine)}"
    yield from _folded(explanation.formula, width)
    if not explanation.parts:
        return
    yield ""
    largest, rest = explanation.largest(SHOWN)
    yield _columns("contributes", "value", "x factor", "")
    for part in largest:
        yield _row(part, width)
    if len(explanation.parts) > len(largest):
        more = f"{len(explanation.parts) - len(largest):,} others"
        yield _columns(_figure(rest) if explanation.combine == "sum" else "", "", "", more)


def _columns(contribution: str, value: str, factor: str, what: str) -> str:
    return f"{contribution:>12}  {value:>10}  {factor:>10}  {what}".rstrip()


def _row(part: Part, width: int) -> str:
    """A part with its addresses and its label, as far as there is room for them."""
    factor = "" if part.factor == 1 else f"{part.factor + 0.0:.4g}"
    addresses = (part.address, part.factor_address)
    first, *rest = [str(address).replace(", ", ",") for address in addresses if address is not None] or [part.label]
    both = " * ".join([first, *rest])
    for what in (f"{both}: {part.label}", both, f"{first}: {part.label}"):
        row = _columns(_figure(part.contribution), f"{part.value + 0.0:.4g}", factor, what)
        if len(row) <= width and part.address is not None:
            return row.removesuffix(": ").removesuffix(":")
    return _columns(_figure(part.contribution), f"{part.value + 0.0:.4g}", factor, first)


def _figure(number: float) -> str:
    """Six digits: what float32 has, less what its rounding takes."""
    return f"{number + 0.0:.6g}"  # no minus before 0


def _folded(text: str, width: int) -> Iterator[str]:
    """The words of a text in lines of at most `width`, from the second on indented."""
    line = ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > width:
            yield line
            line = f"  {word}"
        else:
            line = f"{line} {word}" if line else word
    yield line


def html(explanation: Explanation) -> str:
    """The same as `lines`, as a table."""
    largest, rest = explanation.largest(SHOWN)
    rows = []
    for part in largest:
        numbers = map(_figure, (part.contribution, part.value, part.factor))
        rows.append([*numbers, _name(part.address), _name(part.factor_address), part.label])
    if len(explanation.parts) > len(largest):
        total = _figure(rest) if explanation.combine == "sum" else ""
        rows.append([total, "", "", "", "", f"{len(explanation.parts) - len(largest):,} others"])
    engine = "" if explanation.engine is None else f", engine {_figure(explanation.engine)}"
    heads = ("contributes", "value", "x factor", "address", "address of the factor", "")
    table = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    header = "".join(f"<th>{head}</th>" for head in heads)
    caption = f"<b>{escape(str(explanation.address))} = {_figure(explanation.value)}</b>{engine}"
    return f"<p>{caption}<br><code>{escape(explanation.formula)}</code></p><table><tr>{header}</tr>{table}</table>"


def _name(address: Address | None) -> str:
    return "" if address is None else str(address)


def as_dict(explanation: Explanation) -> dict[str, Any]:
    """The explanation as JSON has it; the address of a constant is null."""
    return {
        "address": str(explanation.address),
        "value": explanation.value,
        "engine": explanation.engine,
        "formula": explanation.formula,
        "combine": explanation.combine,
        "parts": [
            {
                "address": _name(part.address) or None,
                "value": part.value,
                "factor": part.factor,
                "factor_address": _name(part.factor_address) or None,
                "contribution": part.contribution,
                "label": part.label,
            }
            for part in explanation.parts
        ],
    }
