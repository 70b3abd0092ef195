"""A number as the list of its parts: what each contributes as a bar, and how that comes about."""

from __future__ import annotations

import math

from tuicnn.display.signed_bar import signed_bar
from tuicnn.display.text import displayable
from tuicnn.numbers import counted
from tuicnn.specimen.explanation import COMBINE, Explanation, Part, total
from tuicnn.tui.microscope import Sight
from tuicnn.tui.widgets.explanation.block import Block, Line, Pen, Target
from tuicnn.tui.widgets.explanation.figures import figure

__all__ = ["bar_scale", "table"]

_LEAST_BAR, _WIDEST_BAR = 20, 40  # columns of a bar with its number
_FIGURES = 9  # columns of a value, and of a factor
_GAP = 3  # columns between two columns


def bar_scale(numbers: list[float]) -> tuple[float, float]:
    """The ends of a scale for bars, with 0 between them or at one."""
    finite = [number for number in numbers if math.isfinite(number)]
    low, high = min(0.0, *finite, 0.0), max(0.0, *finite, 0.0)
    return (low, high) if low < high else (0.0, 1.0)


def table(pen: Pen, sight: Sight, chosen: int, width: int, height: int) -> Block:
    """As many parts as fit, with the chosen one in sight; then what the others come to, and all of them."""
    explanation, order, block = sight.explanation, sight.order, Block()
    ratio = explanation.combine == "ratio"
    products = ratio or (explanation.combine in COMBINE and all(map(_is_product, explanation.parts)))
    factors = products and any(part.factor != 1 or part.factor_address is not None for part in explanation.parts)
    bar = max(_LEAST_BAR, min(_WIDEST_BAR, width // 4))
    scale = bar_scale([part.contribution for part in explanation.parts])
    room = max(1, height - 2)
    cursor = order.index(chosen) if chosen in order else 0
    first = max(0, min(cursor - room // 2, len(order) - room))
    first_head = "exp(value - the largest)" if ratio else "contributes"
    heads = f"{first_head:>{bar + 2}}   {'value':>{_FIGURES}}" + (f"   {'factor':>{_FIGURES}}" if factors else "")
    block.add(Line(pen).text(heads, "dim"))
    shown = order[first : first + room]
    names = _Names(pen, sight, shown, width - 2 - bar - 3 - _FIGURES - (factors * (3 + _FIGURES)))
    for place in shown:
        part = explanation.parts[place]
        line = Line(pen).text(f"{pen.terminal.glyphs.pointer if place == chosen else ' '} ", "accent")
        line.drawn(signed_bar(part.contribution + 0.0, scale, bar, pen.terminal.glyphs, pen.style))
        line.text(" = " if products and not ratio else "   ", "dim")
        _made_of(line, part, factors)
        names.put(line, part)
        block.add(line, Target("choose", place))
    block.add(_whole(Line(pen), explanation, order[:first] + order[first + room :]))
    return block


def _is_product(part: Part) -> bool:
    """Whether a part contributes its value times its factor, and not a function of it."""
    return math.isclose(part.contribution, part.value * part.factor, rel_tol=1e-6) or math.isnan(part.value)


def _made_of(line: Line, part: Part, factors: bool) -> None:
    """`value x factor`."""
    line.text(f"{figure(part.value):>{_FIGURES}}")
    if factors:
        plain = part.factor == 1 and part.factor_address is None
        times = " " if plain else line.pen.terminal.glyphs.times
        line.text(f" {times} ", "dim").text(f"{'' if plain else figure(part.factor):>{_FIGURES}}")


class _Names:
    """The columns of the parts' addresses, of their factors' and of labels: each is there where all of it fits."""

    def __init__(self, pen: Pen, sight: Sight, shown: list[int], room: int) -> None:
        parts = [sight.explanation.parts[place] for place in shown]
        self._sight, self._terminal, self._widths = sight, pen.terminal, [0, 0, 0]
        for column, texts in enumerate(zip(*map(self._texts, parts), strict=True)):
            width = max(map(len, texts))
            if width and width + _GAP <= room:
                self._widths[column] = width
                room -= width + _GAP

    def _texts(self, part: Part) -> tuple[str, str, str]:
        address, factor = (each.brief if each is not None else "" for each in (part.address, part.factor_address))
        name = displayable(self._sight.named(part.address), self._terminal) if part.address is not None else ""
        return address or part.label, factor, " ".join(filter(None, (name, part.label if address else "")))

    def put(self, line: Line, part: Part) -> None:
        """Add a part's columns to its line."""
        times = line.pen.terminal.glyphs.times
        targets = [Target("open", each) if each is not None else None for each in (part.address, part.factor_address)]
        first, factor, label = self._texts(part)
        for text, width, between, target in (
            (first, self._widths[0], "   ", targets[0]),
            (factor, self._widths[1], f" {times if factor else ' '} ", targets[1]),
        ):
            if width:
                line.text(between, "dim").text(text, "text", target).text(" " * (width - len(text)))
        if self._widths[2]:
            line.text("   ").text(label, "dim")


def _whole(line: Line, explanation: Explanation, others: list[int]) -> Line:
    """What the parts that are not in sight come to, and what all of them make."""
    if others:
        line.text(f"  {counted(len(others), 'other')}", "dim")
        if explanation.combine == "sum":
            line.text(f" {figure(total(explanation.parts[place].contribution for place in others))}")
        line.text("   ")
    made = {
        "sum": "  sum ",
        "max": "  the largest ",
        "ratio": "  the first over the sum of them all ",
        "rsqrt": "  1 / sqrt(sum) ",
        "product": "  the product ",
    }.get(explanation.combine, f"  {explanation.combine} of it ")
    return line.text(made, "dim").text(figure(explanation.value), "strong")
