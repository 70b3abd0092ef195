"""Neighbours as one layer, where that saves passes over memory; each gives what its layers give one after the other, to
the last bit (a zero's sign apart), so a step may be taken either way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from tuicnn.kernels import Winners, max_pool, max_pool_backward, max_pool_winners, rectify, rectify_backward

from .activations import ReLU
from .base import Layer, LayerContext, Shape, WeightSpec
from .batchnorm import BatchNorm, Kept
from .pooling import MaxPool

if TYPE_CHECKING:
    from .base import Array, Arrays, Gradients, Part

__all__ = ["BatchNormReLU", "BatchNormReLUMaxPool", "ReLUMaxPool", "fused"]


class Followed(NamedTuple):
    """What batch normalisation keeps, and what the layers after it do."""

    kept: Kept
    after: Any


@dataclass(frozen=True)
class AfterBatchNorm(Layer):
    """What `batchnorm` and layers without weights after it share: only the sums of the backward pass differ.

    `gather_backward` takes dy back to the normalisation's output once, for its sums, and keeps it; `backward` writes dx
    over it.
    """

    batchnorm: BatchNorm

    whole_batch = True
    can_die = True

    def weights(self, *inputs: Shape) -> dict[str, WeightSpec]:
        """Those of the normalisation."""
        return self.batchnorm.weights(*inputs)

    def gather(self, inputs: Sequence[Array], weights: Arrays) -> Part:
        """As for `batchnorm`."""
        return self.batchnorm.gather(inputs, weights)

    def combine(self, parts: Sequence[Part]) -> Any:
        """As for `batchnorm`."""
        return self.batchnorm.combine(parts)

    def back_through(self, dy: Array, after: Any) -> Array:
        """The gradient by the normalisation's output, in memory of its own."""
        raise NotImplementedError

    def gather_backward(self, dy: Array, saved: Any, weights: Arrays) -> Part:
        """The sums of dy as it reaches the normalisation, which is kept for `backward`."""
        saved.kept.dy = self.back_through(dy, saved.after)
        return self.batchnorm.gather_backward(saved.kept.dy, saved.kept, weights)

    def combine_backward(self, parts: Sequence[Part]) -> Any:
        """As for `batchnorm`."""
        return self.batchnorm.combine_backward(parts)

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """From what `gather_backward` kept, in its memory; `dy` is not read again."""
        reached, saved.kept.dy = saved.kept.dy, None
        return (self.batchnorm.spread_back(reached, saved.kept, weights, gradients, context, out=reached),)

    def update_running_stats(self, shared: Any, buffers: Arrays) -> None:
        """As for `batchnorm`."""
        self.batchnorm.update_running_stats(shared, buffers)


@dataclass(frozen=True)
class BatchNormReLU(AfterBatchNorm):
    """`batchnorm -> relu`: what is between them is never written, nor its gradient; the maximum with 0 is taken while a
    block is warm."""

    relu: ReLU

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """y = max(γ·x̂ + β, 0)."""
        y, kept = self.batchnorm.normalised(inputs[0], weights, context, rectified=True)
        return y, None if kept is None else Followed(kept, y)

    def back_through(self, dy: Array, after: Any) -> Array:
        """dy where y > 0."""
        return rectify_backward(dy, after)


@dataclass(frozen=True)
class ReLUMaxPool(Layer):
    """`relu -> maxpool` as maxpool and then relu, of which there is less to do by the size of a window.

    max(max(a, 0), max(b, 0)) = max(max(a, b), 0). Where that is 0 no gradient goes back, and where it is more, the
    window's first largest value is the same before and after relu.
    """

    relu: ReLU
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
        return (self.back_through(dy, saved),)

    def back_through(self, dy: Array, saved: tuple[Array, Winners]) -> Array:
        """dx, in memory of its own."""
        y, winners = saved
        return max_pool_backward(rectify_backward(dy, y), winners)


@dataclass(frozen=True)
class BatchNormReLUMaxPool(AfterBatchNorm):
    """`batchnorm -> relu -> maxpool`, the last two as `ReLUMaxPool`: only a part of the values pass through relu."""

    last: ReLUMaxPool

    def output(self, *inputs: Shape) -> Shape:
        """As for `maxpool`."""
        return self.last.output(*inputs)

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """(H, W, N, C) -> (OH, OW, N, C)."""
        between, kept = self.batchnorm.normalised(inputs[0], weights, context)
        y, after = self.last.forward([between], {}, context)
        return y, None if kept is None else Followed(kept, after)

    def back_through(self, dy: Array, after: Any) -> Array:
        """dy where y > 0, to the pixel that y came from."""
        return self.last.back_through(dy, after)


def fused(first: Layer, second: Layer) -> Layer | None:
    """One layer in place of two that follow each other with nothing else between, or None where there is none.

    Either may be such a layer itself: of `batchnorm -> relu -> maxpool`, all three become one from whichever end.
    """
    match first, second:
        case BatchNorm(), ReLU():
            return BatchNormReLU(first, second)
        case ReLU(), MaxPool():
            return ReLUMaxPool(first, second)
        case BatchNormReLU(), MaxPool():
            return BatchNormReLUMaxPool(first.batchnorm, ReLUMaxPool(first.relu, second))
        case BatchNorm(), ReLUMaxPool():
            return BatchNormReLUMaxPool(first, second)
    return None
