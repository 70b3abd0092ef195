"""How each kind of layer and each loss opens, one module a family."""

from __future__ import annotations

from tuicnn.layers import Layer
from tuicnn.layers.activations import Activation

from . import activations, channels, local_response, moves, normalisation, pooling, products, upsampling
from .base import Index, Opened, Operand, Rule, Use, View

__all__ = ["Index", "Opened", "Operand", "Rule", "Use", "View", "rule_of"]

_RULES: dict[type[Layer], Rule] = {
    **products.OPENS,
    **pooling.OPENS,
    **normalisation.OPENS,
    **activations.OPENS,
    **moves.OPENS,
    **channels.OPENS,
    **upsampling.OPENS,
    **local_response.OPENS,
}


_TRAINING: dict[type[Layer], Rule] = {**normalisation.TRAINING, **moves.TRAINING}


def rule_of(layer: type[Layer], *, training: bool = False) -> Rule:
    """How a class of layers opens, after training or in a training step.

    An activation that is a function of each value opens by its slow twin alone.
    """
    if training and layer in _TRAINING:
        return _TRAINING[layer]
    return _RULES[layer] if layer in _RULES or not issubclass(layer, Activation) else activations.Function(layer)
