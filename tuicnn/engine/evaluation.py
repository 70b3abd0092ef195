"""What a network makes of images that it is not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuicnn.kernels.arrays import Array
from tuicnn.losses import Loss
from tuicnn.sharding import INFERENCE_SHARD, shard_bounds

__all__ = ["Evaluation"]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The loss of some images, and what is said of each, in their order."""

    loss_sum: float
    correct: int  # how many are right
    predictions: NDArray[np.int64]  # (N,): the class said
    confidences: NDArray[np.float64]  # (N,): the probability of the class said
    truths: NDArray[np.float64]  # (N,): the probability of the image's own class
    ranks: NDArray[np.int64]  # (N,): how many classes are more probable than the image's own

    @property
    def loss(self) -> float:
        """The mean loss; NaN where there are no images."""
        return self.loss_sum / len(self.predictions) if len(self.predictions) else float("nan")

    @property
    def accuracy(self) -> float:
        """The share of images that are right; NaN where there are none."""
        return self.correct / len(self.predictions) if len(self.predictions) else float("nan")

    @staticmethod
    def of_shard(loss: Loss, z: Array, labels: NDArray[np.int64]) -> NDArray[np.float64]:
        """What is said of a shard, as an array that goes from process to process; `of_shards` reads it.

        `z` are the outputs `(N, K)`. The shape is the same for all shards: `(6, INFERENCE_SHARD)`.
        """
        rows, said, p = np.arange(len(z)), loss.predictions(z), loss.probabilities(z)
        truths = p[rows, labels]
        ranks = (~(p <= truths[:, None])).sum(axis=1)  # what is NaN is never among the most probable
        part = np.empty((6, INFERENCE_SHARD))
        part[:, : len(z)] = loss.forward(z, labels), said == labels, said, p[rows, said], truths, ranks
        return part

    @classmethod
    def of_shards(cls, parts: Sequence[NDArray[np.float64]], count: int) -> Evaluation:
        """The evaluation of `count` images from those of all their shards; the sums are taken in their order."""
        cut = [part[:, : b - a] for part, (a, b) in zip(parts, shard_bounds(count, INFERENCE_SHARD), strict=True)]
        losses, right = sum(float(part[0].sum()) for part in cut), sum(int(part[1].sum()) for part in cut)
        said, confidences, truths, ranks = np.concatenate([np.empty((6, 0)), *cut], axis=1)[2:]
        return cls(losses, right, said.astype(np.int64), confidences, truths, ranks.astype(np.int64))

    @classmethod
    def joined(cls, parts: Sequence[Evaluation]) -> Evaluation:
        """That of several pieces, one after the other."""

        def all_of(name: str) -> NDArray[Any]:
            return np.concatenate([getattr(part, name) for part in parts])

        if not parts:
            return cls.of_shards([], 0)
        losses, right = sum(part.loss_sum for part in parts), sum(part.correct for part in parts)
        return cls(losses, right, all_of("predictions"), all_of("confidences"), all_of("truths"), all_of("ranks"))
