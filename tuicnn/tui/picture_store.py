"""The pictures of images that are in sight, asked of a run as they come into it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from tuicnn.observing.images import MOST_IMAGES, AskImages
from tuicnn.worker.watcher import Watcher

__all__ = ["PictureStore"]

KEPT = 512  # pictures


class PictureStore:
    """Pictures by the number of their image. `in_sight` gives the numbers that are to be seen at the moment."""

    def __init__(self, watcher: Watcher, in_sight: Callable[[], Sequence[int]]) -> None:
        self._watcher, self._in_sight = watcher, in_sight
        self._kept: dict[int, NDArray[np.uint8]] = {}
        self._asking = False

    def get(self, number: int) -> NDArray[np.uint8] | None:
        """The picture of an image, shape (height, width, channels); None where it is not there yet."""
        return self._kept.get(number)

    def forget(self) -> None:
        """Drop all pictures: others are made of the images now."""
        self._kept.clear()

    @property
    def missing(self) -> tuple[int, ...]:
        """The numbers in sight whose pictures are not there, as many as may be asked for at once."""
        return tuple([number for number in self._in_sight() if number not in self._kept][:MOST_IMAGES])

    async def fetch(self, epoch: int, show: Callable[[], object]) -> None:
        """Ask until all that are in sight are there, also those that came into it meanwhile; `show` after each answer.

        A run that is gone is asked for its weights of `epoch`, from 1. Raises `UserError`.
        """
        if self._asking:
            return
        self._asking = True
        try:
            while numbers := self.missing:
                gone = bool(self._watcher.snapshot.gone)
                answer = await self._watcher.ask(AskImages(numbers), epoch if gone else None)
                if answer is None:
                    return
                if len(self._kept) > KEPT:
                    self._kept.clear()
                self._kept.update(zip(answer.numbers, answer.pixels, strict=True))
                show()
        finally:
            self._asking = False
