"""An average of the weights over the steps, which is evaluated and kept: a running mean, or lookahead's slow weights.

Between two steps the network has the average, so that whoever reads its weights gets what is evaluated; the weights
that are trained, the live ones, are kept here, and change places with it for each step.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tuicnn.engine.parameters import Store
    from tuicnn.kernels.arrays import Array
    from tuicnn.settings import Train

__all__ = ["LIVE", "Averaging", "approach"]

#: what the weights that are trained are called beside their average: `conv1.weight/live`
LIVE = "live"


def approach(average: Array, live: Array, share: float) -> None:
    """Move an average in place a share of the way to the live weights."""
    way = live - average
    way *= share
    average += way


class Averaging:
    """The live weights and running statistics of a network whose `store` has their average."""

    def __init__(self, train: Train, store: Store, steps: int) -> None:
        """Both begin alike. `steps` are those of the whole run."""
        self._train, self._store, self._steps = train, store, steps
        self._live = store.flat.copy(), store.flat_buffers.copy()

    @property
    def _pairs(self) -> Iterator[tuple[Array, Array]]:
        return zip((self._store.flat, self._store.flat_buffers), self._live, strict=True)

    def begin_again(self) -> None:
        """Take the network's weights as the live ones."""
        for average, live in self._pairs:
            live[:] = average

    @contextmanager
    def live(self) -> Iterator[None]:
        """Inside the `with`, the network has the live weights."""
        self._exchange()
        try:
            yield
        finally:
            self._exchange()

    def _exchange(self) -> None:
        for average, live in self._pairs:
            kept = average.copy()
            average[:] = live
            live[:] = kept

    def follow(self, step: int, updates: int) -> bool:
        """After a step: move the average; see `Train.average_share`. Whether the live weights were changed too."""
        share = self._train.average_share(step, self._steps, updates)
        if not share:
            return False
        with np.errstate(all="ignore"):  # numbers too small for float32
            for average, live in self._pairs:
                approach(average, live, share)
                if self._train.lookahead:
                    live[:] = average
        return self._train.lookahead is not None

    def named(self) -> dict[str, Array]:
        """Views of the live arrays by name, `conv1.weight/live`, with PyTorch's axes."""
        flat, buffers = self._live
        found = {**self._store.named(flat), **self._store.named_buffers(buffers)}
        return {f"{name}/{LIVE}": view for name, view in found.items()}
