"""How many steps a second a run trains at most: it can be slowed, to be watched."""

from __future__ import annotations

from time import monotonic

__all__ = ["FULL", "PACES", "Pacer", "pace_text"]

#: as fast as it can
FULL = 0
#: steps a second, from the fastest pace to the slowest; slower still is one step at a time: a pause
PACES = (FULL, 100, 10, 2)


def pace_text(pace: int) -> str:
    """A pace in two words."""
    return f"{pace} steps/s" if pace else "full speed"


class Pacer:
    """Holds steps back, so that each begins no sooner than `1 / pace` seconds after the one before it."""

    def __init__(self) -> None:
        self.pace = FULL
        self._began = -1.0  # when the last step began, by `monotonic`

    @property
    def slower(self) -> int | None:
        """The next slower pace; None where this is the slowest."""
        place = PACES.index(self.pace) + 1
        return PACES[place] if place < len(PACES) else None

    @property
    def faster(self) -> int:
        """The next faster pace; at full speed, that."""
        return PACES[max(0, PACES.index(self.pace) - 1)]

    @property
    def wait(self) -> float:
        """Seconds until the next step may begin; 0 where it may now."""
        if self.pace == FULL:
            return 0.0
        return max(0.0, self._began + 1 / self.pace - monotonic())

    def begin(self) -> None:
        """A step begins now."""
        if self.pace != FULL:
            self._began = monotonic()
