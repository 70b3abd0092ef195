"""Each layer of the language as modules of torch.nn. PyTorch is imported when a function is called, not before."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

from tuicnn.layers import (
    ELU,
    GELU,
    Add,
    AvgPool,
    BatchNorm,
    Concat,
    Conv,
    Dense,
    Depthwise,
    Dropout,
    Flatten,
    GlobalAvgPool,
    GlobalMaxPool,
    GroupNorm,
    Identity,
    Layer,
    LayerNorm,
    LeakyReLU,
    MaxPool,
    ReLU,
    Reshape,
    Shape,
    Sigmoid,
    SiLU,
    Softmax,
    Tanh,
    ZeroPad,
)

__all__ = ["join_of", "modules_of"]

Sides = tuple[tuple[int, int], tuple[int, int]]


def modules_of(layer: Layer, shape: Shape, *, in_place: bool = False) -> list[Any]:
    """The modules that compute a layer with one input of `shape`, in turn; the last one holds its weights.

    `in_place` lets ReLU write over its input, as PyTorch's own models do. Raises `TypeError` for layers that join
    branches: those are functions in PyTorch.
    """
    from torch import nn

    match layer:
        case Conv() | Depthwise():
            return _convolution(layer, shape[0])
        case MaxPool() | AvgPool():
            return _pooling(layer)
        case Dense():
            return [nn.Linear(shape[0], layer.units, layer.bias)]
        case GlobalAvgPool():
            return [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        case GlobalMaxPool():
            return [nn.AdaptiveMaxPool2d(1), nn.Flatten()]
        case ZeroPad():
            return [nn.ZeroPad2d(_border(layer.sides))]
        case Flatten():
            return [nn.Flatten()]
        case Reshape():
            return [nn.Flatten(), nn.Unflatten(1, tuple(layer.shape))]
        case BatchNorm():
            made = nn.BatchNorm2d if len(shape) == 3 else nn.BatchNorm1d
            return [made(shape[0], layer.eps, layer.momentum)]
        case LayerNorm():
            return [nn.LayerNorm(list(shape), layer.eps)]
        case GroupNorm():
            return [nn.GroupNorm(layer.groups, shape[0], layer.eps)]
        case Dropout():
            return [nn.Dropout(layer.share)]
        case ReLU():
            return [nn.ReLU(inplace=in_place)]
        case LeakyReLU():
            return [nn.LeakyReLU(layer.slope)]
        case ELU():
            return [nn.ELU(layer.alpha)]
        case GELU():
            return [nn.GELU()]
        case SiLU():
            return [nn.SiLU()]
        case Sigmoid():
            return [nn.Sigmoid()]
        case Tanh():
            return [nn.Tanh()]
        case Softmax():
            return [nn.Softmax(dim=1)]
        case Identity():
            return [nn.Identity()]
    raise TypeError(f"{type(layer).__name__} is no module of torch.nn")


def join_of(layer: Layer) -> Callable[[Sequence[Any]], Any] | None:
    """What makes one tensor of a list of them, for layers that join branches; None for all others."""
    match layer:
        case Add():
            return _added
        case Concat():
            return _concatenated
    return None


def _added(branches: Sequence[Any]) -> Any:
    return reduce(operator.add, branches)


def _concatenated(branches: Sequence[Any]) -> Any:
    import torch

    return torch.cat(list(branches), dim=1)


def _border(sides: Sides) -> tuple[int, int, int, int]:
    """PyTorch names the last axis first: left, right, top, bottom."""
    (top, bottom), (left, right) = sides
    return left, right, top, bottom


def _padding(sides: Sides) -> tuple[int, int] | None:
    """Rows and columns of padding where both ends of an axis have as many, which is what PyTorch's layers take."""
    (top, bottom), (left, right) = sides
    return (top, left) if (top, left) == (bottom, right) else None


def _convolution(layer: Conv | Depthwise, channels: int) -> list[Any]:
    from torch import nn

    groups, filters = (layer.groups, layer.filters) if isinstance(layer, Conv) else (channels, channels)
    sides = layer.window.pad
    padding = _padding(sides)
    made = nn.Conv2d(
        channels,
        filters,
        tuple(layer.kernel),
        tuple(layer.stride),
        padding or 0,
        tuple(layer.dilation),
        groups,
        layer.bias,
    )
    return [made] if padding is not None else [nn.ZeroPad2d(_border(sides)), made]


def _pooling(layer: MaxPool | AvgPool) -> list[Any]:
    """Where the border is uneven it is made before, of what counts for nothing: -∞ for the largest, 0 for the mean."""
    from torch import nn

    window = layer.window
    padding = _padding(window.pad)
    kind = nn.MaxPool2d if isinstance(layer, MaxPool) else nn.AvgPool2d
    made = kind(window.kernel, window.stride, padding or 0)
    if padding is not None:
        return [made]
    nothing = float("-inf") if isinstance(layer, MaxPool) else 0.0
    return [nn.ConstantPad2d(_border(window.pad), nothing), made]
