"""What a training step computes, layer by layer, to the same bits.

The engine's own step is replayed, and a hook copies what is asked for. A replay goes back no further than it must. What
one image of the batch has needs its shard alone, once the statistics of the whole batch are known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from tuicnn.engine.hooks import StepHook
from tuicnn.kernels.arrays import Array
from tuicnn.language.plan import INPUT
from tuicnn.layers import Dropout

if TYPE_CHECKING:
    from tuicnn.engine.executor import Shard
    from tuicnn.engine.graph import Unit
    from tuicnn.engine.network import Network
    from tuicnn.engine.step import Fetch, StepResult

__all__ = ["ImagePass", "Replay"]

#: bytes of arrays of the whole batch that are kept from one question to the next
KEPT = 2**27


@dataclass(frozen=True)
class ImagePass:
    """One image's way through the step: by node what it gives, the gradient by it, and what dropout multiplied by.

    Gradients are known from the node `down_to` on; a node without one is one before which nothing learns.
    """

    down_to: int
    outputs: dict[int, Array] = field(default_factory=dict)
    gradients: dict[int, Array] = field(default_factory=dict)
    scales: dict[int, Array] = field(default_factory=dict)


class _BatchRecorder(StepHook):
    """Copies what some nodes give in a step, and the gradients by it: lists of (shard, array)."""

    def __init__(self, wanted: set[int]) -> None:
        self._wanted = wanted
        self.outputs: dict[int, list[tuple[int, Array]]] = defaultdict(list)
        self.gradients: dict[int, list[tuple[int, Array]]] = defaultdict(list)

    def on_forward(self, unit: Unit, shard: Shard, seconds: float) -> None:
        """Copy a unit's output."""
        self._take(self.outputs, unit.node, shard.number, shard.outputs[unit.node])

    def on_backward(self, unit: Unit, shard: Shard, gradients: Mapping[str, Array], seconds: float) -> None:
        """Copy the gradient by a unit's output."""
        self._take(self.gradients, unit.node, shard.number, shard.gradients[unit.node])

    def _take(self, into: dict[int, list[tuple[int, Array]]], node: int, shard: int, array: Array | None) -> None:
        if node in self._wanted and array is not None:
            into[node].append((shard, _outer(array)))


class _ImageRecorder(StepHook):
    """Copies all that one image of a shard has, the image with the number `place` in it."""

    def __init__(self, place: int, down_to: int) -> None:
        self._place = place
        self.found = ImagePass(down_to)

    def on_forward(self, unit: Unit, shard: Shard, seconds: float) -> None:
        """Copy a unit's output, and of dropout what it multiplied by."""
        self._take(self.found.outputs, unit.node, shard.outputs[unit.node])
        if isinstance(unit.layer, Dropout):
            self._take(self.found.scales, unit.node, shard.saved[unit.node])

    def on_backward(self, unit: Unit, shard: Shard, gradients: Mapping[str, Array], seconds: float) -> None:
        """Copy the gradient by a unit's output."""
        self._take(self.found.gradients, unit.node, shard.gradients[unit.node])

    def _take(self, into: dict[int, Array], node: int, array: Array | None) -> None:
        if array is not None:
            one = slice(self._place, self._place + 1)
            into[node] = _outer(array[:, :, one] if array.ndim == 4 else array[one])[0]


