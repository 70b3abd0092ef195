"""Upsampling: a new pixel is one old one again, or has a share of each that lies around it."""

from __future__ import annotations

from collections.abc import Iterator

from tuicnn import plain
from tuicnn.layers import Layer, Upsample
from tuicnn.specimen.explanation import Patch

from .base import Index, Opened, Rule, Use, View

__all__ = ["OPENS"]


class Enlarged(Rule):
    """y = sum over p, q of a[p] * b[q] * x[p, q]: see `plain.upsample`."""

    def shares(self, view: View, axis: int, place: int) -> dict[int, float]:
        """The pixels along an axis that an output's place is made of, with their shares."""
        layer, size = view.layer, view.x.array.shape[1 + axis]
        return plain.upsample_shares(place, size, layer.factor[axis], layer.mode)

    def output(self, view: View, index: Index) -> Opened:
        channel, row, column = index
        down, across = self.shares(view, 0, row), self.shares(view, 1, column)
        parts = [
            view.x.part((channel, p, q), a * b, label=f"pixel ({p}, {q})")
            for p, a in down.items()
            for q, b in across.items()
        ]
        if len(parts) == 1 and parts[0].factor == 1:
            (p,), (q,) = down, across
            place = view.named((channel, p, q), view.x)
            parts = [view.x.part((channel, p, q), label="the same value")]
            words = "the same value: each pixel becomes a block of pixels"
            return Opened(f"{view.named(index)} = {place}", parts, words=words)
        formula = f"sum over {len(parts)} pixels (p, q) of share(p, q) * {view.named((channel, 'p', 'q'), view.x)}"
        patch = Patch(view.x.address(()), range(channel, channel + 1), tuple(down), tuple(across))
        words = f"between {len(parts)} pixels of {view.x.called}: the nearer one is, the larger its share"
        return Opened(f"{view.named(index)} = {formula}", parts, words=words, patch=patch)

    def readers(self, view: View, number: int, index: Index) -> Iterator[Use]:
        channel, p, q = index
        for row, a in self.reached(view, 0, p):
            for column, b in self.reached(view, 1, q):
                yield Use((channel, row, column), a * b)

    def reached(self, view: View, axis: int, pixel: int) -> Iterator[tuple[int, float]]:
        """The places along an axis that a pixel is part of, with its shares: none is more than a pixel away."""
        factor = view.layer.factor[axis]
        for place in range(max(0, (pixel - 1) * factor), min(view.output.array.shape[1 + axis], (pixel + 2) * factor)):
            share = self.shares(view, axis, place).get(pixel)
            if share is not None:
                yield place, share


OPENS: dict[type[Layer], Rule] = {Upsample: Enlarged()}
