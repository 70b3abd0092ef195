"""Layers that sum products of values and weights: convolution, depthwise convolution, dense."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from tuicnn import plain
from tuicnn.kernels.windows import Window
from tuicnn.layers import Conv, ConvTranspose, Dense, Depthwise, Layer
from tuicnn.specimen.explanation import Part, Patch

from .base import Index, Opened, Operand, Rule, Use, View

__all__ = ["OPENS", "inside", "patch_of", "windows_over"]


def inside(window: Window, row: int, column: int, size: tuple[int, int]) -> Iterator[tuple[int, int, int, int]]:
    """(i, j, p, q) of a window at an output's place: its position (i, j) lies on pixel (p, q) of the image.

    What lies in the padding is left out.
    """
    (top, _), (left, _) = window.pad
    for i, j in np.ndindex(*window.kernel):
        p, q = plain.pixel(row, column, i, j, window.stride, window.dilation)
        if 0 <= p - top < size[0] and 0 <= q - left < size[1]:
            yield i, j, p - top, q - left


def patch_of(window: Window, row: int, column: int, x: Operand, channels: range) -> Patch:
    """Which pixels of some channels of an input a window lies on, at an output's place."""
    (top, _), (left, _) = window.pad
    rows = [plain.pixel(row, column, i, 0, window.stride, window.dilation)[0] - top for i in range(window.kernel[0])]
    across = [plain.pixel(row, column, 0, j, window.stride, window.dilation)[1] - left for j in range(window.kernel[1])]
    return Patch(x.address(()), channels, tuple(rows), tuple(across))


def windows_over(window: Window, p: int, q: int, out: tuple[int, int]) -> Iterator[tuple[int, int, int, int]]:
    """(row, column, i, j) of every window that lies over pixel (p, q), with its position (i, j): the inverse of it."""
    (top, _), (left, _) = window.pad
    for i, j in np.ndindex(*window.kernel):
        down, right = p + top - i * window.dilation[0], q + left - j * window.dilation[1]
        (row, below), (column, beyond) = divmod(down, window.stride[0]), divmod(right, window.stride[1])
        if not below and not beyond and 0 <= row < out[0] and 0 <= column < out[1]:
            yield row, column, i, j


