"""Drives one layer as a network would: the batch cut into shards, sums over the whole batch gathered and combined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuicnn.layers import Layer, LayerContext, Shape
from tuicnn.vocabulary import Call, Size, Word, arguments, info, make, vocabulary

__all__ = ["Array", "Driven", "batch_of", "drive", "inner", "inner_weights", "named", "outer", "random_weights"]

Array = NDArray[np.floating[Any]]


def named(name: str, *given: Any, **options: Any) -> Any:
    """A layer by its word, from values as the grammar gives them."""
    return make(vocabulary("layer")[name], given, options)


def inner(x: Array) -> Array:
    """(N, C, H, W) -> (H, W, N, C)."""
    return np.ascontiguousarray(x.transpose(2, 3, 0, 1)) if x.ndim == 4 else x


def outer(x: Array) -> Array:
    """(H, W, N, C) -> (N, C, H, W)."""
    return np.ascontiguousarray(x.transpose(2, 3, 0, 1)) if x.ndim == 4 else x


def images_axis(x: Array) -> int:
    """The axis of the images, in the engine's layout."""
    return 2 if x.ndim == 4 else 0


def cut_images(x: Array, cuts: Sequence[int]) -> list[Array]:
    """The batch before, between and after these images, each part in one piece as a shard is."""
    return [np.ascontiguousarray(part) for part in np.split(x, list(cuts), axis=images_axis(x))]


def joined(parts: Sequence[Array]) -> Array:
    """The inverse of `cut_images`."""
    return np.concatenate(parts, axis=images_axis(parts[0]))


def batch_of(shape: Shape, count: int, seed: int, dtype: Any = np.float64) -> Array:
    """Standard normal images or vectors in the engine's layout."""
    return inner(np.random.default_rng(seed).standard_normal((count, *shape)).astype(dtype))


def random_weights(layer: Layer, shapes: Sequence[Shape], seed: int, dtype: Any = np.float64) -> dict[str, Array]:
    """Random values for all parameters and buffers, in the engine's layout; those of a variance are positive."""
    rng = np.random.default_rng(seed)
    values = {name: rng.standard_normal(spec.shape) for name, spec in layer.weights(*shapes).items()}
    return {name: (np.abs(v) + 0.5 if "var" in name else v).astype(dtype) for name, v in values.items()}


def inner_weights(layer: Layer, shapes: Sequence[Shape], values: Mapping[str, Array]) -> dict[str, Array]:
    """The same weights with PyTorch's axes."""
    specs = layer.weights(*shapes)
    return {name: v.transpose(specs[name].axes) if specs[name].axes else v for name, v in values.items()}


@dataclass
class Driven:
    """What came of one step: outputs, the inputs' gradients, the weights' gradients, running statistics."""

    y: Array
    dxs: list[Array | None]
    gradients: dict[str, Array]
    buffers: dict[str, Array]


def drive(
    layer: Layer,
    inputs: Sequence[Array],
    values: Mapping[str, Array],
    dy: Array | None = None,
    *,
    cuts: Sequence[int] = (),
    training: bool = True,
    seed: int = 0,
) -> Driven:
    """Forward, and backward from `dy` where it is given, with the batch cut before the images `cuts`."""
    shapes = [tuple(x.shape[1:]) if x.ndim == 2 else (x.shape[3], x.shape[0], x.shape[1]) for x in inputs]
    specs = layer.weights(*shapes)
    weights = {name: v for name, v in values.items() if specs[name].is_parameter}
    buffers = {name: v.copy() for name, v in values.items() if not specs[name].is_parameter}
    parts = [cut_images(x, cuts) for x in inputs]
    shards = [[part[k] for part in parts] for k in range(len(cuts) + 1)]
    for arrays in (*shards, list(weights.values())):
        for array in arrays:
            array.setflags(write=False)
    shared = None
    if layer.whole_batch and training:
        shared = layer.combine([layer.gather(shard, weights) for shard in shards])

    def context(number: int, what: Any) -> LayerContext:
        return LayerContext(training, lambda: np.random.default_rng((seed, number)), what, buffers)

    made = [layer.forward(shard, weights, context(k, shared)) for k, shard in enumerate(shards)]
    y = joined([m[0] for m in made])
    if dy is None:
        if shared is not None:
            layer.update_running_stats(shared, buffers)
        return Driven(y, [], {}, buffers)
    dys = cut_images(dy, cuts)
    for part in dys:
        part.setflags(write=False)
    back = None
    if layer.whole_batch:
        gathered = [layer.gather_backward(d, m[1], weights) for d, m in zip(dys, made, strict=True)]
        back = layer.combine_backward(gathered)
    total = {name: np.zeros_like(v) for name, v in weights.items()}
    dxs: list[list[Array | None]] = []
    for k, (d, m) in enumerate(zip(dys, made, strict=True)):
        written = {name: np.full_like(v, np.nan) for name, v in weights.items()}
        dxs.append(list(layer.backward(d, m[1], weights, written, context(k, back))))
        for name, gradient in written.items():
            total[name] += gradient
    if shared is not None:
        layer.update_running_stats(shared, buffers)
    whole = [joined([x for x in column if x is not None]) for column in zip(*dxs, strict=True)]
    return Driven(y, list(whole), total, buffers)


def as_written(text: str) -> Any:
    """A layer from a simple text such as `conv 8 3x3 pad=1`: names, numbers, sizes, words, and calls of one value."""
    name, *rest = text.split()

    def value(written: str) -> Any:
        if written in ("true", "false"):
            return written == "true"
        if written.endswith(")"):
            word, _, inner = written[:-1].partition("(")
            return Call(word, (value(inner),))
        if "x" in written and written.replace("x", "").isdigit():
            return Size(map(int, written.split("x")))
        try:
            return float(written) if "." in written or "e" in written else int(written)
        except ValueError:
            return Word(written)

    given = [value(r) for r in rest if "=" not in r]
    options = {r.split("=")[0]: value(r.split("=")[1]) for r in rest if "=" in r}
    cls = vocabulary("layer")[name]
    assert info(cls).name == name
    assert set(options) <= {a.name for a in arguments(cls)}
    return make(cls, tuple(given), options)
