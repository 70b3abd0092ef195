"""Normalisation of each image by itself: layernorm over all of it, groupnorm over groups of its channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tuicnn.initialisers import Ones, Zeros
from tuicnn.kernels import channel_sums, image_sums, spread
from tuicnn.kinds import Number, Whole
from tuicnn.later import np
from tuicnn.words import option, positional, word

from .base import Layer, Pass, Shape, ShapeError, WeightSpec

if TYPE_CHECKING:
    from .base import Array

__all__ = ["GroupNorm", "LayerNorm"]


def group_means(x: Array, groups: int) -> Array:
    """The mean over each image's group of channels, given to each of its channels:
    (N, H, W, C) -> (N, 1, 1, C), (N, V) -> (N, V)."""
    n, c = x.shape[0], x.shape[-1]
    sums = image_sums(x).reshape(n, groups, c // groups).sum(axis=2, dtype=np.float64)
    means = np.repeat(sums * (n * groups / x.size), c // groups, axis=1).astype(x.dtype)
    return means.reshape(n, 1, 1, c) if x.ndim == 4 else means


def standardise(x: Array, groups: int, eps: float) -> tuple[Array, Array]:
    """x̂ = s·(x - mean) with s = 1/√(variance + eps), of each image's group of channels; and s."""
    xhat = x - group_means(x, groups)
    inverse = 1 / np.sqrt(group_means(xhat * xhat, groups) + eps)
    xhat *= inverse
    return xhat, inverse


def standardise_backward(dxhat: Array, xhat: Array, inverse: Array, groups: int) -> Array:
    """dx from dx̂, with means over the same group.

    ∂x̂_i/∂x_j = s·([i = j] - 1/m - x̂_i·x̂_j/m) for the m values of a group, where 1/m comes from the mean and x̂_i·x̂_j/m
    from the variance. So dx_j = Σ_i dx̂_i ∂x̂_i/∂x_j = s·(dx̂_j - mean(dx̂) - x̂_j·mean(dx̂·x̂)).
    """
    dx = xhat * -group_means(dxhat * xhat, groups)
    dx += dxhat
    dx -= group_means(dxhat, groups)
    dx *= inverse
    return dx


@word(
    "layer",
    "layernorm",
    help="each image to mean 0 and variance 1, then a learnt scale and shift for each value",
    aliases=("ln", "layer_norm", "layernormalization"),
    shape="any shape -> the same shape",
    formula=(
        "y = weight*(x - mean)/sqrt(var + eps) + bias\n"
        "mean and var of each image, over all its values; weight and bias for each of them"
    ),
    source="Ba, Kiros and Hinton, Layer Normalization (2016)",
)
@dataclass(frozen=True)
class LayerNorm(Layer):
    """Over all of C, H and W, as torch.nn.LayerNorm([C, H, W]). Source: Ba, Kiros and Hinton (2016)."""

    eps: float = option(Number(above=0), default=1e-5, help="what is added to the variance")

    def weights(self, *inputs: Shape) -> dict[str, WeightSpec]:
        """A scale and a shift for each value; inside (H, W, C)."""
        shape, axes = inputs[0], None
        if len(shape) == 3:
            shape, axes = (shape[1], shape[2], shape[0]), (2, 0, 1)
        return {"weight": WeightSpec(shape, Ones(), axes), "bias": WeightSpec(shape, Zeros(), axes)}

    def forward(self, inputs: Sequence[Array], weights: Mapping[str, Array], run: Pass) -> tuple[Array, Any]:
        """y = γ·x̂ + β."""
        xhat, inverse = standardise(inputs[0], 1, self.eps)
        y = xhat * weights["weight"]
        y += weights["bias"]
        return y, (xhat, inverse)

    def backward(
        self, dy: Array, saved: Any, weights: Mapping[str, Array], gradients: Mapping[str, Array], run: Pass
    ) -> Sequence[Array | None]:
        """dγ = Σ_n dy·x̂, dβ = Σ_n dy and dx̂ = γ·dy, as y = γ·x̂ + β; then as in `standardise_backward`."""
        xhat, inverse = saved
        gradients["weight"][...] = (dy * xhat).sum(axis=0)
        gradients["bias"][...] = dy.sum(axis=0)
        return (standardise_backward(dy * weights["weight"], xhat, inverse, 1),)


@word(
    "layer",
    "groupnorm",
    help="each of G groups of an image's channels to mean 0 and variance 1, then a learnt scale and shift",
    aliases=("gn", "group_norm"),
    example="groupnorm 4",
    usage="groupnorm G",
    shape="any shape -> the same shape\nG divides the channels C (of a vector, its values)",
    formula=(
        "y = weight*(x - mean)/sqrt(var + eps) + bias\n"
        "mean and var of each group of C/G channels of an image; weight and bias for each channel"
    ),
    source="Wu and He, Group Normalization (2018)",
)
@dataclass(frozen=True)
class GroupNorm(Layer):
    """As torch.nn.GroupNorm. Source: Wu and He, Group Normalization (2018)."""

    groups: int = positional(Whole(at_least=1), help="groups of channels")
    eps: float = option(Number(above=0), default=1e-5, help="what is added to the variance")

    def output(self, *inputs: Shape) -> Shape:
        """The same shape."""
        c = inputs[0][0]
        if c % self.groups:
            what = "channels" if len(inputs[0]) == 3 else "values"
            fitting = max(n for n in range(1, min(self.groups, c) + 1) if c % n == 0)
            raise ShapeError(
                f"{self.groups} groups do not divide the {c} {what} that groupnorm receives",
                help=f"Use groupnorm {fitting}",
                argument="groups",
            )
        return inputs[0]

    def weights(self, *inputs: Shape) -> dict[str, WeightSpec]:
        """A scale and a shift for each channel."""
        shape = (inputs[0][0],)
        return {"weight": WeightSpec(shape, Ones()), "bias": WeightSpec(shape, Zeros())}

    def forward(self, inputs: Sequence[Array], weights: Mapping[str, Array], run: Pass) -> tuple[Array, Any]:
        """y = γ·x̂ + β."""
        xhat, inverse = standardise(inputs[0], self.groups, self.eps)
        y = xhat * spread(weights["weight"], xhat)
        y += spread(weights["bias"], xhat)
        return y, (xhat, inverse)

    def backward(
        self, dy: Array, saved: Any, weights: Mapping[str, Array], gradients: Mapping[str, Array], run: Pass
    ) -> Sequence[Array | None]:
        """dγ = Σ dy·x̂, dβ = Σ dy and dx̂ = γ·dy, as y = γ·x̂ + β; then as in `standardise_backward`."""
        xhat, inverse = saved
        gradients["weight"][...] = channel_sums(dy * xhat)
        gradients["bias"][...] = channel_sums(dy)
        return (standardise_backward(dy * spread(weights["weight"], dy), xhat, inverse, self.groups),)
