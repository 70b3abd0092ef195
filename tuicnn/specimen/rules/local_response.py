"""Local response normalisation: y = x * scale with scale = base**-beta, and base = k + alpha/N * (sum of squares)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from tuicnn import plain
from tuicnn.kernels.arrays import Array
from tuicnn.layers import LRN, Layer
from tuicnn.specimen.explanation import Part

from .base import Index, Opened, Rule, Use, View

__all__ = ["OPENS"]


class LocalResponse(Rule):
    """See `plain.local_response_norm`."""

    def around(self, view: View, channel: int) -> range:
        """The channels around one, those that there are."""
        return plain.channels_around(channel, view.x.array.shape[0], view.layer.channels)

    def output(self, view: View, index: Index) -> Opened:
        x, scale = view.x, view.derived["scale"]
        part = x.part(index, scale[index], scale.address(index), "the value")
        words = "the value times a scale, which is small where the channels around are large"
        return Opened(f"{view.named(index)} = {view.named(index, x)} * {view.named(index, scale)}", [part], words=words)

    def derived(self, view: View) -> dict[str, Array]:
        layer, squares = view.layer, view.x.array.astype(np.float64) ** 2
        base = np.stack([squares[list(self.around(view, c))].sum(axis=0) for c in range(len(squares))])
        base = layer.k + layer.alpha / layer.channels * base
        return {"scale": base**-layer.beta, "base": base}

    def own(self, view: View, name: str, index: Index) -> Opened:
        layer, x, base = view.layer, view.x, view.derived["base"]
        written = view.named(index, view.derived[name])
        if name == "scale":
            function = partial(_power, exponent=-layer.beta)
            part = Part("base", base[index], float(function(np.asarray(base[index]))), 1.0, base.address(index))
            formula = f"{written} = {view.named(index, base)} ** -{layer.beta:g}"
            return Opened(formula, [part], "power", "the power that each value is multiplied by", function=function)
        share, parts = layer.alpha / layer.channels, [Part("k", layer.k, layer.k)]
        for channel in self.around(view, index[0]):
            place = (channel, *index[1:])
            parts.append(Part("", x[place], share * x[place] ** 2, share * x[place], x.address(place)))
        formula = f"{written} = {layer.k:g} + {layer.alpha:g} / {layer.channels} * (sum of {len(parts) - 1} squares)"
        return Opened(formula, parts, words="a constant, and the squares of the channels around, weighed")

    def readers(self, view: View, number: int, index: Index) -> Iterable[Use]:
        layer, x, scale, base = view.layer, view.x, view.derived["scale"], view.derived["base"]
        for channel in self.around(view, index[0]):
            place = (channel, *index[1:])
            through = 2 * layer.alpha * layer.beta / layer.channels * x[place] * x[index] * scale[place] / base[place]
            yield Use(place, (scale[place] if place == index else 0.0) - through)


def _power(x: Array, exponent: float) -> Array:
    made: Array = x**exponent
    return made


OPENS: dict[type[Layer], Rule] = {LRN: LocalResponse()}
