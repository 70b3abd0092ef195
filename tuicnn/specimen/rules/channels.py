"""Layers across the channels of a place: their mean, their largest, another order of them, a weight for each."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tuicnn.layers import ChannelAvgPool, ChannelMaxPool, ChannelShuffle, Layer, Scale

from .base import Index, Opened, Rule, Use, View
from .moves import Move

__all__ = ["OPENS"]


class ChannelMean(Rule):
    """y = (sum of the place's C channels) / C: see `plain.channel_avg_pool`."""

    def output(self, view: View, index: Index) -> Opened:
        x, count = view.x, view.x.array.shape[0]
        parts = [x.part((c, *index[1:]), 1 / count, label=f"channel {c}") for c in range(count)]
        formula = f"{view.named(index)} = (sum over c < {count} of {view.named(('c', *index[1:]), x)}) / {count}"
        return Opened(formula, parts, words=f"the mean of the {count} channels at this place")

    def readers(self, view: View, number: int, index: Index) -> Iterable[Use]:
        yield Use((0, *index[1:]), 1 / view.x.array.shape[0])


class ChannelLargest(Rule):
    """y = the largest of the place's C channels, the first of equal ones: see `plain.channel_max_pool`."""

    def winner(self, view: View, index: Index) -> int:
        _, row, column = index
        return int(view.x.array[:, row, column].argmax())

    def output(self, view: View, index: Index) -> Opened:
        x, count, first = view.x, view.x.array.shape[0], self.winner(view, index)
        parts = [
            x.part((c, *index[1:]), label=f"channel {c}{', the winner' if c == first else ''}") for c in range(count)
        ]
        formula = f"{view.named(index)} = max over c < {count} of {view.named(('c', *index[1:]), x)}"
        return Opened(formula, parts, "max", f"the largest of the {count} channels at this place")

    def readers(self, view: View, number: int, index: Index) -> Iterable[Use]:
        if self.winner(view, index) == index[0]:
            yield Use((0, *index[1:]), 1.0)


class Shuffled(Move):
    """The channels as a table of `groups` rows, read down its columns: see `plain.channel_shuffle`."""

    words = "the same value: only the order of the channels is another, one of each group by turns"

    def source(self, view: View, index: Index) -> tuple[int, Index]:
        groups = view.layer.groups
        return 0, (index[0] % groups * (view.x.array.shape[0] // groups) + index[0] // groups, *index[1:])

    def target(self, view: View, number: int, index: Index) -> Index:
        groups = view.layer.groups
        each = view.x.array.shape[0] // groups
        return (index[0] % each * groups + index[0] // each, *index[1:])


class Scaled(Rule):
    """y = weight[c] * x: see `plain.scale`."""

    def output(self, view: View, index: Index) -> Opened:
        x, weight, own = view.x, view.own["weight"], (index[0], 0, 0, 0)
        formula = f"{view.named(index)} = {view.named(own, weight)} * {view.named(index, x)}"
        parts = [x.part(index, weight[own], weight.address(own), "input")]
        return Opened(formula, parts, words="the value times its channel's learnt weight")

    def readers(self, view: View, number: int, index: Index) -> Iterable[Use]:
        weight, own = view.own["weight"], (index[0], 0, 0, 0)
        yield Use(index, weight[own], weight.address(own))

    def uses(self, view: View, name: str, index: Index) -> Iterable[Use]:
        for rest in np.ndindex(*view.output.array.shape[1:]):
            place = (index[0], *rest)
            yield Use(place, view.x[place], view.x.address(place))


OPENS: dict[type[Layer], Rule] = {
    ChannelAvgPool: ChannelMean(),
    ChannelMaxPool: ChannelLargest(),
    ChannelShuffle: Shuffled(),
    Scale: Scaled(),
}
