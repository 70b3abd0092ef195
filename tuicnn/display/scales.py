"""The scale of feature maps: zero is dark, values far from it are bright, warm above zero and cool below.

Most values of a map are near zero; large ones are seen at once. Where there are few colours, characters take their
place: zero is blank, and values above and below have different characters.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tuicnn.display.pixels import NONE

__all__ = ["BAD", "bound", "characters", "colours", "places"]

#: the palette's colour of a pixel that is not a finite number; in neither half of the scale
BAD = 201

_ZERO = 233
#: of the 256 colours, in rising lightness: after inferno (S. van der Walt and N. Smith, 2015; matplotlib), from red on
_WARM = (52, 88, 124, 130, 166, 172, 208, 214, 220, 227, 230)
#: every other one of them, and a cool half of the same lightness: together after berlin (F. Crameri, 2018), dark within
_WARM_HALF = (52, 88, 130, 172, 214, 227)
_COOL_HALF = (17, 18, 25, 32, 74, 153)

#: distances from zero are taken to this power, so that small answers are seen beside the few large ones
_BEND = 0.6

#: how far, in levels, a value may go beyond its level before another one is shown
_STICKY = 0.35
#: share of the values that must stay near their level, or it is another picture, which is drawn exactly
_SAME_PICTURE = 0.7

_ABOVE, _BELOW = ".:o*#@", ",~=x%&"


def colours(signed: bool) -> NDArray[np.int64]:
    """The palette's colours from the scale's low end to its high end."""
    return np.array([*_COOL_HALF[::-1], _ZERO, *_WARM_HALF] if signed else [_ZERO, *_WARM])


def characters(signed: bool, ramp: str) -> str:
    """The characters from the scale's low end to its high end; `ramp` where there is nothing below zero."""
    return _BELOW[::-1] + " " + _ABOVE if signed else ramp


def bound(low: float, high: float) -> tuple[float, float]:
    """The ends of the scale for values from `low` <= 0 to `high` >= 0: as far below zero as above, if at all."""
    far = max(-low, high)
    return (-far if low < 0 else 0.0), far


def places(
    values: NDArray[np.float64], low: float, high: float, levels: int, before: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """Places 0 to levels - 1 on a scale with the ends of `bound`; `NONE` for what is not finite.

    A value keeps its level of `before` (of the same shape) until it is well inside another one: a value between two
    levels would flicker, and each change is sent to the terminal. Levels of another picture are computed anew.
    """
    known = np.isfinite(values)
    share = np.clip(np.where(known, values, 0.0) / high, -1.0, 1.0)
    bent = np.sign(share) * np.abs(share) ** _BEND
    found = bent * levels if low == 0 else (bent + 1) * (levels / 2)
    level = np.where(known, np.clip(found, 0, levels - 1).astype(np.int64), NONE)
    if before is None:
        return level
    stays = known & (before != NONE) & (np.abs(found - (before + 0.5)) <= 0.5 + _STICKY)
    if np.count_nonzero(stays) < _SAME_PICTURE * stays.size:
        return level
    return np.where(stays, before, level)
