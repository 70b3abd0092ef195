"""The colours, or characters, of feature maps, from the low end of their scale to its high end.

Zero is the ground of the terminal itself. Away from it the lightness rises on a dark ground and falls on a light one:
warm above zero and cool below, as far apart in hue as the colour-blind tell apart; greys where nothing is below zero.
The first step has a contrast of 1.5:1 or more to any usual ground. True colours were tried: with as many levels they
show no more than the 256, for nearly twice the bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tuicnn.display.pixels import NONE
from tuicnn.display.terminal import TerminalProfile

__all__ = ["Palette", "palette"]

_Steps = tuple[int, ...]

#: cool, warm, grey, each from zero on; for 256 colours and for 16, on a dark ground and on a light one
_STEPS: dict[tuple[bool, bool], tuple[_Steps, _Steps, _Steps]] = {
    (False, False): (
        (25, 32, 39, 81, 123, 195),
        (94, 130, 172, 214, 221, 229),
        (239, 241, 243, 245, 247, 249, 251, 253, 255, 231),
    ),
    (False, True): (
        (81, 75, 33, 26, 20, 18),
        (215, 208, 166, 124, 88, 52),
        (250, 248, 246, 244, 242, 240, 238, 236, 234, 16),
    ),
    (True, False): ((4, 6, 14), (1, 3, 11), (8, 7, 15)),
    (True, True): ((6, 12, 4), (3, 9, 1), (8, 0)),
}

#: the characters without colours: dots and round ones above zero, strokes below; each from little ink to much
_ABOVE, _BELOW = ".:o*#@", "-~=xX%"


@dataclass(frozen=True)
class Palette:
    """Codes of `pixels`, or where there are no colours those of characters (`ord`)."""

    codes: NDArray[np.int64]  # from the low end to the high end; zero is `NONE`
    bad: int  # of what is not a finite number; in neither half of the scale
    cursor: int  # of the chosen pixel


@cache
def palette(terminal: TerminalProfile, signed: bool) -> Palette:
    """The palette of a scale around zero (`signed`), or from zero up."""
    if terminal.colours == "none":
        above = _ABOVE if signed else terminal.glyphs.ramp[1:]
        below = _BELOW[::-1] if signed else ""
        return Palette(np.array([*map(ord, below), NONE, *map(ord, above)]), bad=ord("?"), cursor=ord("+"))
    few = terminal.colours == "16"
    cool, warm, grey = _STEPS[few, terminal.light]
    codes = np.array([*cool[::-1], NONE, *warm] if signed else [NONE, *grey])
    if few:
        return Palette(codes, bad=13, cursor=2 if terminal.light else 10)
    return Palette(codes, bad=201, cursor=28 if terminal.light else 46)