class Convolution(Rule):
    """y[f, r, s] = bias[f] + sum over c, i, j of weight[f, c, i, j] * x[c, p, q]: see `plain.convolve`."""

    def first(self, view: View, f: int) -> int:
        """The first channel that filter f sees: its group's."""
        filters, channels = view.own["weight"].array.shape[:2]
        groups = view.x.array.shape[0] // channels
        return int(f // (filters // groups) * channels)

    def output(self, view: View, index: Index) -> Opened:
        f, row, column = index
        x, weight, window = view.x, view.own["weight"], view.layer.window
        channels, kh, kw = weight.array.shape[1:]
        begin, places = self.first(view, f), list(inside(window, row, column, x.array.shape[1:]))
        parts = [
            x.part((begin + c, p, q), weight[f, c, i, j], weight.address((f, c, i, j)), f"window ({c}, {i}, {j})")
            for c in range(channels)
            for i, j, p, q in places
        ]
        if len(places) < kh * kw:
            parts.append(Part(f"{channels * (kh * kw - len(places))} zeros of the padding", 0.0, 0.0))
        bias = view.own.get("bias")
        if bias is not None:
            parts.append(bias.part((f,), label="bias"))
        (top, _), (left, _) = window.pad
        (dh, dw) = window.dilation
        c = f"{begin} + c" if begin else "c"
        seen = (c, _sum(row * window.stride[0] - top, "i", dh), _sum(column * window.stride[1] - left, "j", dw))
        formula = (
            f"{view.named(index)} = "
            + (f"{view.named((f,), bias)} + " if bias is not None else "")
            + f"sum over c < {channels}, i < {kh}, j < {kw} of "
            + f"{view.named((f, 'c', 'i', 'j'), weight)} * {view.named(seen, x)}"
        )
        seen_channels = range(begin, begin + channels)
        return Opened(
            formula,
            parts,
            words=_convolution_in_words(x, seen_channels, (kh, kw), f, bias is not None),
            patch=patch_of(window, row, column, x, seen_channels),
        )

    def readers(self, view: View, number: int, index: Index) -> Iterable[Use]:
        channel, p, q = index
        weight, out = view.own["weight"], view.output.array.shape
        for f in range(out[0]):
            c = channel - self.first(view, f)
            if 0 <= c < weight.array.shape[1]:
                for row, column, i, j in windows_over(view.layer.window, p, q, out[1:]):
                    yield Use((f, row, column), weight[f, c, i, j], weight.address((f, c, i, j)))

    def uses(self, view: View, name: str, index: Index) -> Iterable[Use]:
        f, x, window = index[0], view.x, view.layer.window
        for row, column in np.ndindex(*view.output.array.shape[1:]):
            if name == "bias":
                yield Use((f, row, column), 1.0)
                continue
            _, c, i, j = index
            p, q = plain.pixel(row, column, i, j, window.stride, window.dilation)
            seen = (self.first(view, f) + c, p - window.pad[0][0], q - window.pad[1][0])
            if 0 <= seen[1] < x.array.shape[1] and 0 <= seen[2] < x.array.shape[2]:
                yield Use((f, row, column), x[seen], x.address(seen))


class TransposedConvolution(Rule):
    """y[f, r, s] = bias[f] + sum of weight[c, f, i, j] * x[c, p, q] over the pixels (p, q) whose kernel reaches (r, s)
    with its position (i, j): see `plain.convolve_transposed`."""

    def first(self, view: View, c: int) -> int:
        """The first output channel that channel c goes to: its group's."""
        channels, filters = view.own["weight"].array.shape[:2]
        groups = view.output.array.shape[0] // filters
        return int(c // (channels // groups) * filters)

    def output(self, view: View, index: Index) -> Opened:
        f, row, column = index
        x, weight, bias = view.x, view.own["weight"], view.own.get("bias")
        reached = list(windows_over(view.layer.window, row, column, x.array.shape[1:]))
        own = [c for c in range(x.array.shape[0]) if 0 <= f - self.first(view, c) < weight.array.shape[1]]
        parts = []
        for c in own:
            for p, q, i, j in reached:
                place = (c, f - self.first(view, c), i, j)
                parts.append(x.part((c, p, q), weight[place], weight.address(place), f"kernel ({i}, {j})"))
        if not reached:
            parts.append(Part("no kernel reaches this place", 0.0, 0.0))
        if bias is not None:
            parts.append(bias.part((f,), label="bias"))
        formula = (
            f"{view.named(index)} = "
            + (f"{view.named((f,), bias)} + " if bias is not None else "")
            + f"sum over {len(own)} channels c and {len(reached)} pixels (p, q) of "
            + f"{view.named(('c', f - self.first(view, own[0]), 'i', 'j'), weight)} * {view.named(('c', 'p', 'q'), x)}"
        )
        words = f"each pixel of {x.called} puts its kernels down on a larger image: what lies here of them, summed"
        words += ", plus a bias" if bias is not None else ""
        rows, across = sorted({p for p, _, _, _ in reached}), sorted({q for _, q, _, _ in reached})
        patch = Patch(x.address(()), range(own[0], own[-1] + 1), tuple(rows), tuple(across)) if reached else None
        return Opened(formula, parts, words=words, patch=patch)

    def readers(self, view: View, number: int, index: Index) -> Iterable[Use]:
        c, p, q = index
        weight, first = view.own["weight"], self.first(view, c)
        for i, j, row, column in inside(view.layer.window, p, q, view.output.array.shape[1:]):
            for f in range(weight.array.shape[1]):
                yield Use((first + f, row, column), weight[c, f, i, j], weight.address((c, f, i, j)))

    def uses(self, view: View, name: str, index: Index) -> Iterable[Use]:
        x, size = view.x, view.output.array.shape[1:]
        if name == "bias":
            yield from (Use((index[0], row, column), 1.0) for row, column in np.ndindex(*size))
            return
        c, f, *position = index
        for p, q in np.ndindex(*x.array.shape[1:]):
            for i, j, row, column in inside(view.layer.window, p, q, size):
                if [i, j] == position:
                    yield Use((self.first(view, c) + f, row, column), x[c, p, q], x.address((c, p, q)))


def _convolution_in_words(x: Operand, channels: range, kernel: tuple[int, int], f: int, bias: bool) -> str:
    """What a convolution does at one place."""
    whole = x.array.shape[0]
    if whole == 1:
        seen = f"of {x.called}"
    elif len(channels) == whole:
        seen = f"of all {whole} channels of {x.called}"
    elif len(channels) == 1:
        seen = f"of channel {channels[0]} of {x.called}"
    else:
        seen = f"of channels {channels[0]} to {channels[-1]} of {x.called}"
    window = "one pixel" if kernel == (1, 1) else f"a {kernel[0]}x{kernel[1]} window"
    plus = ", plus the kernel's bias" if bias else ""
    return f"{window} {seen} times kernel {f}, summed{plus}"


def _sum(begin: int, letter: str, step: int) -> str:
    """`begin + step * letter` as one writes it."""
    moved = letter if step == 1 else f"{step} * {letter}"
    return moved if not begin else f"{begin} + {moved}"


class FullyConnected(Rule):
    """y[m] = bias[m] + sum over v of weight[m, v] * x[v]: see `plain.dense`."""

    def output(self, view: View, index: Index) -> Opened:
        (m,), x, weight, bias = index, view.x, view.own["weight"], view.own.get("bias")
        parts = [x.part((v,), weight[m, v], weight.address((m, v)), label) for v, label in enumerate(x.origins())]
        formula = f"sum over v < {x.array.size} of {view.named((m, 'v'), weight)} * {view.named(('v',), x)}"
        if bias is not None:
            parts.append(bias.part((m,), label="bias"))
            formula = f"{view.named((m,), bias)} + {formula}"
        words = f"all {x.array.size:,} values of {x.called}, each times a weight of its own, summed"
        words += ", plus a bias" if bias is not None else ""
        return Opened(f"{view.named(index)} = {formula}", parts, words=words)

    def readers(self, view: View, number: int, index: Index) -> Iterable[Use]:
        weight = view.own["weight"]
        for m in range(view.output.array.size):
            yield Use((m,), weight[m, index[0]], weight.address((m, index[0])))

    def uses(self, view: View, name: str, index: Index) -> Iterable[Use]:
        if name == "bias":
            yield Use(index, 1.0)
        else:
            yield Use(index[:1], view.x[index[1:]], view.x.address(index[1:]))


OPENS: dict[type[Layer], Rule] = {
    Conv: Convolution(),
    ConvTranspose: TransposedConvolution(),
    Depthwise: Convolution(),
    Dense: FullyConnected(),
}
