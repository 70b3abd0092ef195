"""What a side does when it is its turn: the same work again and again for some time."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Protocol

__all__ = ["SAMPLE", "Contender", "LayerTimes", "again", "median_times"]

#: seconds of one training step that each node of the plan took: forward, backward
LayerTimes = list[tuple[float, float]]

#: images by whose loss one sees that all sides compute the same; few, as they must not set the peak of memory
SAMPLE = 32


class Contender(Protocol):
    """An engine with a network and its data, ready to be measured. `steps` and the like go on where they stopped."""

    def sample_loss(self) -> float:
        """The mean loss of the first images, without training: by which one sees that all compute the same."""

    def train(self) -> int:
        """One training step, batch and optimizer included; how many images it had."""

    def evaluate(self) -> int:
        """Loss and right answers of some images, without training; how many images."""

    def layer_times(self) -> LayerTimes:
        """One training step, layer by layer."""

    def close(self) -> None:
        """End whatever processes it has of its own."""


def again(work: Callable[[], int], seconds: float) -> float:
    """Images a second of `work`, done at least once and for about `seconds`, after one that does not count."""
    work()  # caches, and the processor's clock, are the last one's
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
