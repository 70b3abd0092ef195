"""The gradients of one image's loss by everything, in evaluation mode: running statistics, nothing dropped.

Every layer goes back from the values that the engine has at its inputs, in float64; and only as far as is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tuicnn.kernels.arrays import Array
from tuicnn.language.plan import INPUT
from tuicnn.layers import BatchNorm, LayerContext

if TYPE_CHECKING:
    from tuicnn.engine.network import Network

__all__ = ["Gradients", "one_of"]


class Gradients:
    """Of a network's `Executor.outputs` for one image, (H, W, 1, C), and the logits' gradient, (K,) or (C, H, W).

    Inside, arrays have the engine's layout. What is given out has PyTorch's, without the batch: (C, H, W) or (V,), and
    a weight's own.
    """

    def __init__(self, network: Network, image: Array, outputs: Sequence[Array | None], d_logits: Array) -> None:
        self._network = network
        self._values = {number: output for number, output in enumerate(outputs) if output is not None}
        self._left = list(self._values)
        self._values[INPUT] = image
        self._outputs: dict[int, Array] = {len(outputs) - 1: _inner(d_logits)}
        self._weights: dict[tuple[int, str], Array] = {}

    def output(self, number: int) -> Array:
        """The gradient by what a node gave that the network's output depends on; under `INPUT` by the image."""
        self._come_down(number)
        return one_of(self._outputs[number])

    def weight(self, number: int, name: str) -> Array:
        """The gradient by one of a node's own weights."""
        self._come_down(number - 1)
        return self._weights[number, name]

    def _come_down(self, number: int) -> None:
        """Go back through all nodes after a node."""
        while self._left and self._left[-1] > number:
            self._go_back(self._left.pop())

    def _go_back(self, number: int) -> None:
        """From a node's output to its inputs and weights."""
        network, node, dy = self._network, self._network.plan.nodes[number], self._outputs[number]
        inputs = [self._values[source].astype(np.float64) for source in node.inputs]
        own, statistics = network.store.weights[number], network.store.buffers[number]
        weights = {name: w.astype(np.float64) for name, w in own.items()}
        written = {name: np.zeros(w.shape) for name, w in own.items()}
        if isinstance(node.layer, BatchNorm):
            dxs = _normalised_backward(dy, inputs[0], weights, statistics, node.layer, written)
        else:
            context = LayerContext(True, buffers=statistics)
            _, saved = node.layer.forward(inputs, weights, context)
            dxs = node.layer.backward(dy, saved, weights, written, context)
        specs = node.layer.weights(*node.input_shapes) if own else {}
        for name, gradient in written.items():
            axes = specs[name].axes
            self._weights[number, name] = gradient.transpose(axes) if axes else gradient
        for source, dx in zip(node.inputs, dxs, strict=True):
            assert dx is not None
            before = self._outputs.get(source)
            self._outputs[source] = dx if before is None else before + dx


def _inner(x: Array) -> Array:
    """The opposite of `one_of`."""
    return x.transpose(1, 2, 0)[:, :, None] if x.ndim == 3 else x[None]


def one_of(x: Array) -> Array:
    """The first image of the engine's (H, W, N, C) as (C, H, W), a view; of (N, V), (V,)."""
    return x[:, :, 0].transpose(2, 0, 1) if x.ndim == 4 else x[0]


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
