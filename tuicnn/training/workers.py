"""How many processes take part in a step: as many as make it fastest now, by what steps took.

On a machine that is busy with other programs, a process may wait long for one that the system does not let run, and
then fewer are faster. So another number is tried for a few steps now and then, and kept where it was faster. The bits
of a training do not depend on it.
"""

from __future__ import annotations

__all__ = ["Workers"]

#: seconds of training between two trials: at least, and at most where they change nothing
SOONEST, LATEST = 0.25, 8.0
#: share of the time that trials may cost in the long run
BUDGET = 0.03
#: seconds and steps of a trial at least; its first step, in which processes wake up, is not counted
TRIAL_SECONDS, TRIAL_STEPS = 0.1, 4
#: seconds from which on one step is a trial: waking up, and what others do meanwhile, have no part in it
LONG = 0.5
#: a number that takes so much longer is not tried any further; one that takes so much less is kept
HOPELESS, FASTER = 2.0, 0.95
#: how much slower the present number must have become for others to be tried at once
SLOWER = 1.3
#: seconds after which a step has hardly a part in the pace any more
MEMORY = 0.5


class _Pace:
    """Seconds an image, of the last steps."""

    def __init__(self) -> None:
        self._seconds = self._images = 0.0

    def add(self, images: int, seconds: float) -> None:
        kept = MEMORY / (MEMORY + seconds)
        self._seconds = kept * self._seconds + seconds
        self._images = kept * self._images + images

    @property
    def each(self) -> float:
        return self._seconds / self._images


class Workers:
    """The number of processes that take part, of a group of `most`, by the seconds that an image takes with them."""

    def __init__(self, most: int) -> None:
        self._most, self._count = most, most
        self._pace = _Pace()  # with the present number
        self._best = 0.0  # the same when it was last found to be the fastest; 0: it was not compared yet
        self._since, self._pause, self._owed = 0.0, SOONEST, 0.0  # seconds since the last trial, and until the next
        self._upwards = True  # whether the last trial was with more
        # of a trial: the number, 0 where there is none; its steps, images and seconds, and what it cost
        self._tried, self._steps, self._images, self._seconds, self._cost = 0, 0, 0, 0.0, 0.0

    def chosen(self, possible: int) -> int:
        """How many take part in the next step, which `possible` could share."""
        return min(possible, self._tried or self._count)

    def took(self, possible: int, images: int, seconds: float) -> None:
        """A step of so many images, which `possible` could share, took so many seconds."""
        if self._most == 1 or possible < self._most:
            return  # the numbers could not be compared
        if self._tried:
            self._try(images, seconds)
            return
        self._pace.add(images, seconds)
        self._since += seconds
        changed = 0 < self._best * SLOWER < self._pace.each
        if self._since >= max(self._owed, SOONEST if changed else self._pause):
            self._tried = self._next()
            self._steps, self._images, self._seconds, self._cost = 0, 0, 0.0, 0.0

    def _next(self) -> int:
        """The number to try: twice or half as many, by turns where both can be."""
        self._upwards = self._count < self._most and (self._count == 1 or not self._upwards)
        return min(self._most, 2 * self._count) if self._upwards else self._count // 2

    def _try(self, images: int, seconds: float) -> None:
        """A step of a trial; at its end the faster number is the present one."""
        usual = self._pace.each
        self._cost += max(0.0, seconds - usual * images)
        self._steps += 1
        is_long = seconds >= LONG
        if self._steps > 1 or is_long:
            self._images += images
            self._seconds += seconds
        if not self._images:
            return
        each = self._seconds / self._images
        if not is_long and each < HOPELESS * usual and (self._steps <= TRIAL_STEPS or self._seconds < TRIAL_SECONDS):
            return
        if each < FASTER * usual:
            self._count, self._pace, self._pause = self._tried, _Pace(), SOONEST
            self._pace.add(self._images, self._seconds)
        else:
            self._pause = min(LATEST, 2 * self._pause)
        self._best, self._since, self._owed, self._tried = self._pace.each, 0.0, self._cost / BUDGET, 0
