"""Batch normalisation: each channel to mean 0 and variance 1 over the batch, then to a learnt scale and shift.

The statistics are of the whole batch, though layers see a shard of it: each shard gives its count, mean and sum of
squares, which are merged in the shards' order before any shard goes on; and likewise the two sums of the backward pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from tuicnn.initialisers import Ones, Zeros
from tuicnn.kernels import channel_sums, spread
from tuicnn.kinds import Number
from tuicnn.later import np
from tuicnn.words import option, word

from .base import Layer, Pass, Shape, WeightSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .base import Array

__all__ = ["BatchNorm", "BatchStatistics"]


class BatchStatistics(NamedTuple):
    """Of each channel: how many values, their mean, and the sum of their squared distances from it (float64)."""

    size: int
    mean: NDArray[np.float64]
    squares: NDArray[np.float64]


class BackwardSums(NamedTuple):
    """Of each channel: how many values, Σ dy and Σ dy·x̂ (float64)."""

    size: int
    dy: NDArray[np.float64]
    dy_xhat: NDArray[np.float64]


@word(
    "layer",
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
class BatchNorm(Layer):
    """As torch.nn.BatchNorm2d. Source: Ioffe and Szegedy, Batch Normalization (2015)."""

    whole_batch = True

    eps: float = option(Number(above=0), default=1e-5, help="what is added to the variance")
    momentum: float = option(Number(at_least=0, at_most=1), default=0.1, help="share of a batch in the running mean")

    def weights(self, *inputs: Shape) -> dict[str, WeightSpec]:
        """A scale and a shift for each channel, and the running mean and variance, which are kept, not learnt."""
        shape = (inputs[0][0],)
        return {
            "weight": WeightSpec(shape, Ones()),
            "bias": WeightSpec(shape, Zeros()),
            "running_mean": WeightSpec(shape, Zeros(), learnt=False),
            "running_var": WeightSpec(shape, Ones(), learnt=False),
        }

    def gather(self, inputs: Sequence[Array], weights: Mapping[str, Array]) -> BatchStatistics:
        """A shard's statistics, in two passes: the mean, then the squares around it."""
        x = inputs[0]
        count = x.size // x.shape[-1]
        mean = channel_sums(x) / count
        distance = x - spread(mean.astype(x.dtype), x)
        distance *= distance
        return BatchStatistics(count, mean, channel_sums(distance))

    def combine(self, parts: Sequence[BatchStatistics]) -> BatchStatistics:
        """Merges the shards, one after the other.

        Of two sets with means a and b, the joint mean is a + (b - a)·n_b/n, and the squares around it are those of both
        and (b - a)²·n_a·n_b/n. Source: Chan, Golub and LeVeque, Updating Formulae and a Pairwise Algorithm (1979).
        """
        whole = parts[0]
        for part in parts[1:]:
            count = whole.size + part.size
            apart = part.mean - whole.mean
            whole = BatchStatistics(
                count,
                whole.mean + apart * (part.size / count),
                whole.squares + part.squares + apart * apart * (whole.size * part.size / count),
            )
        return whole

    def forward(self, inputs: Sequence[Array], weights: Mapping[str, Array], run: Pass) -> tuple[Array, Any]:
        """y = γ·x̂ + β, x̂ = (x - mean)/√(variance + eps); outside training with the running mean and variance."""
        x = inputs[0]
        if not run.training:
            inverse = 1 / np.sqrt(run.kept["running_var"].astype(np.float64) + self.eps)
            scale = weights["weight"] * inverse
            shift = weights["bias"] - run.kept["running_mean"] * scale
            y = x * spread(scale.astype(x.dtype), x)
            y += spread(shift.astype(x.dtype), x)
            return y, None
        statistics: BatchStatistics = run.shared
        inverse = 1 / np.sqrt(statistics.squares / statistics.size + self.eps)
        xhat = x - spread(statistics.mean.astype(x.dtype), x)
        xhat *= spread(inverse.astype(x.dtype), x)
        y = xhat * spread(weights["weight"], x)
        y += spread(weights["bias"], x)
        return y, (xhat, inverse)

    def gather_backward(self, dy: Array, saved: Any, weights: Mapping[str, Array]) -> BackwardSums:
        """A shard's part of Σ dy and Σ dy·x̂."""
        return BackwardSums(dy.size // dy.shape[-1], channel_sums(dy), channel_sums(dy * saved[0]))

    def combine_backward(self, parts: Sequence[BackwardSums]) -> BackwardSums:
        """The sums over all shards, in their order."""
        whole = parts[0]
        for part in parts[1:]:
            whole = BackwardSums(whole.size + part.size, whole.dy + part.dy, whole.dy_xhat + part.dy_xhat)
        return whole

    def backward(
        self, dy: Array, saved: Any, weights: Mapping[str, Array], gradients: Mapping[str, Array], run: Pass
    ) -> Sequence[Array | None]:
        """dγ = Σ dy·x̂ and dβ = Σ dy, as y = γ·x̂ + β in every place.

        Through x̂, with s = 1/√(variance + eps), dx̂ = γ·dy and sums over the m values of the channel in the batch:
        ∂x̂_i/∂x_j = s·([i = j] - 1/m - x̂_i·x̂_j/m), where 1/m comes from the mean and x̂_i·x̂_j/m from the variance. So

            dx_j = Σ_i dx̂_i ∂x̂_i/∂x_j = γ·s·(dy_j - (Σ dy)/m - x̂_j·(Σ dy·x̂)/m).
        """
        xhat, inverse = saved
        sums: BackwardSums = run.shared
        own = self.gather_backward(dy, saved, weights)
        gradients["weight"][...] = own.dy_xhat
        gradients["bias"][...] = own.dy
        dx = xhat * spread((-sums.dy_xhat / sums.size).astype(dy.dtype), dy)
        dx += dy
        dx -= spread((sums.dy / sums.size).astype(dy.dtype), dy)
        dx *= spread((weights["weight"] * inverse).astype(dy.dtype), dy)
        return (dx,)

    def keep(self, shared: BatchStatistics, kept: Mapping[str, Array]) -> None:
        """Moves the running mean and the running (unbiased) variance a share `momentum` towards the batch's."""
        variance = shared.squares / max(1, shared.size - 1)
        for name, value in (("running_mean", shared.mean), ("running_var", variance)):
            running = kept[name]
            running[...] = running * (1 - self.momentum) + value * self.momentum
