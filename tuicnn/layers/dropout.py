"""Dropout: noise while training, nothing afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tuicnn.kinds import Number
from tuicnn.later import np
from tuicnn.words import positional, word

from .base import Layer, Pass

if TYPE_CHECKING:
    from .base import Array

__all__ = ["Dropout"]


@word(
    "layer",
    "dropout",
    help="zeroes a share P of the values while training",
    aliases=("drop",),
    example="dropout 0.5",
    usage="dropout P",
    shape="any shape -> the same shape",
    formula=(
        "y = x*m/(1 - P), with m = 0 in a share P of the places and 1 elsewhere, drawn anew each step\n"
        "after training, y = x"
    ),
    source=(
        "Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, Dropout (2014), section 10, scaled while training"
    ),
)
@dataclass(frozen=True)
class Dropout(Layer):
    """Zeroes each value with probability P and divides the others by 1 - P, so that the mean stays.

    Source: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, Dropout (2014), in its inverted form.
    """

    share: float = positional(Number(at_least=0, below=1), help="share of the values to zero")

    def forward(self, inputs: Sequence[Array], weights: Mapping[str, Array], run: Pass) -> tuple[Array, Any]:
        """y = x·m/(1 - P), m drawn anew for each value; y = x outside training, and where nothing is to be drawn."""
        if not run.training or run.random is None or self.share == 0:
            return inputs[0], None
        drawn = run.random().random(inputs[0].shape, dtype=np.float32)  # the same mask in float32 and in float64
        scale = (drawn >= self.share).astype(inputs[0].dtype)
        scale *= 1 / (1 - self.share)
        return inputs[0] * scale, scale

    def backward(
        self, dy: Array, saved: Any, weights: Mapping[str, Array], gradients: Mapping[str, Array], run: Pass
    ) -> Sequence[Array | None]:
        """y is x times a number that does not depend on it, so dx is dy times the same number."""
        return (dy if saved is None else dy * saved,)
