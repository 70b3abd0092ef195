"""An explanation as lines of text, as HTML for a notebook, and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .address import Address
    from .explanation import Explanation, Part

__all__ = ["as_dict", "html", "lines"]

#: parts that are shown each on a line of its own; the others are summed
SHOWN = 12


def lines(explanation: Explanation, width: int = 80) -> Iterator[str]:
    """The value, formula and words, and the parts that contribute most, in lines of at most `width` where that can be.

    The columns of the parts begin behind the first empty line.
    """
    head = f"{explanation.address} = {_figure(explanation.value)}"
    engine = "" if explanation.engine is None else f"engine {_figure(explanation.engine)}"
    if engine and len(head) + 4 + len(engine) > width:
        yield head
        yield f"  {engine}"
    else:
        yield f"{head}    {engine}".rstrip()
    yield from _folded(explanation.formula, width)
    if explanation.words:
        yield from _folded(f"({explanation.words})", width)
    if explanation.parts:
        yield ""
        yield from _table(explanation, width)


def _table(explanation: Explanation, width: int) -> list[str]:
    """The columns of the largest parts, with as many as there is room for in every line; labels where there is room."""
    largest, rest = explanation.largest(SHOWN)
    left_out = len(explanation.parts) - len(largest)
    total = _figure(rest) if explanation.combine == "sum" else ""
    # two columns would only repeat the first
    plain = all(part.factor == 1 and part.value == part.contribution for part in largest)
    for columns, name in _FORMS[2 if plain else 0 :]:
        rows = [columns("contributes", "value", "x factor", "")]
        for part in largest:
            factor = "" if part.factor == 1 else f"{part.factor + 0.0:.4g}"
            row = columns(_figure(part.contribution), f"{part.value + 0.0:.4g}", factor, name(part))
            label = f": {part.label}" if part.label and part.address is not None else ""
            both = part.factor_address is None or name is _product
            rows.append(row + label if both and len(row + label) <= width else row)
        if left_out:
            rows.append(columns(total, "", "", f"{left_out:,} others"))
        if max(map(len, rows)) <= width:
            break
    return rows


def _wide(contribution: str, value: str, factor: str, what: str) -> str:
    return f"{contribution:>12}  {value:>10}  {factor:>10}  {what}".rstrip()


def _narrow(contribution: str, value: str, factor: str, what: str) -> str:
    return f"{contribution:>12}  {what}".rstrip()


def _short(part: Part) -> str:
    """The address that opens the part; of a constant, what it is."""
    return part.label if part.address is None else str(part.address).replace(", ", ",")


def _product(part: Part) -> str:
    """The part's address, and its factor's where that has one."""
    factor = "" if part.factor_address is None else f" * {str(part.factor_address).replace(', ', ',')}"
    return f"{_short(part)}{factor}"


#: what is said of parts, from most to least: the columns, and the last of them
_FORMS: tuple[tuple[Callable[[str, str, str, str], str], Callable[[Part], str]], ...] = (
    (_wide, _product),
    (_wide, _short),
    (_narrow, _product),
    (_narrow, _short),
)


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
    words = f"<br>{escape(explanation.words)}" if explanation.words else ""
    return (
        f"<p>{caption}<br><code>{escape(explanation.formula)}</code>{words}</p><table><tr>{header}</tr>{table}</table>"
    )


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
