"""Batch normalisation: each channel to mean 0 and variance 1 over the batch, then to a learnt scale and shift.

The statistics are of the whole batch, though layers see a shard of it: each shard gives its count, mean and sum of
squares, which are merged in the shards' order before any shard goes on; and likewise the two sums of the backward pass.

No normalised values are kept: y = γ·s·x + (β - γ·s·mean), and likewise the gradient, is a scale and a shift of x, with
s = 1/√(variance + eps).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tuicnn.initialisers import Ones, Zeros
from tuicnn.kernels import mean_and_squares, scale_and_shift, scaled_sum, spread, sums
from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import Number, option

from .base import LayerContext, Shape, WeightSpec, layer
from .learning import Learning
from .torch_text import module

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tuicnn.kernels.arrays import Array

    from .base import Arrays, Gradients, Partial
    from .onnx_graph import OnnxGraph

__all__ = ["BatchNorm", "BatchStatistics", "SavedStatistics"]


@dataclass
class BatchStatistics:
    """Of each channel: how many values, their mean, and the sum of their squared distances from it (float64)."""

    size: int
    mean: NDArray[np.float64]
    squares: NDArray[np.float64]
    #: s = 1/√(variance + eps)
    inverse: NDArray[np.float64]
    #: scale and shift, repeated for shards of a size: made for the first of them
    made: dict[tuple[int, ...], Array] = field(default_factory=dict)


@dataclass
class BackwardSums:
    """Of each channel: how many values, Σ dy and Σ dy·x̂ (float64)."""

    size: int
    dy: NDArray[np.float64]
    dy_xhat: NDArray[np.float64]
    #: the three factors of dx, repeated for shards of a size: made for the first of them
    made: dict[tuple[int, ...], Array] = field(default_factory=dict)


@dataclass
class SavedStatistics:
    """What forward keeps of a shard, and what `gather_backward` adds to it for `backward`."""

    x: Array
    statistics: BatchStatistics
    #: whether nothing else reads x
    owns_x: bool = False
    dy_sum: NDArray[np.float64] | None = None
    dy_xhat_sum: NDArray[np.float64] | None = None
    #: dy as the sums were taken of it, where that is another array than the one given
    dy: Array | None = None


@layer(
    "batchnorm",
    help="each channel to mean 0 and variance 1 over the batch, then a learnt scale and shift",
    aliases=("bn", "batchnorm2d", "batch_norm", "batchnormalization"),
    shape="any shape -> the same shape",
    formula=(
        "y = weight*(x - mean)/sqrt(var + eps) + bias\n"
        "mean and var of each channel, over the batch and all pixels; after training, running ones:\n"
        "running = (1 - momentum)*running + momentum*batch"
    ),
    source="Ioffe and Szegedy, Batch Normalization (2015), algorithm 1",
)
@dataclass(frozen=True)
class BatchNorm(Learning):
    """As torch.nn.BatchNorm2d. Source: Ioffe and Szegedy, Batch Normalization (2015)."""

    whole_batch = True
    owns_output = True

    eps: float = option(Number(above=0), default=1e-5, help="what is added to the variance")
    momentum: float = option(Number(at_least=0, at_most=1), default=0.1, help="share of a batch in the running mean")

    def weights(self, *inputs: Shape) -> dict[str, WeightSpec]:
        """A scale and a shift for each channel, and the running mean and variance, which are kept, not learnt."""
        shape = (inputs[0][0],)
        return {
            "weight": WeightSpec(shape, Ones()),
            "bias": WeightSpec(shape, Zeros()),
            "running_mean": WeightSpec(shape, Zeros(), is_parameter=False),
            "running_var": WeightSpec(shape, Ones(), is_parameter=False),
        }

    def torch(self, *inputs: Shape) -> tuple[str, ...]:
        """Of images or of vectors."""
        kind = "BatchNorm2d" if len(inputs[0]) == 3 else "BatchNorm1d"
        return (module(kind, inputs[0][0], eps=(self.eps, 1e-5), momentum=(self.momentum, 0.1)),)

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        """With the running mean and variance."""
        names = ("weight", "bias", "running_mean", "running_var")
        return graph.op("BatchNormalization", *inputs, *(weights[name] for name in names), epsilon=self.eps)

    def gather(self, inputs: Sequence[Array], weights: Arrays) -> Partial:
        """A shard's count, mean and squares of each channel: (3, C)."""
        x = inputs[0]
        partial: Partial = np.empty((3, x.shape[-1]))
        partial[0] = x.size // x.shape[-1]
        partial[1], partial[2] = mean_and_squares(x)
        return partial

    def combine(self, partials: Sequence[Partial]) -> BatchStatistics:
        """Merges the shards, in their order.

        With n = Σ n_k, the joint mean is Σ n_k·mean_k/n, and the squares around it are those of all shards around their
        own means and n_k·(mean_k - mean)². Source: Chan, Golub and LeVeque, Updating Formulae and a Pairwise Algorithm
        for Computing Sample Variances (1979).
        """
        whole = np.array(partials)
        counts, means, squares = whole[:, 0], whole[:, 1], whole[:, 2]
        count = counts[:, 0].sum()
        mean = np.add.reduce(means * counts, axis=0) / count
        means -= mean
        means *= means
        means *= counts
        squares += means
        around = np.add.reduce(squares, axis=0)
        return BatchStatistics(int(count), mean, around, 1 / np.sqrt(around / count + self.eps))

    def scale_and_shift(
        self, x: Array, weights: Arrays, mean: NDArray[np.float64], inverse: NDArray[np.float64]
    ) -> Array:
        """γ·s and β - γ·s·mean, repeated as `spread` does: y = γ·s·(x - mean) + β is x times the one plus the other."""
        scale = weights["weight"] * inverse
        both: Array = np.empty((2, scale.size), x.dtype)
        both[0], both[1] = scale, weights["bias"] - mean * scale
        return spread(both, x)

    def folded(self, before: Arrays, weights: Arrays, buffers: Arrays) -> dict[str, Array]:
        """The weights of an `is_affine` layer `before` with this normalisation, as it is outside training, in them:

        γ·s·(x W + b - mean) + β = x (γ·s·W) + (b - mean)·γ·s + β
        """
        weight, scale = before["weight"], weights["weight"] * self._running_inverse(buffers)
        shift = weights["bias"] + (before.get("bias", 0) - buffers["running_mean"].astype(np.float64)) * scale
        return {"weight": (weight * scale).astype(weight.dtype), "bias": shift.astype(weight.dtype)}

    def _running_inverse(self, buffers: Arrays) -> NDArray[np.float64]:
        """s = 1/√(variance + eps) of the running variance."""
        inverse: NDArray[np.float64] = 1 / np.sqrt(buffers["running_var"].astype(np.float64) + self.eps)
        return inverse

    def normalised(
        self, x: Array, weights: Arrays, context: LayerContext, *, rectified: bool = False
    ) -> tuple[Array, SavedStatistics | None]:
        """y, or where `rectified` max(y, 0), and what backward needs."""
        if not context.training:
            mean, inverse = context.buffers["running_mean"].astype(np.float64), self._running_inverse(context.buffers)
            both = self.scale_and_shift(x, weights, mean, inverse)
            out = x if context.in_place else None
            return scale_and_shift(x, both[0], both[1], rectified=rectified, out=out), None
        statistics: BatchStatistics = context.shared
        known = statistics.made.get(x.shape)
        if known is None:
            known = self.scale_and_shift(x, weights, statistics.mean, statistics.inverse)
            statistics.made[x.shape] = known
        y = scale_and_shift(x, known[0], known[1], rectified=rectified)
        return y, SavedStatistics(x, statistics, context.in_place)

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """y = γ·x̂ + β, x̂ = (x - mean)/√(variance + eps); outside training with the running mean and variance."""
        return self.normalised(inputs[0], weights, context)

    def gather_backward(self, dy: Array, saved: Any, weights: Arrays) -> Partial:
        """A shard's count, Σ dy and Σ dy·x̂ = s·(Σ dy·x - mean·Σ dy) of each channel: (3, C)."""
        statistics: BatchStatistics = saved.statistics
        total, by_xhat = sums(dy, saved.x)
        by_xhat -= statistics.mean * total
        by_xhat *= statistics.inverse
        saved.dy_sum, saved.dy_xhat_sum = total, by_xhat
        partial: Partial = np.empty((3, dy.shape[-1]))
        partial[0], partial[1], partial[2] = dy.size // dy.shape[-1], total, by_xhat
        return partial

    def combine_backward(self, partials: Sequence[Partial]) -> BackwardSums:
        """The sums over all shards, in their order."""
        count, total, by_xhat = np.add.reduce(np.array(partials), axis=0)
        return BackwardSums(int(count[0]), total, by_xhat)

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """dγ = Σ dy·x̂ and dβ = Σ dy, as y = γ·x̂ + β in every place.

        Through x̂, with s = 1/√(variance + eps), dx̂ = γ·dy and sums over the m values of the channel in the batch:
        ∂x̂_i/∂x_j = s·([i = j] - 1/m - x̂_i·x̂_j/m), where 1/m comes from the mean and x̂_i·x̂_j/m from the variance. So

            dx_j = Σ_i dx̂_i ∂x̂_i/∂x_j = γ·s·(dy_j - (Σ dy)/m - x̂_j·(Σ dy·x̂)/m)

        which is a·dy + b·x + c with a = γ·s, b = -a·s·(Σ dy·x̂)/m and c = -a·(Σ dy)/m - b·mean.
        """
        out = saved.x if saved.owns_x else None
        return (self.spread_back(dy, saved, weights, gradients, context, out),)

    def spread_back(
        self,
        dy: Array,
        saved: SavedStatistics,
        weights: Arrays,
        gradients: Arrays,
        context: LayerContext,
        out: Array | None,
    ) -> Array | None:
        """dx as in `backward`, into `out`, which may be dy or x, where it is given."""
        gradients["weight"][...] = saved.dy_xhat_sum
        gradients["bias"][...] = saved.dy_sum
        if not context.needs_input_gradient:
            return None
        sums: BackwardSums = context.shared
        known = sums.made.get(dy.shape)
        if known is None:
            statistics = saved.statistics
            a = weights["weight"] * statistics.inverse
            b = -a * statistics.inverse * sums.dy_xhat / sums.size
            c = -a * sums.dy / sums.size - b * statistics.mean
            factors: Array = np.empty((3, a.size), dy.dtype)
            factors[0], factors[1], factors[2] = a, b, c
            known = sums.made[dy.shape] = spread(factors, dy)
        return scaled_sum(known[0], dy, known[1], saved.x, known[2], out)

    def update_running_stats(self, shared: BatchStatistics, buffers: Arrays) -> None:
        """Moves the running mean and the running (unbiased) variance a share `momentum` towards the batch's."""
        variance = shared.squares / max(1, shared.size - 1)
        for name, value in (("running_mean", shared.mean), ("running_var", variance)):
            running = buffers[name]
            running[...] = running * (1 - self.momentum) + value * self.momentum
