"""This engine as a contender: steps and evaluation as `tuicnn train` does them."""

from __future__ import annotations

from dataclasses import replace
from threading import Thread
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from tuicnn.bench.turns import SAMPLE, LayerTimes
from tuicnn.engine.hooks import StepProfile
from tuicnn.training.trainer import CHUNK, Trainer

if TYPE_CHECKING:
    from tuicnn.data import Dataset
    from tuicnn.language.plan import Plan

__all__ = ["Ours", "sgemm"]


class Ours:
    """A `tuicnn.bench.turns.Contender`."""

    def __init__(self, plan: Plan, dataset: Dataset, threads: int) -> None:
        # the training images are those to evaluate too: there may be few others
        both = replace(dataset, test_images=dataset.train_images, test_labels=dataset.train_labels)
        self._trainer = Trainer(plan, both, threads=threads)
        self._count = len(dataset.train_images)
        self._next = 0
        self._check_workers()

    def close(self) -> None:
        self._trainer.close()

    def sample_loss(self) -> float:
        count = min(SAMPLE, self._count)
        return self._trainer.evaluate_some("test", 0, count).loss

    def train(self) -> int:
        count = self._trainer.advance()[2]
        self._check_workers()
        return count

    def evaluate(self) -> int:
        if self._next >= self._count:
            self._next = 0
        first, count = self._next, min(CHUNK, self._count - self._next)
        self._next += CHUNK
        self._trainer.evaluate_some("test", first, count)
        self._check_workers()
        return count

    def layer_times(self) -> LayerTimes:
        profile = StepProfile(len(self._trainer.plan.nodes))
        self._trainer.advance(profile)
        both = zip(profile.forward_seconds, profile.backward_seconds, strict=True)
        return [(float(forward), float(backward)) for forward, backward in both]

    def _check_workers(self) -> None:
        """Raise where the trainer has lost its group, and so trains with fewer processes than are measured."""
        if self._trainer.trouble:
            raise RuntimeError(self._trainer.trouble)


def sgemm(threads: int, seconds: float, size: int = 1024) -> float:
    """The best floating-point operations a second of products of `size` x `size` float32 matrices.

    Each thread multiplies matrices of its own, with the library's own threads off, which is how the engine does it.
    """
    source = np.random.default_rng(0)
    operands = [
        (source.random((size, size), np.float32), source.random((size, size), np.float32)) for _ in range(threads)
    ]
    results = [np.empty((size, size), np.float32) for _ in range(threads)]

    def one(number: int, times: int) -> None:
        for _ in range(times):
            np.matmul(*operands[number], out=results[number])

    def together(times: int) -> float:
        began = perf_counter()
        workers = [Thread(target=one, args=(number, times)) for number in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return perf_counter() - began

    once = together(1)
    times = max(1, min(4, int(seconds / 4 / once)))
    best, began = float("inf"), perf_counter()
    while perf_counter() - began < seconds or best == float("inf"):
        best = min(best, together(times) / times)
    return threads * 2.0 * size**3 / best
