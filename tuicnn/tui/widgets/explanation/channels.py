"""What each input channel adds to a number that is computed from a window."""

from __future__ import annotations

from tuicnn.display.signed_bar import signed_bar
from tuicnn.tui.microscope import Sight
from tuicnn.tui.widgets.explanation.block import Block, Line, Pen, Target, said
from tuicnn.tui.widgets.explanation.table import bar_scale
from tuicnn.tui.widgets.explanation.window import channel_in_sight

__all__ = ["channels"]

_LEAST_BAR, _WIDEST_BAR = 26, 44  # columns of a row with a bar


def channels(pen: Pen, sight: Sight, chosen: int, width: int, height: int) -> Block:
    """What each input channel comes to, those that weigh most first: a bar each; nothing where there is one."""
    explanation, sums = sight.explanation, sight.explanation.channel_sums
    if len(sums) < 2 or height < 3 or width < _LEAST_BAR:
        return Block()
    largest: dict[int, int] = {}
    for (channel, *_), place in explanation.pixels.items():
        best = largest.setdefault(channel, place)
        if abs(explanation.parts[place].contribution) > abs(explanation.parts[best].contribution):
            largest[channel] = place
    own, scale = channel_in_sight(explanation, chosen), bar_scale(list(sums.values()))
    digits, width = len(str(max(sums))), min(width, _WIDEST_BAR)
    block = said(pen, ("what each input channel adds", "dim"))
    for channel in sorted(sums, key=lambda channel: -abs(sums[channel]))[: height - 1]:
        mark = pen.terminal.glyphs.pointer if channel == own else " "
        line = Line(pen).text(f"{mark}{channel:>{digits}} ", "accent" if channel == own else "dim")
        line.drawn(signed_bar(sums[channel], scale, width - line.width, pen.terminal.glyphs, pen.style))
        block.add(line, Target("choose", largest[channel]))
    return block
