"""Watching a training step unit by unit: what a hook is told, and a profile of a step made from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tuicnn.kernels.arrays import Array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tuicnn.engine.executor import Shard
    from tuicnn.engine.graph import Unit
    from tuicnn.engine.parameters import Entry

__all__ = ["StepHook", "StepProfile"]


class StepHook:
    """Is told of each unit of a step as it is computed, for each shard of this process; does nothing itself.

    A step with a hook computes each layer separately, one without fuses neighbours; the bits are the same. The arrays
    are the step's own, valid within the call; `seconds` is the time of the computation, without the hook.
    """

    def on_forward(self, unit: Unit, shard: Shard, seconds: float) -> None:
        """`shard.outputs` has what the unit made."""

    def on_loss(self, shard: Shard, losses: Array) -> None:
        """`losses` has one for each image; `shard.gradients[-1]` is the gradient by the network's output."""

    def on_backward(self, unit: Unit, shard: Shard, gradients: Mapping[str, Array], seconds: float) -> None:
        """`shard.gradients` has what came back to the unit and what it made; `gradients` those of its weights."""

    def on_gather(self, unit: Unit, seconds: float, *, backward: bool) -> None:
        """A `whole_batch` unit has gathered a shard's part of what it must know of the batch."""

    def on_gradient(self, gradient: Array) -> None:
        """The gradient of the whole batch by all weights, flat as they are."""

    def on_update(self, before: Array, after: Array, seconds: float) -> None:
        """The optimizer has moved the weights, flat, from `before` to `after`."""


class StepProfile(StepHook):
    """What one training step is like, layer by layer: arrays of one number a node, NaN where nothing is known.

    `forward_seconds` and `backward_seconds` are summed over the shards of this process. Of the batch's first shard:
    `activation` and `gradient` are the root mean squares of the outputs and of the gradients by them, `dead` is the
    share of channels or values that are 0 in all images, where a layer can die. `update` is how far the step has moved
    a layer's weights, as a share of their size: the norm of the difference over the norm before; `weight_gradient` is
    the whole batch's gradient by the weights of the node `gradient_of`, None for a node without weights.
    """

    def __init__(self, nodes: int, entries: Sequence[Entry] = (), gradient_of: int = -1) -> None:
        self.forward_seconds, self.backward_seconds = np.zeros(nodes), np.zeros(nodes)
        self.activation, self.gradient, self.dead, self.update = (np.full(nodes, np.nan) for _ in range(4))
        self.weight_gradient: Array | None = None
        self.gradient_of, self._entries = gradient_of, entries
        self.optimizer_seconds = 0.0

    @property
    def seconds(self) -> NDArray[np.float64]:
        """Forward and backward together."""
        return self.forward_seconds + self.backward_seconds

    def on_forward(self, unit: Unit, shard: Shard, seconds: float) -> None:
        """Take a unit's output."""
        self.forward_seconds[unit.node] += seconds
        y = shard.outputs[unit.node]
        if shard.number == 0 and y is not None:
            self.activation[unit.node] = _rms(y)
            if unit.layer.can_die:
                channels = y.any(axis=(0, 1, 2)) if y.ndim == 4 else y.any(axis=0)
                self.dead[unit.node] = float(np.mean(~channels))

    def on_backward(self, unit: Unit, shard: Shard, gradients: Mapping[str, Array], seconds: float) -> None:
        """Take the gradient by a unit's output."""
        self.backward_seconds[unit.node] += seconds
        dy = shard.gradients[unit.node]
        if shard.number == 0 and dy is not None:
            self.gradient[unit.node] = _rms(dy)

    def on_gather(self, unit: Unit, seconds: float, *, backward: bool) -> None:
        """Take the time."""
        (self.backward_seconds if backward else self.forward_seconds)[unit.node] += seconds

    def on_gradient(self, gradient: Array) -> None:
        """Take that of the node in question: a copy, since the optimizer uses it up."""
        parts = [entry.of(gradient) for entry in self._entries if entry.node == self.gradient_of]
        self.weight_gradient = np.concatenate(parts) if parts else None

    def on_update(self, before: Array, after: Array, seconds: float) -> None:
        """Take the time, and how far the weights were moved."""
        self.optimizer_seconds = seconds
        moved, size = np.zeros_like(self.update), np.zeros_like(self.update)
        for entry in self._entries:
            old = entry.of(before)
            step = entry.of(after) - old
            moved[entry.node] += np.dot(step, step)
            size[entry.node] += np.dot(old, old)
        np.divide(np.sqrt(moved), np.sqrt(size), out=self.update, where=size > 0)


def _rms(array: Array) -> float:
    """The root mean square of an array."""
    flat = array.reshape(-1)
    return float(np.sqrt(np.dot(flat, flat) / max(1, flat.size)))
