"""Fused layers: neighbours computed as one, where that saves passes over memory. `fuse` says which.

A fused layer gives the same bits as its layers one after the other (except for the sign of a zero).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from tuicnn.kernels import max_pool, max_pool_backward, max_pool_winners, rectify, rectify_backward

from .activations import ReLU
from .base import Layer, LayerContext, Shape, WeightSpec
from .batchnorm import BatchNorm, SavedStatistics
from .pooling import MaxPool

if TYPE_CHECKING:
    from tuicnn.kernels.arrays import Array

    from .base import Arrays, Gradients, Partial

__all__ = ["BatchNormThen", "ReLUMaxPool", "fuse"]


@dataclass(frozen=True)
class ReLUMaxPool(Layer):
    """`relu -> maxpool` as maxpool and then relu, of which there is less to do by the size of a window.

    max(max(a, 0), max(b, 0)) = max(max(a, b), 0). Where that is 0 no gradient goes back, and where it is more, the
    window's first largest value is the same before and after relu.
    """

    pool: MaxPool

    can_die = True

    def output(self, *inputs: Shape) -> Shape:
        """As for `maxpool`."""
        return self.pool.output(*inputs)

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """(H, W, N, C) -> (OH, OW, N, C)."""
        if not context.training:
            return rectify(max_pool(inputs[0], self.pool.window)), None
        largest, winners = max_pool_winners(inputs[0], self.pool.window)
        y = rectify(largest)
        return y, (y, winners)

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """dy where y > 0, to the pixel that y came from."""
        y, winners = saved
        return (max_pool_backward(rectify_backward(dy, y, out=y), winners),)


class Followed(NamedTuple):
    """What batch normalisation saves, and what the layer after it does."""

    first: SavedStatistics
    after: Any


@dataclass(frozen=True)
class BatchNormThen(Layer):
    """`batchnorm` and a layer `after` it that has no weights and whose backward gives dx in memory of its own.

    `gather_backward` takes dy back to the normalisation's output once, for its sums, and keeps it; `backward` writes dx
    over it.
    """

    batchnorm: BatchNorm
    after: ReLU | ReLUMaxPool

    whole_batch = True
    can_die = True

    def output(self, *inputs: Shape) -> Shape:
        """As for the layer after it."""
        return self.after.output(*inputs)

    def weights(self, *inputs: Shape) -> dict[str, WeightSpec]:
        """Those of the normalisation."""
        return self.batchnorm.weights(*inputs)

    def gather(self, inputs: Sequence[Array], weights: Arrays) -> Partial:
        """As for `batchnorm`."""
        return self.batchnorm.gather(inputs, weights)

    def combine(self, partials: Sequence[Partial]) -> Any:
        """As for `batchnorm`."""
        return self.batchnorm.combine(partials)

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """ReLU takes its maximum with 0 while normalised values are in the cache: they are never written."""
        if isinstance(self.after, ReLU):
            y, first = self.batchnorm.normalised(inputs[0], weights, context, rectified=True)
            return y, None if first is None else Followed(first, y)
        between, first = self.batchnorm.normalised(inputs[0], weights, context)
        y, after = self.after.forward([between], {}, context)
        return y, None if first is None else Followed(first, after)

    def gather_backward(self, dy: Array, saved: Any, weights: Arrays) -> Partial:
        """The sums of dy as it reaches the normalisation, which is kept for `backward`."""
        (saved.first.dy,) = self.after.backward(dy, saved.after, {}, {}, LayerContext(training=True))
        return self.batchnorm.gather_backward(saved.first.dy, saved.first, weights)

    def combine_backward(self, partials: Sequence[Partial]) -> Any:
        """As for `batchnorm`."""
        return self.batchnorm.combine_backward(partials)

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """From what `gather_backward` kept, in its memory; `dy` is not read again."""
        reached, saved.first.dy = saved.first.dy, None
        return (self.batchnorm.spread_back(reached, saved.first, weights, gradients, context, out=reached),)

    def update_running_stats(self, shared: Any, buffers: Arrays) -> None:
        """As for `batchnorm`."""
        self.batchnorm.update_running_stats(shared, buffers)


def fuse(first: Layer, second: Layer) -> Layer | None:
    """One layer in place of two that follow each other with nothing else between, or None where there is none.

    Either may be such a layer itself: of `batchnorm -> relu -> maxpool`, all three become one from whichever end.
    """
    match first, second:
        case BatchNorm(), ReLU() | ReLUMaxPool():
            return BatchNormThen(first, second)
        case ReLU(), MaxPool():
            return ReLUMaxPool(second)
        case BatchNormThen(after=ReLU()), MaxPool():
            return BatchNormThen(first.batchnorm, ReLUMaxPool(second))
    return None
