"""Normalisation of each image by itself: layernorm over all of it or each place, groupnorm over groups of channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tuicnn.initialisers import Ones, Zeros
from tuicnn.kernels import normalise_channels, normalise_channels_backward, scale_and_shift, scaled_sum
from tuicnn.kernels.arrays import LONG_RUN, constant, pixel_sums, pixels, row_blocks
from tuicnn.kernels.memory import empty
from tuicnn.kernels.statistics import FAR, pixel_product_sums
from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import Choice, Integer, Number, option, positional

from .base import LayerContext, Shape, ShapeError, WeightSpec, layer
from .learning import Learning
from .torch_text import module

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tuicnn.kernels.arrays import Array

    from .base import Arrays, Gradients
    from .onnx_graph import OnnxGraph

__all__ = ["GroupNorm", "LayerNorm"]


def by_group(values: NDArray[Any], groups: int) -> NDArray[Any]:
    """A view of channels by their group: (..., C) -> (..., G, C/G)."""
    return values.reshape(*values.shape[:-1], groups, -1)


def place_sums(x: Array) -> NDArray[np.float64]:
    """The sum over each image's places, (H, W, N, C) or (N, V) -> (N, C) or (N, V), in float64."""
    return pixel_sums(x) if x.ndim == 4 else x.astype(np.float64)


