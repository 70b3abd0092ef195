"""Activations: a function of one value, and softmax, of a row of values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from tuicnn import plain
from tuicnn.kernels.arrays import Array
from tuicnn.layers import Layer, PReLU, Softmax
from tuicnn.layers.activations import Activation
from tuicnn.specimen.explanation import Part
from tuicnn.vocabulary import arguments, info

from .base import Index, Opened, Rule, Use, View

__all__ = ["OPENS", "Function", "softmax_parts"]


class Function(Rule):
    """y = f(x), value by value: the slow twin of the layer's name, or of another that it is called by."""

    def __init__(self, layer: type[Activation]) -> None:
        about = info(layer)
        self.words = f"{about.name} takes this one value: {about.help}"
        self.name = next(name for name in (about.name, *about.aliases) if hasattr(plain, name))
        self.formula = about.formula.partition("=")[2].strip()
        self.forward: Callable[..., Any] = getattr(plain, self.name)
        self.backward: Callable[..., Any] = getattr(plain, f"{self.name}_backward")

    def options(self, view: View) -> dict[str, float]:
        """The constants of the formula, such as a slope."""
        return {argument.name: getattr(view.layer, argument.name) for argument in arguments(view.layer)}

    def output(self, view: View, index: Index) -> Opened:
        x, options = view.x[index], self.options(view)
        y = float(self.forward(np.asarray(x, np.float64), **options))
        part = Part("input", x, y, y / x if x else 0.0, view.x.address(index))
        written = {"x": view.named(index, view.x), **{name: f"{value:g}" for name, value in options.items()}}
        formula = re.sub(r"\b[a-z]+\b", lambda found: written.get(found[0], found[0]), self.formula)
        function = partial(self.forward, **options)
        return Opened(f"{view.named(index)} = {formula}", [part], self.name, self.words, function=function)

    def readers(self, view: View, number: int, index: Index) -> Iterable[Use]:
        x = np.asarray(view.x[index], np.float64)
        yield Use(index, float(self.backward(np.ones(()), x, **self.options(view))))


def softmax_parts(x: Any, own: Index, row: list[Index]) -> list[Part]:
    """The parts of a ratio exp(x[own]) / sum over the row of exp(x): first its own. The largest is taken off before."""
    largest = max(x[index] for index in row)
    ordered = [own, *(index for index in row if index != own)]
    exponentials = {index: float(np.exp(x[index] - largest)) for index in ordered}
    return [
        Part("its own" if index == own else "another", x[index], exponentials[index], 1.0, x.address(index))
        for index in ordered
    ]


class LearntSlope(Rule):
    """y = max(x, 0) + weight * min(x, 0): see `plain.prelu`. `below` is min(x, 0)."""

    def derived(self, view: View) -> dict[str, Array]:
        return {"below": np.minimum(view.x.array.astype(np.float64), 0)}

    def slope(self, view: View, index: Index) -> Index:
        """The index of a value's own slope."""
        return (index[0] if view.own["weight"].array.size > 1 else 0,)

    def output(self, view: View, index: Index) -> Opened:
        x, weight, own = view.x, view.own["weight"], self.slope(view, index)
        if x[index] > 0:
            words = "the same value: it lies above 0"
            return Opened(f"{view.named(index)} = {view.named(index, x)}", [x.part(index, label="input")], words=words)
        formula = f"{view.named(own, weight)} * {view.named(index, x)}"
        parts = [x.part(index, weight[own], weight.address(own), "input")]
        return Opened(f"{view.named(index)} = {formula}", parts, words="the value, below 0, times a learnt slope")

    def own(self, view: View, name: str, index: Index) -> Opened:
        x = view.x
        formula = f"{view.named(index, view.derived[name])} = min({view.named(index, x)}, 0)"
        parts = [x.part(index, 1.0 if x[index] < 0 else 0.0, label="input")]
        return Opened(formula, parts, words="the value where it lies below 0, else 0: what the slope multiplies")

    def readers(self, view: View, number: int, index: Index) -> Iterable[Use]:
        weight, own = view.own["weight"], self.slope(view, index)
        yield Use(index, 1.0) if view.x[index] > 0 else Use(index, weight[own], weight.address(own))

    def uses(self, view: View, name: str, index: Index) -> Iterable[Use]:
        below = view.derived["below"]
        for place in np.ndindex(*view.output.array.shape):
            if self.slope(view, place) == index:
                yield Use(place, below[place], below.address(place))


class Shares(Rule):
    """y[k] = exp(x[k]) / sum over j of exp(x[j]), over a vector's values or a pixel's channels: see `plain.softmax`."""

    def row(self, view: View, index: Index) -> list[Index]:
        return [(k, *index[1:]) for k in range(view.x.array.shape[0])]

    def output(self, view: View, index: Index) -> Opened:
        x, k = view.x, ("k", *index[1:])
        formula = f"exp({view.named(index, x)}) / sum over k < {x.array.shape[0]} of exp({view.named(k, x)})"
        words = "exp of the value as a share of the exps of them all: the shares add up to 1"
        parts = softmax_parts(x, index, self.row(view, index))
        return Opened(f"{view.named(index)} = {formula}", parts, "ratio", words)

    def readers(self, view: View, number: int, index: Index) -> Iterable[Use]:
        row = self.row(view, index)
        y = plain.softmax(np.array([view.x[place] for place in row]))
        for k, place in enumerate(row):
            yield Use(place, float(y[k] * ((place == index) - y[index[0]])))


OPENS: dict[type[Layer], Rule] = {PReLU: LearntSlope(), Softmax: Shares()}
