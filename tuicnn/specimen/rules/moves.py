"""Layers that move values or join branches: each output is one value of an input, or a sum of them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator

import numpy as np

from tuicnn.layers import (
    Add,
    Concat,
    Dropout,
    DropPath,
    Flatten,
    Identity,
    Layer,
    Multiply,
    Reshape,
    Transpose,
    ZeroPad,
)
from tuicnn.specimen.explanation import Part

from .base import Index, Opened, Operand, Rule, Use, View

__all__ = ["OPENS", "TRAINING"]


class Move(Rule):
    """y = x in another place: `source` says where an output came from, None for the padding; `target` the inverse."""

    #: what becomes of a value
    words = "the same value is passed on"

    def source(self, view: View, index: Index) -> tuple[int, Index] | None:
        return 0, index

    def target(self, view: View, number: int, index: Index) -> Index:
        return index

    def output(self, view: View, index: Index) -> Opened:
        found = self.source(view, index)
        if found is None:
            return Opened(f"{view.named(index)} = 0", [Part("padding", 0.0, 0.0)], words="a zero of the border")
        number, place = found
        x = view.inputs[number]
        parts = [x.part(place, label="the same value")]
        return Opened(f"{view.named(index)} = {view.named(place, x)}", parts, words=self.words)

    def readers(self, view: View, number: int, index: Index) -> Iterable[Use]:
        yield Use(self.target(view, number, index), 1.0)


class Dropped(Move):
    """Dropout in a training step: y = x * mask / (1 - P), where the mask is 0 for what is dropped: `plain.dropout`."""

    def output(self, view: View, index: Index) -> Opened:
        scale = self.scale(view, index)
        formula = f"{view.named(index, view.x)} * {1 if scale else 0} / (1 - {view.layer.share:g})"
        part = view.x.part(index, scale, label="kept" if scale else "dropped")
        words = "kept by dropout, and enlarged for those that it drops" if scale else "dropped in this step: 0"
        return Opened(f"{view.named(index)} = {formula}", [part], words=words)

    def readers(self, view: View, number: int, index: Index) -> Iterable[Use]:
        yield Use(index, self.scale(view, index))

    def scale(self, view: View, index: Index) -> float:
        """mask / (1 - P), as the step drew it; where nothing is dropped, it drew none."""
        return 1.0 if view.scale is None else float(view.scale[index])


class DroppedWhole(Dropped):
    """Stochastic depth in a training step: an image keeps all its values or none: `plain.dropout` of images."""

    def output(self, view: View, index: Index) -> Opened:
        opened = super().output(view, index)
        kept = self.scale(view, index) != 0
        words = "kept: this image takes the branch, enlarged for those that skip it" if kept else "0: this image skips"
        return dataclasses.replace(opened, words=words)

    def scale(self, view: View, index: Index) -> float:
        """mask / (1 - P) of the whole image."""
        return 1.0 if view.scale is None else float(view.scale[0])


class Undropped(Move):
    """Dropout after training."""

    words = "the same value: dropout drops in training only"


class Rearranged(Move):
    """Flatten and reshape: the values keep their order, channel by channel, row by row."""

    words = "the same value in another arrangement, channel by channel, row by row"

    def source(self, view: View, index: Index) -> tuple[int, Index]:
        return 0, _moved(index, view.output.array.shape, view.x.array.shape)

    def target(self, view: View, number: int, index: Index) -> Index:
        return _moved(index, view.x.array.shape, view.output.array.shape)


def _moved(index: Index, here: tuple[int, ...], there: tuple[int, ...]) -> Index:
    """The place in an array of one shape of what has this place in an array of another, both in reading order."""
    return tuple(int(i) for i in np.unravel_index(int(np.ravel_multi_index(index, here)), there))


class Transposed(Move):
    """Places become channels, and channels places: see `plain.transpose`."""

    words = "the same value: each place is a channel now, and each channel a place"

    def source(self, view: View, index: Index) -> tuple[int, Index]:
        return 0, (index[1], *divmod(index[0], view.x.array.shape[2]))

    def target(self, view: View, number: int, index: Index) -> Index:
        return index[1] * view.x.array.shape[2] + index[2], index[0], 0


class Padded(Move):
    """Zeros around the image: see `plain.zero_pad`."""

    words = "the same value: only a border of zeros is put around the image"

    def source(self, view: View, index: Index) -> tuple[int, Index] | None:
        (top, _), (left, _) = view.layer.sides
        _, height, width = view.x.array.shape
        c, row, column = index[0], index[1] - top, index[2] - left
        return (0, (c, row, column)) if 0 <= row < height and 0 <= column < width else None

    def target(self, view: View, number: int, index: Index) -> Index:
        (top, _), (left, _) = view.layer.sides
        return index[0], index[1] + top, index[2] + left


class Joined(Move):
    """Channels one after the other: see `plain.concat`."""

    words = "the same value: the branches' channels are put one after the other"

    def source(self, view: View, index: Index) -> tuple[int, Index]:
        channel = index[0]
        for number, x in enumerate(view.inputs):
            if channel < x.array.shape[0]:
                return number, (channel, *index[1:])
            channel -= x.array.shape[0]
        raise IndexError(index)

    def target(self, view: View, number: int, index: Index) -> Index:
        return index[0] + sum(x.array.shape[0] for x in view.inputs[:number]), *index[1:]


class Sum(Rule):
    """y = x1 + x2 + ..."""

    def output(self, view: View, index: Index) -> Opened:
        formula = " + ".join(view.named(index, x) for x in view.inputs)
        parts = [x.part(index, label=f"branch {number}") for number, x in enumerate(view.inputs, 1)]
        words = f"what the {len(parts)} branches have at this place, added"
        return Opened(f"{view.named(index)} = {formula}", parts, words=words)

    def readers(self, view: View, number: int, index: Index) -> Iterator[Use]:
        yield Use(index, 1.0)


class Product(Rule):
    """y = x1 * x2 * ...; along an axis of 1 a branch's value counts for every place: see `plain.multiply`."""

    def place(self, index: Index, x: Operand) -> Index:
        """Where a branch's value lies that counts at this place of the output."""
        return tuple(0 if size == 1 else i for i, size in zip(index, x.array.shape, strict=False))

    def output(self, view: View, index: Index) -> Opened:
        placed = [(x, self.place(index, x)) for x in view.inputs]
        formula = " * ".join(view.named(place, x) for x, place in placed)
        parts = [x.part(place, label=f"branch {number}") for number, (x, place) in enumerate(placed, 1)]
        words = f"what the {len(parts)} branches have for this place, multiplied"
        return Opened(f"{view.named(index)} = {formula}", parts, "product", words)

    def readers(self, view: View, number: int, index: Index) -> Iterator[Use]:
        x, others = view.inputs[number], [other for k, other in enumerate(view.inputs) if k != number]
        for place in np.ndindex(*view.output.array.shape):
            if self.place(place, x) == index:
                factors = [(other, self.place(place, other)) for other in others]
                factor = math.prod(other[there] for other, there in factors)
                yield Use(place, factor, factors[0][0].address(factors[0][1]) if len(factors) == 1 else None)


OPENS: dict[type[Layer], Rule] = {
    Identity: Move(),
    Dropout: Undropped(),
    DropPath: Undropped(),
    Flatten: Rearranged(),
    Reshape: Rearranged(),
    Transpose: Transposed(),
    ZeroPad: Padded(),
    Concat: Joined(),
    Add: Sum(),
    Multiply: Product(),
}

#: those that are otherwise in a training step
TRAINING: dict[type[Layer], Rule] = {Dropout: Dropped(), DropPath: DroppedWhole()}
