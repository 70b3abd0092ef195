"""Loss and accuracy over the epochs."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from tuicnn.display.curves import extent, settled, smoothed
from tuicnn.plotting.style import figure
from tuicnn.plotting.wanted import Width
from tuicnn.training.progress import History

__all__ = ["curves"]

#: what a smoothed line is a mean over: a share of the run's steps, or so many, as on the screen, where these are fewer
_SHARE, _STEPS = 0.02, 50
_MARGIN = 0.05  # above and below the curves


def curves(history: History, steps_per_epoch: int, width: Width) -> Figure:
    """Training after each step, smoothed and as it is behind that, and validation after each epoch.

    Where the target is the image there is no accuracy, and no curve of it.
    """
    names = ("loss", "accuracy") if np.isfinite(history.accuracies).any() else ("loss",)
    count, beside = len(names), width == "page"
    made, drawn = figure(width, 2.0 if beside else 1.7 * count, *((1, count) if beside else (count, 1)))
    ends = np.array([epoch.step for epoch in history.epochs], np.float64) / max(1, steps_per_epoch)
    steps = history.start + (np.arange(len(history.losses)) + 1) * history.stride
    for axes, name in zip(drawn, names, strict=True):
        training = history.losses if name == "loss" else history.accuracies
        validation = np.array([getattr(epoch, f"val_{name}") for epoch in history.epochs], np.float64)
        lines = smoothed(training, _past(float(steps[-1]) if len(steps) else 0.0) ** history.stride)
        x = steps / max(1, steps_per_epoch)
        axes.plot(x, training, color="C0", alpha=0.2, linewidth=0.4, rasterized=True)
        axes.plot(x, lines, color="C0", label="training")
        if np.isfinite(validation).any():
            axes.plot(ends, validation, "o--", color="C4", label="validation")
        axes.set_ylabel(name)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        _limit(axes, [settled(lines), validation], share=name == "accuracy")
        if name == "accuracy":
            axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.3g}%"))
    drawn[0].legend(loc="best")
    return made


def _past(steps: float) -> float:
    """The share of the past in a mean, of each step. In a short run, one over as many steps as in a long one would lag:
    training would seem to be behind validation."""
    return 1 - 1 / max(1.0, min(_STEPS, _SHARE * steps))


def _limit(axes: Axes, shown: list[NDArray[np.float64]], *, share: bool) -> None:
    """So high that the lines fill the axes: single steps, and the first fall of a long run, may leave them."""
    found = extent(shown)
    if found is not None:
        low, high = found
        room = _MARGIN * (high - low) or _MARGIN
        axes.set_ylim(low - room, min(high + room, 1.005) if share else high + room)
    axes.set_xlim(left=0)
