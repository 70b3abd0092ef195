"""The scale of feature maps: around zero, or from zero up, to the size that one value in a hundred exceeds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuicnn.display.axes import snapped
from tuicnn.display.pixels import NONE

__all__ = ["Scale", "medians_as_zero"]

#: sizes are taken to this power, so that small values are seen beside the few large ones: around zero, from zero up
_BEND = {True: 0.8, False: 0.7}

#: the scale ends at this percentile of the sizes that are not zero: a few outliers would darken all others
_PERCENTILE = 99

#: how far, in levels, a value may go beyond its level before another one is shown
_STICKY = 0.35
#: share of the values that must stay near their level, or it is another picture, which is drawn exactly
_SAME_PICTURE = 0.7


@dataclass(frozen=True)
class Scale:
    """From -`end` or 0 to `end` > 0."""

    end: float = 1.0
    signed: bool = False

    @property
    def start(self) -> float:
        """The low end."""
        return -self.end if self.signed else 0.0

    @classmethod
    def of(cls, values: NDArray[np.floating], before: Scale | None = None) -> Scale:
        """The scale of values of any shape. It ends at a round number that stays, like `signed`, while it serves."""
        known = values[np.isfinite(values)]
        sizes = np.abs(known[known != 0]).astype(np.float64)
        end = float(np.percentile(sizes, _PERCENTILE)) if sizes.size else 0.0
        signed = bool((known < 0).any()) or (before is not None and before.signed)
        return cls(snapped(end, before.end if before else 0.0), signed)

    def levels(
        self, values: NDArray[np.float64], count: int, before: NDArray[np.int64] | None = None
    ) -> NDArray[np.int64]:
        """Levels 0 to count - 1, as many below zero as above (`signed`); `NONE` for what is not finite.

        A value keeps its level of `before` (of the same shape) until it is well inside another one: a value between two
        levels would flicker, and each change is sent to the terminal. Levels of another picture are computed anew.
        """
        known = np.isfinite(values)
        share = np.clip(np.where(known, values, 0.0) / self.end, -1.0, 1.0)
        bent = np.sign(share) * np.abs(share) ** _BEND[self.signed]
        found = (bent + 1) * (count / 2) if self.signed else bent * count
        level = np.where(known, np.clip(found, 0, count - 1).astype(np.int64), NONE)
        if before is None:
            return level
        stays = known & (before != NONE) & (np.abs(found - (before + 0.5)) <= 0.5 + _STICKY)
        if np.count_nonzero(stays) < _SAME_PICTURE * stays.size:
            return level
        return np.where(stays, before, level)


def medians_as_zero(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Maps (C, H, W) without the median of each, of its finite values: what a bias adds everywhere hides the rest."""
    wide, known = maps.astype(np.float64), np.isfinite(maps)  # in float32 the mean of two middle values may overflow
    if known.all():
        medians = np.median(wide, axis=(1, 2), keepdims=True)
    else:
        each = [np.median(m[k]) if k.any() else 0.0 for m, k in zip(wide, known, strict=True)]
        medians = np.array(each)[:, None, None]
    with np.errstate(over="ignore"):
        return (wide - medians).astype(np.float32)
