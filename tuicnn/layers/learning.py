"""What every layer with weights lets its user say about how they learn: not at all, or at a rate of their own."""

from __future__ import annotations

from dataclasses import dataclass

from tuicnn.vocabulary import Boolean, Number, option

from .base import Layer

__all__ = ["Learning"]

_RATE = Number(above=0, at_most=1e6)


@dataclass(frozen=True, kw_only=True)
class Learning(Layer):
    """The base of layers with weights: the options that say how fast they learn."""

    freeze: bool | str = option(
        Boolean(also=("weight",)),
        default=False,
        help="true: its weights stay as they begin; weight: all of them but the bias do",
        last=True,
    )
    rate: float = option(_RATE, default=1.0, help="what the learning rate is multiplied by for its weights", last=True)
    bias_rate: float | None = option(
        _RATE, default=None, help="the same for its bias alone; rate where it is left out", last=True
    )

    decay: float = option(
        Number(at_least=0, at_most=1e6),
        default=1.0,
        help="what the weight decay is multiplied by for its weights",
        last=True,
    )

    def decay_of(self, weight: str) -> float:
        """As `decay`."""
        return self.decay

    def rate_of(self, weight: str) -> float:
        """As `rate`, or 0 where it is frozen."""
        if self.freeze is True or (self.freeze and weight != "bias"):
            return 0.0
        return self.rate if weight != "bias" or self.bias_rate is None else self.bias_rate
