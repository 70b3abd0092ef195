"""The gradients of one image's loss by everything, in evaluation mode: running statistics, nothing dropped.

Every layer goes back from the values that the engine has at its inputs, in float64.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from tuicnn.kernels.arrays import Array
from tuicnn.language.plan import INPUT
from tuicnn.layers import BatchNorm, LayerContext

if TYPE_CHECKING:
    from tuicnn.engine.network import Network

__all__ = ["Gradients", "gradients_of"]


@dataclass
class Gradients:
    """The gradient by each node's output, by number, the image under `INPUT`; and by each weight, by node and name.

    Shapes are PyTorch's, without the batch: (C, H, W) or (V,), and a weight's own.
    """

    outputs: dict[int, Array] = field(default_factory=dict)
    weights: dict[tuple[int, str], Array] = field(default_factory=dict)


def gradients_of(network: Network, image: Array, outputs: Sequence[Array | None], d_logits: Array) -> Gradients:
    """From the image (C, H, W), the nodes' outputs as `Network.activations` has them, and the logits' gradient (K,)."""
    found = Gradients({len(outputs) - 1: d_logits, INPUT: np.zeros(image.shape)})
    for number in reversed([number for number, output in enumerate(outputs) if output is not None]):
        node, dy = network.plan.nodes[number], found.outputs[number]
        inputs = [_inner(image if source == INPUT else _known(outputs[source])) for source in node.inputs]
        weights = {name: w.astype(np.float64) for name, w in network.store.weights[number].items()}
        specs = node.layer.weights(*node.input_shapes)
        written = {name: np.zeros(w.shape) for name, w in weights.items()}
        if isinstance(node.layer, BatchNorm):
            statistics = network.store.buffers[number]
            dxs = _normalised_backward(_inner(dy), inputs[0], weights, statistics, node.layer, written)
        else:
            context = LayerContext(True, buffers=network.store.buffers[number])
            _, saved = node.layer.forward(inputs, weights, context)
            dxs = node.layer.backward(_inner(dy), saved, weights, written, context)
        for name, gradient in written.items():
            axes = specs[name].axes
            found.weights[number, name] = gradient.transpose(axes) if axes else gradient
        for source, dx in zip(node.inputs, dxs, strict=True):
            assert dx is not None
            found.outputs[source] = found.outputs.get(source, 0.0) + _outer(dx)
    return found


def _normalised_backward(
    dy: Array, x: Array, weights: Mapping[str, Array], buffers: Mapping[str, Array], layer: BatchNorm, written: Any
) -> Sequence[Array | None]:
    """Batch normalisation with constant statistics: y = weight * (x - mean) * rstd + bias, the channels last."""
    rstd = 1 / np.sqrt(buffers["running_var"].astype(np.float64) + layer.eps)
    xhat = (x - buffers["running_mean"]) * rstd
    axes = tuple(range(x.ndim - 1))
    written["weight"][...] = (dy * xhat).sum(axes)
    written["bias"][...] = dy.sum(axes)
    return [dy * (weights["weight"] * rstd)]


def _known(output: Array | None) -> Array:
    assert output is not None  # a node that is run reads only nodes that are run
    return output


def _inner(x: Array) -> Array:
    """(C, H, W) -> the engine's (H, W, 1, C); (V,) -> (1, V); in float64."""
    wide = x.astype(np.float64)
    return np.ascontiguousarray(wide.transpose(1, 2, 0)[:, :, None]) if x.ndim == 3 else wide[None]


def _outer(x: Array) -> Array:
    """The inverse of `_inner`."""
    return x[:, :, 0].transpose(2, 0, 1) if x.ndim == 4 else x[0]
