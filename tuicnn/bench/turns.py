"""The interface of a contender, and how one turn is measured: the same work, repeated for some time."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Protocol

__all__ = ["SAMPLE", "Contender", "LayerTimes", "again", "median_times"]

#: seconds of one training step that each node of the plan took: forward, backward
LayerTimes = list[tuple[float, float]]

#: images by whose loss the sides are compared; few, so that they do not set the peak of memory
SAMPLE = 32


class Contender(Protocol):
    """An engine with a network and its data. Each call goes on where the last one stopped."""

    def sample_loss(self) -> float:
        """The mean loss of the first `SAMPLE` images, without training, to compare the sides."""

    def train(self) -> int:
        """One training step, batch and optimizer included; how many images it had."""

    def evaluate(self) -> int:
        """Loss and right answers of some images, without training; how many images."""

    def layer_times(self) -> LayerTimes:
        """One training step, layer by layer."""

    def close(self) -> None:
        """End its processes."""


def again(work: Callable[[], int], seconds: float) -> float:
    """Images a second of `work`, repeated for about `seconds`, after one run that does not count."""
    work()  # fills caches that the last side used
    images, began = 0, perf_counter()
    while True:
        images += work()
        passed = perf_counter() - began
        if passed >= seconds:
            return images / passed


def median_times(contender: Contender, seconds: float) -> LayerTimes:
    """The median of the layers' times over steps that together take about `seconds`, at least three."""
    import numpy as np

    contender.layer_times()
    found: list[LayerTimes] = []
    began = perf_counter()
    while len(found) < 3 or perf_counter() - began < seconds:
        found.append(contender.layer_times())
    middle = np.median(np.array(found), axis=0)
    return [(float(forward), float(backward)) for forward, backward in middle]
