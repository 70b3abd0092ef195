"""Values into the codes of pixels, steadily: what hardly changes in the network does not change on the screen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style

from tuicnn.display.palettes import Palette, palette
from tuicnn.display.pixels import NONE, blanks
from tuicnn.display.scales import Scale
from tuicnn.display.terminal import TerminalProfile
from tuicnn.numbers import short

__all__ = ["Tones"]


class Tones:
    """The scale and the palette of what one widget draws."""

    def __init__(self) -> None:
        self.scale = Scale()
        self._begun = False
        self._before: tuple[object, NDArray[np.int64]] | None = None  # the levels last given, and what they belong to

    def forget(self) -> None:
        """Begin anew with the next values: they are of something else."""
        self._begun, self._before = False, None

    def fit(self, values: NDArray[np.floating]) -> None:
        """Choose the scale for values, near to the one before."""
        self.scale = Scale.of(values, self.scale if self._begun else None)
        self._begun = True

    def palette(self, terminal: TerminalProfile) -> Palette:
        """The palette of the scale."""
        return palette(terminal, self.scale.signed)

    def codes(self, values: NDArray[np.float64], what: object, terminal: TerminalProfile) -> NDArray[np.int64]:
        """The codes of values of any shape; steady as long as `what` they are of is the same."""
        chosen = self.palette(terminal)
        key = (values.shape, what, self.scale, len(chosen.codes))
        before = self._before[1] if self._before is not None and self._before[0] == key else None
        levels = self.scale.levels(values, len(chosen.codes), before)
        self._before = (key, levels)
        return np.where(levels == NONE, chosen.bad, chosen.codes[levels])

    def legend(self, terminal: TerminalProfile, base: Style, dim: Style, *, median: bool = False) -> list[Segment]:
        """The scale with its two ends in words."""
        high = short(self.scale.end)
        if not self.scale.signed:
            low, far = "0 ", f" {high} or more"
        elif median:
            low, far = f"{high} below its median ", f" {high} above "
        else:
            low, far = f"-{high} or less ", f" {high} or more"
        return [Segment(low, dim), *self.swatches(terminal, base, dim), Segment(far, dim)]

    def swatches(self, terminal: TerminalProfile, base: Style, ink: Style) -> list[Segment]:
        """The scale itself, from low to high, one cell a level."""
        codes = self.palette(terminal).codes
        if terminal.colours == "none":
            return [Segment("".join(" " if code == NONE else chr(code) for code in codes.tolist()), ink)]
        return blanks(codes, 1, base)
