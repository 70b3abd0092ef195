"""What a network makes of images that it is not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuicnn.kernels.arrays import Array
from tuicnn.kernels.flattening import flattened
from tuicnn.losses import Loss
from tuicnn.sharding import INFERENCE_SHARD, shard_bounds

__all__ = ["Evaluation"]

#: numbers of each image in what goes from process to process
_NUMBERS = 7


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The loss of some images, and what is said of each, in their order.

    Where the target is the image itself there is nothing right or wrong: `correct` is NaN, and `errors` count.
    """

    loss_sum: float
    correct: float  # how many are right
    predictions: NDArray[np.int64]  # (N,): the class said
    confidences: NDArray[np.float64]  # (N,): the probability of the class said
    truths: NDArray[np.float64]  # (N,): the probability of the image's own class
    ranks: NDArray[np.int64]  # (N,): how many classes are more probable than the image's own
    errors: NDArray[np.float64]  # (N,): the mean squared error of an image's pixels, from 0 to 1; NaN of a class

    @property
    def loss(self) -> float:
        """The mean loss; NaN where there are no images."""
        return self.loss_sum / len(self.predictions) if len(self.predictions) else float("nan")

    @property
    def accuracy(self) -> float:
        """The share of images that are right; NaN where there are none, or nothing can be right."""
        return self.correct / len(self.predictions) if len(self.predictions) else float("nan")

    @staticmethod
    def of_shard(loss: Loss, z: Array, labels: NDArray[Any]) -> NDArray[np.float64]:
        """What is said of a shard, as an array that goes from process to process; `of_shards` reads it.

        `z` are the outputs `(N, K)` for `labels` `(N,)`, or images `(H, W, N, C)` for their pixels `(N, C, H, W)`. The
        shape is the same for all shards: `(7, INFERENCE_SHARD)`.
        """
        part = np.empty((_NUMBERS, INFERENCE_SHARD))
        if z.ndim == 4:
            rows = flattened(z)
            errors = np.square(loss.probabilities(rows) - labels.reshape(rows.shape), dtype=np.float64).mean(axis=1)
            part[0, : len(rows)], part[1] = loss.forward(rows, labels), np.nan
            part[2:-1], part[-1, : len(rows)] = 0, errors
            return part
        places, said, p = np.arange(len(z)), loss.predictions(z), loss.probabilities(z)
        truths = p[places, labels]
        ranks = (~(p <= truths[:, None])).sum(axis=1)  # what is NaN is never among the most probable
        part[:-1, : len(z)] = loss.forward(z, labels), said == labels, said, p[places, said], truths, ranks
        part[-1] = np.nan
        return part

    @classmethod
    def of_shards(cls, parts: Sequence[NDArray[np.float64]], count: int) -> Evaluation:
        """The evaluation of `count` images from those of all their shards; the sums are taken in their order."""
        cut = [part[:, : b - a] for part, (a, b) in zip(parts, shard_bounds(count, INFERENCE_SHARD), strict=True)]
        losses, right = (sum(float(part[row].sum()) for part in cut) for row in (0, 1))
        said, confidences, truths, ranks, errors = np.concatenate([np.empty((_NUMBERS, 0)), *cut], axis=1)[2:]
        return cls(losses, right, said.astype(np.int64), confidences, truths, ranks.astype(np.int64), errors)

    @classmethod
    def joined(cls, parts: Sequence[Evaluation]) -> Evaluation:
        """That of several pieces, one after the other."""

        def all_of(name: str) -> NDArray[Any]:
            return np.concatenate([getattr(part, name) for part in parts])

        if not parts:
            return cls.of_shards([], 0)
        losses, right = sum(part.loss_sum for part in parts), sum(part.correct for part in parts)
        arrays = (all_of(name) for name in ("predictions", "confidences", "truths", "ranks", "errors"))
        return cls(losses, right, *arrays)
