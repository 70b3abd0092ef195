"""The curves of several runs over their epochs, over each other, in the lines of a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from rich.style import Style
from rich.text import Text

from tuicnn.display.axes import axes_of
from tuicnn.display.canvas import Canvas
from tuicnn.display.curves import extent
from tuicnn.display.plot import Plot
from tuicnn.display.terminal import Role, TerminalProfile
from tuicnn.numbers import percent as as_percent
from tuicnn.numbers import significant

__all__ = ["EpochCurve", "comparison_lines"]

_ROLES: tuple[Role, ...] = ("accent", "second", "text", "warn", "good", "dim")
_DENSE = 512  # places at which a spread is known: more than a terminal has columns of dots


@dataclass(frozen=True, eq=False)
class EpochCurve:
    """Values of one run after each epoch, `seeds` (1, epochs), or those of several that differ in their seed."""

    name: str
    seeds: NDArray[np.float64]

    @property
    def mean(self) -> NDArray[np.float64]:
        """Over the seeds, (epochs,); NaN where a value is not finite."""
        means: NDArray[np.float64] = np.where(np.isfinite(self.seeds), self.seeds, np.nan).mean(axis=0)
        return means

    @property
    def epochs(self) -> NDArray[np.float64]:
        """1, 2, ..."""
        return np.arange(1.0, self.seeds.shape[1] + 1)

    def spread(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Points up and down between the least and the largest of the seeds, close to each other: x and y."""
        x = np.linspace(1, self.seeds.shape[1], _DENSE)
        ends = [np.interp(x, self.epochs, end) for end in (self.seeds.min(axis=0), self.seeds.max(axis=0))]
        return np.repeat(x, 2), np.stack(ends, axis=1).ravel()


def comparison_lines(
    curves: Sequence[EpochCurve], width: int, height: int, terminal: TerminalProfile, *, percent: bool = False
) -> list[Text]:
    """Curves over common axes, and a legend with the last value of each; nothing where no value is finite.

    The lines are at most `width` cells wide, and `height` of them hold the axes. Lines differ in their pattern, not in
    their colour alone; behind the mean over several seeds there is the range of these.
    """
    values, steps = extent([curve.seeds for curve in curves]), extent([curve.epochs for curve in curves])
    if values is None or steps is None:
        return []
    canvas = Canvas(width, height)
    axes = axes_of(steps, values, width, height - 2, percent=percent, most=steps[1])
    if steps[1] > 1:  # nothing is known before the first epoch's end
        axes = replace(axes, across=steps, x_ticks=[tick for tick in axes.x_ticks if tick >= 1])
    plot = Plot(canvas, axes, 2, terminal.glyphs)
    if plot.place is None:
        return []
    plot.frame()
    for curve in curves:
        if len(curve.seeds) > 1:
            plot.band(*curve.spread())
    for number, curve in reversed(list(enumerate(curves))):  # the first one over the others
        plot.line(curve.epochs, curve.mean, _role(number), number, over=number == 0)
    lines = [
        Text.assemble(*((cell.text, cell.style or Style()) for cell in line))
        for line in canvas.lines(terminal.style, Style())
    ]
    for line in lines:
        line.rstrip()
    return [*lines, *(_legend(number, curve, terminal, percent=percent) for number, curve in enumerate(curves))]


def _legend(number: int, curve: EpochCurve, terminal: TerminalProfile, *, percent: bool) -> Text:
    traces, known = terminal.glyphs.traces, curve.mean[np.isfinite(curve.mean)]
    last = float(known[-1]) if len(known) else float("nan")
    return Text.assemble(
        (f"  {traces[number % len(traces)] * 2} ", terminal.style(_role(number))),
        curve.name,
        (f"  {as_percent(last, 2) if percent else significant(last)}", terminal.style("dim")),
    )


def _role(number: int) -> Role:
    return _ROLES[number % len(_ROLES)]