def group_mean_and_var(x: Array, groups: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean and the variance of each image's groups of channels: (N, G).

    From Σ x and Σ x²; where that would lose digits, because a mean is far from 0, around the mean (see `FAR`).
    """
    mean, square = group_means(x, groups)
    variance = square - mean * mean
    if (mean * mean > FAR * FAR * variance).any():
        middle = mean.astype(x.dtype)
        apart = np.subtract(x, np.repeat(middle, x.shape[-1] // groups, axis=1), out=empty(x.shape, x.dtype))
        off, square = group_means(apart, groups)
        mean = middle + off
        variance = np.maximum(square - off * off, 0.0)
    return mean, variance


def group_means(x: Array, groups: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The means of x and of x² over each image's groups of channels: (N, G)."""
    share = x.shape[-2] * groups / x.size
    mean, square = (by_group(sums, groups).sum(axis=2) * share for sums in (place_sums(x), pixel_product_sums(x, x)))
    return mean, square


def spread_images(values: NDArray[np.float64], x: Array) -> Array:
    """One value a channel of each image, (..., N, C), or a group of channels, (..., N, G), in x's type: (..., N, C),
    repeated along a row where that makes long runs, as `spread` does."""
    c = x.shape[-1]
    kind = values.astype(x.dtype)
    if kind.shape[-1] != c:
        kind = np.repeat(kind, c // kind.shape[-1], axis=-1)
    if x.ndim == 2 or x.shape[-2] * c >= LONG_RUN:
        return kind
    repeated = empty((*kind.shape[:-2], *x.shape[1:]), x.dtype)
    repeated[...] = kind[..., None, :, :]
    return repeated


def rows_of(x: Array) -> Sequence[slice]:
    """Blocks of rows of images (H, W, N, C) that stay in the cache from pass to pass; vectors (N, V) at once."""
    return row_blocks(len(x), 4 * x.size // len(x)) if x.ndim == 4 else [slice(None)]


def for_each_image(values: Array, x: Array) -> Array:
    """A value for each of an image's places, (H, W, C), as x (H, W, N, C) has them; a vector's (V,) as it is."""
    if x.ndim == 2:
        return values
    each = empty(x.shape, values.dtype)
    pixels(each)[...] = pixels(values)[:, :, None]
    return each


def over_images(x: Array) -> Array:
    """The sum over the images: (H, W, N, C) or (N, V) -> (H, W, C) or (V,)."""
    sums: Array = np.matmul(constant(1, x.shape[-2], x.dtype), x)
    return sums


@layer(
    "layernorm",
    help="each image, or each place's channels, to mean 0 and variance 1, then a learnt scale and shift",
    aliases=("ln", "layer_norm", "layernormalization", "layernorm2d"),
    example="layernorm",
    usage="layernorm",
    shape="any shape -> the same shape",
    formula=(
        "y = weight*(x - mean)/sqrt(var + eps) + bias\n"
        "mean and var of each image, over all its values; weight and bias for each of them\n"
        "with channels, mean and var at each place, over its channels; weight and bias for each channel"
    ),
    source="Ba, Kiros and Hinton, Layer Normalization (2016); channels: Liu and others, A ConvNet for the 2020s (2022)",
)
@dataclass(frozen=True)
class LayerNorm(Learning):
    """Over C, H and W, as torch.nn.LayerNorm([C, H, W]), or over C alone. Source: Ba, Kiros and Hinton (2016)."""

    over: str = positional(
        Choice(("image", "channels")), default="image", help="normalise the image, or the channels of each place"
    )
    eps: float = option(Number(above=0), default=1e-5, help="what is added to the variance")

    def by_place(self, shape: Shape) -> bool:
        """Whether each place is normalised by itself; a vector has one place."""
        return self.over == "channels" and len(shape) == 3

    def weights(self, *inputs: Shape) -> dict[str, WeightSpec]:
        """A scale and a shift for each value, inside (H, W, C), or for each channel."""
        shape, axes = inputs[0], None
        if self.by_place(shape):
            shape = shape[:1]
        elif len(shape) == 3:
            shape, axes = (shape[1], shape[2], shape[0]), (2, 0, 1)
        return {"weight": WeightSpec(shape, Ones(), axes), "bias": WeightSpec(shape, Zeros(), axes)}

    def torch(self, *inputs: Shape) -> tuple[str, ...]:
        """Over all axes but the images', or over the channels."""
        shape = inputs[0][0] if self.by_place(inputs[0]) else list(inputs[0])
        return (module("LayerNorm", shape, eps=(self.eps, 1e-5)),)

    def torch_expression(self, *inputs: Shape) -> str:
        """PyTorch's module takes the last axes, so the channels are brought there and back."""
        return "module(x0.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)" if self.by_place(inputs[0]) else ""

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        """Over all axes but the images', or over the channels as the last axis."""
        (x,), own = inputs, (weights["weight"], weights["bias"])
        if not self.by_place(shapes[0]):
            return graph.op("LayerNormalization", x, *own, axis=1, epsilon=self.eps)
        last = graph.op("Transpose", x, perm=(0, 2, 3, 1))
        y = graph.op("LayerNormalization", last, *own, axis=-1, epsilon=self.eps)
        return graph.op("Transpose", y, perm=(0, 3, 1, 2))

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """y = γ·x̂ + β."""
        if self.over == "channels":
            return normalise_channels(inputs[0], weights["weight"], weights["bias"], self.eps)
        x = inputs[0]
        mean, variance = group_mean_and_var(x, 1)
        inverse = 1 / np.sqrt(variance + self.eps)
        scale, shift = spread_images(np.stack([inverse, -mean * inverse]), x)
        y = empty(x.shape, x.dtype)
        for rows in rows_of(y):
            part = np.multiply(x[rows], scale, out=y[rows])
            part += shift
            part *= for_each_image(weights["weight"][rows], part)
            part += for_each_image(weights["bias"][rows], part)
        return y, (x, mean, inverse, context.in_place)

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """dγ = Σ dy·x̂ and dβ = Σ dy over what shares a weight, and dx̂ = γ·dy, as y = γ·x̂ + β.

        With s = 1/√(variance + eps) and means over the m values of an image, ∂x̂_i/∂x_j = s·([i = j] - 1/m - x̂_i·x̂_j/m),
        where 1/m comes from the mean and x̂_i·x̂_j/m from the variance. So dx_j = Σ_i dx̂_i ∂x̂_i/∂x_j =
        s·(dx̂_j - mean(dx̂) - x̂_j·mean(dx̂·x̂)), and with x̂ = s·(x - mean), dx = s·γ·dy + b·x + c with
        b = -s²·mean(dx̂·x̂) and c = -s·mean(dx̂) - b·mean.
        """
        if self.over == "channels":
            dx, gradients["weight"][...], gradients["bias"][...] = normalise_channels_backward(
                dy, saved, weights["weight"]
            )
            return (dx,)
        x, mean, inverse, owns_x = saved
        scale, shift = spread_images(np.stack([inverse, -mean * inverse]), x)
        total = np.zeros((2, x.shape[-2], 1))
        for rows in rows_of(dy):
            given, weight = dy[rows], weights["weight"][rows][..., None]
            part = np.multiply(x[rows], scale, out=empty(given.shape, given.dtype))
            part += shift
            part *= given
            gradients["weight"][rows], gradients["bias"][rows] = over_images(part), over_images(given)
            for sums, values in zip(total, (given, part), strict=True):
                sums += np.matmul(values, weight).reshape(-1, *sums.shape).sum(axis=0)
        total *= x.shape[-2] / x.size
        b = -inverse * inverse * total[1]
        factors = spread_images(np.stack([inverse, b, -inverse * total[0] - b * mean]), x)
        dx = x if owns_x else empty(x.shape, x.dtype)
        for rows in rows_of(dy):
            part = for_each_image(weights["weight"][rows], dy[rows])
            part = np.multiply(part, dy[rows], out=empty(dy[rows].shape, dy.dtype))
            part *= factors[0]
            np.multiply(x[rows], factors[1], out=dx[rows])
            dx[rows] += part
            dx[rows] += factors[2]
        return (dx,)


@layer(
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
class GroupNorm(Learning):
    """As torch.nn.GroupNorm. Source: Wu and He, Group Normalization (2018)."""

    owns_output = True

    groups: int = positional(Integer(at_least=1), help="groups of channels")
    eps: float = option(Number(above=0), default=1e-5, help="what is added to the variance")

    def output(self, *inputs: Shape) -> Shape:
        """The same shape."""
        c = inputs[0][0]
        if c % self.groups:
            what = "channels" if len(inputs[0]) == 3 else "values"
            fitting = max(n for n in range(1, min(self.groups, c) + 1) if c % n == 0)
            raise ShapeError(
                f"{self.groups} groups do not divide the {c} {what} that groupnorm receives",
                argument="groups",
                write=str(fitting),
            )
        return inputs[0]

    def weights(self, *inputs: Shape) -> dict[str, WeightSpec]:
        """A scale and a shift for each channel."""
        shape = (inputs[0][0],)
        return {"weight": WeightSpec(shape, Ones()), "bias": WeightSpec(shape, Zeros())}

    def torch(self, *inputs: Shape) -> tuple[str, ...]:
        """`GroupNorm` with its number of channels."""
        return (module("GroupNorm", self.groups, inputs[0][0], eps=(self.eps, 1e-5)),)

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        """Each group as a row that is normalised by itself: `GroupNormalization` came later than opset 17."""
        (x,), size = inputs, [-1, *[1] * (len(shapes[0]) - 1)]
        rows = graph.op("Reshape", x, (0, self.groups, -1))
        ones, zeros = np.ones(self.groups), np.zeros(self.groups)
        xhat = graph.op("InstanceNormalization", rows, ones, zeros, epsilon=self.eps)
        weight, bias = (graph.op("Reshape", weights[name], size) for name in ("weight", "bias"))
        scaled = graph.op("Mul", graph.op("Reshape", xhat, (0, *shapes[0])), weight)
        return graph.op("Add", scaled, bias)

    def scale_and_shift(
        self, x: Array, weights: Arrays
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """γ·s and β - γ·s·mean of each image's channels, (2, N, C), and of its groups the mean and s =
        1/√(variance + eps), (N, G)."""
        mean, variance = group_mean_and_var(x, self.groups)
        inverse = 1 / np.sqrt(variance + self.eps)
        scale = by_group(weights["weight"], self.groups) * inverse[:, :, None]
        shift = by_group(weights["bias"], self.groups) - mean[:, :, None] * scale
        return np.stack([scale, shift]).reshape(2, *x.shape[-2:]), mean, inverse

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """y = γ·x̂ + β = x·γ·s + (β - γ·s·mean), a scale and a shift of each image's channels."""
        x = inputs[0]
        each, mean, inverse = self.scale_and_shift(x, weights)
        both = spread_images(each, x)
        if not context.training:
            return scale_and_shift(x, both[0], both[1], out=x if context.in_place else None), None
        return scale_and_shift(x, both[0], both[1]), (x, mean, inverse, context.in_place)

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """dγ = Σ dy·x̂, dβ = Σ dy and dx̂ = γ·dy, as y = γ·x̂ + β; then as for `layernorm`, with means over a group:
        dx = γ·s·dy + b·x + c with b = -s²·mean(dx̂·x̂) and c = -s·mean(dx̂) - b·mean.
        """
        x, mean, inverse, owns_x = saved
        total, products = (by_group(sums, self.groups) for sums in (place_sums(dy), pixel_product_sums(dy, x)))
        by_xhat = inverse[:, :, None] * (products - mean[:, :, None] * total)
        gradients["weight"][...] = by_xhat.sum(axis=0).reshape(-1)
        gradients["bias"][...] = total.sum(axis=0).reshape(-1)
        share, weight = x.shape[-2] * self.groups / x.size, by_group(weights["weight"], self.groups)
        b = -inverse * inverse * (weight * by_xhat).sum(axis=2) * share
        c = -inverse * (weight * total).sum(axis=2) * share - b * mean
        scale = spread_images((weight * inverse[:, :, None]).reshape(x.shape[-2:]), x)
        b, c = spread_images(np.stack([b, c]), x)
        return (scaled_sum(scale, dy, b, x, c, out=x if owns_x else None),)