class Replay:
    """A step of a network over `count` images; `fetch` is as in `Network.forward_backward`, `step` keys dropout.

    Arrays of a batch are (N, C, H, W) or (N, V). Nothing of the network may change while this is used.
    """

    def __init__(self, network: Network, count: int, fetch: Fetch, step: int) -> None:
        self._network, self._count, self._fetch, self._step = network, count, fetch, step
        self._last = len(network.plan.nodes)
        self._nodes = {entry.name: entry.node for entry in network.store.entries}
        self._result: StepResult | None = None
        self._down_to = self._last + 1  # the node that the furthest replay came down to; `_last`: none
        self._weights: dict[str, Array] = {}
        self._outputs: dict[int, Array] = {}
        self._gradients: dict[int, Array] = {}

    @cached_property
    def batch(self) -> tuple[Array, Any]:
        """The images (N, C, H, W), augmented as the step takes them, and their labels (N,)."""
        images, labels = self._fetch(0, self._count)
        return _outer(images), labels

    # --- of the whole batch -----------------------------------------------------------------------------------------

    @property
    def loss(self) -> float:
        """The batch's mean loss."""
        return self._come_down(self._last).loss

    def statistics(self, node: int) -> Any:
        """What a `whole_batch` node's `combine` gave; None of another."""
        return self._come_down(self._last).batch_statistics.get(node)

    @property
    def logits(self) -> Array:
        """What the network gives for all images, (N, V)."""
        self._come_down(self._last)
        return self._outputs[self._last - 1]

    def weight_gradient(self, name: str) -> Array:
        """The batch's gradient by a weight, `conv1.weight`, with PyTorch's axes."""
        self._come_down(self._nodes[name])
        return self._weights[name]

    @cached_property
    def gradient_norm(self) -> float:
        """The Euclidean norm of the gradient by all weights that are not frozen."""
        return self._network.parameter_groups.norm(self._replay(0).gradient)

    def outputs(self, node: int) -> Array:
        """What a node that something reads gives for all images; under `INPUT` the images."""
        if node == INPUT:
            return self.batch[0]
        if node not in self._outputs:
            self._replay(self._last, {node})
        return self._outputs[node]

    def gradients(self, node: int) -> Array | None:
        """The gradient by it; None where the step does not compute it, as nothing before it learns."""
        graph = self._network.executor.graph
        if node not in graph.live or not graph.needs_gradient[node]:
            return None
        if node not in self._gradients:
            self._replay(node)
        return self._gradients[node]

    def _come_down(self, node: int) -> StepResult:
        """A replay that came down to a node at least."""
        if self._result is None or self._down_to > node:
            self._replay(node)
        assert self._result is not None
        return self._result

    def _replay(self, down_to: int, wanted: set[int] | None = None) -> StepResult:
        """Replay the step down to a node; of this one, the arrays that a weight's gradient is made of are kept."""
        nodes = self._network.plan.nodes
        if wanted is None:
            wanted = {down_to, *nodes[down_to].inputs} if down_to < self._last else set()
        recorder = _BatchRecorder({*wanted, self._last - 1})
        result = self._network.replay(self._count, self._fetch, step=self._step, hook=recorder, down_to=down_to)
        if self._result is None or down_to < self._down_to:
            self._result, self._down_to = result, down_to
            for name, view in self._network.store.named(result.gradient).items():
                if self._nodes[name] >= down_to and name not in self._weights:
                    self._weights[name] = view.copy()
        if sum(a.nbytes for kept in (self._outputs, self._gradients) for a in kept.values()) > KEPT:
            self._outputs.clear()
            self._gradients.clear()
        for kept, recorded in ((self._outputs, recorder.outputs), (self._gradients, recorder.gradients)):
            for number, parts in recorded.items():
                kept[number] = np.concatenate([array for _, array in sorted(parts, key=lambda part: part[0])])
        return result

    # --- of one image -----------------------------------------------------------------------------------------------

    def image(self, number: int, down_to: int | None = None) -> ImagePass:
        """The way of one image of the batch: its values, and gradients down to a node."""
        end = self._last if down_to is None else down_to
        before = self._come_down(end) if self._whole_batch else None
        bounds = self._network.executor.shards(self._count)
        shard, (start, _) = next((n, each) for n, each in enumerate(bounds) if each[0] <= number < each[1])
        recorder = _ImageRecorder(number - start, end)
        self._network.replay_shard(shard, self._count, self._fetch, before, step=self._step, hook=recorder, down_to=end)
        return recorder.found

    @cached_property
    def _whole_batch(self) -> bool:
        """Whether images depend on each other."""
        graph = self._network.executor.graph
        return any(self._network.plan.nodes[node].layer.whole_batch for node in graph.live)


def _outer(x: Array) -> Array:
    """A copy of (H, W, N, C) as (N, C, H, W); of (N, V) as it is."""
    return np.array(x.transpose(2, 3, 0, 1) if x.ndim == 4 else x, order="C")
