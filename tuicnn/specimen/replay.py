"""What a training step computes, layer by layer, to the same bits.

The engine's own step is replayed, and a hook copies what is asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tuicnn.engine.hooks import StepHook
from tuicnn.kernels.arrays import Array
from tuicnn.language.plan import INPUT
from tuicnn.layers import Dropout

if TYPE_CHECKING:
    from tuicnn.engine.executor import Shard
    from tuicnn.engine.graph import Unit
    from tuicnn.engine.network import Network
    from tuicnn.engine.step import Fetch

__all__ = ["Replay"]

#: bytes of recorded arrays that are kept from one question to the next
KEPT = 2**27


class Result(NamedTuple):
    """A step's mean loss, its gradient by each weight's name with PyTorch's axes, and by node what `combine` gave."""

    loss: float
    gradients: dict[str, Array]
    statistics: Mapping[int, Any]


class _Recorder(StepHook):
    """Copies what some nodes give in a step, and the gradients by it: lists of (shard, array)."""

    def __init__(self, wanted: set[int]) -> None:
        self._wanted = wanted
        self.outputs: dict[int, list[tuple[int, Array]]] = defaultdict(list)
        self.gradients: dict[int, list[tuple[int, Array]]] = defaultdict(list)
        self.scales: dict[int, list[tuple[int, Array]]] = defaultdict(list)

    def on_forward(self, unit: Unit, shard: Shard, seconds: float) -> None:
        """Copy a unit's output, and of dropout what it multiplied by."""
        self._take(self.outputs, unit.node, shard.number, shard.outputs[unit.node])
        if isinstance(unit.layer, Dropout):
            self._take(self.scales, unit.node, shard.number, shard.saved[unit.node])

    def on_backward(self, unit: Unit, shard: Shard, gradients: Mapping[str, Array], seconds: float) -> None:
        """Copy the gradient by a unit's output."""
        self._take(self.gradients, unit.node, shard.number, shard.gradients[unit.node])

    def _take(self, into: dict[int, list[tuple[int, Array]]], node: int, shard: int, array: Array | None) -> None:
        if node in self._wanted and array is not None:
            into[node].append((shard, _outer(array)))


class Replay:
    """A step of a network over `count` images; `fetch` is as in `Network.forward_backward`, `step` keys dropout.

    Arrays of a batch are (N, C, H, W) or (N, V). Nothing of the network may change while this is used.
    """

    def __init__(self, network: Network, count: int, fetch: Fetch, step: int) -> None:
        self._network, self._count, self._fetch, self._step = network, count, fetch, step
        self._outputs: dict[int, Array] = {}
        self._gradients: dict[int, Array] = {}
        self._scales: dict[int, Array] = {}
        self._result: Result | None = None

    @cached_property
    def batch(self) -> tuple[Array, Any]:
        """The images (N, C, H, W), augmented as the step takes them, and their labels (N,)."""
        images, labels = self._fetch(0, self._count)
        return _outer(images), labels

    def _replay(self, hook: StepHook | None = None) -> None:
        found = self._network.replay(self._count, self._fetch, step=self._step, hook=hook)
        if self._result is None:
            gradients = {name: view.copy() for name, view in self._network.store.named(found.gradient).items()}
            self._result = Result(found.loss, gradients, found.batch_statistics)

    @property
    def result(self) -> Result:
        """What the whole batch gives."""
        if self._result is None:
            self._replay()
        assert self._result is not None
        return self._result

    def outputs(self, node: int) -> Array | None:
        """What a node gives for all images; under `INPUT` the images. None for a node that nothing reads."""
        return self.batch[0] if node == INPUT else self._recorded(node)[0]

    def gradients(self, node: int) -> Array | None:
        """The gradient by it; None where the step does not compute it, as nothing before it learns."""
        return None if node == INPUT else self._recorded(node)[1]

    def scales(self, node: int) -> Array | None:
        """What dropout multiplies by; None of other nodes, and where nothing is dropped."""
        self._recorded(node)
        return self._scales.get(node)

    def _recorded(self, node: int) -> tuple[Array | None, Array | None]:
        if node not in self._outputs and node in self._network.executor.graph.live:
            nodes = self._network.plan.nodes
            wanted = {node, *nodes[node].inputs, *(n for n, other in enumerate(nodes) if node in other.inputs)}
            if sum(a.nbytes for kept in (self._outputs, self._gradients) for a in kept.values()) > KEPT:
                self._outputs.clear()
                self._gradients.clear()
            recorder = _Recorder(wanted)
            self._replay(recorder)
            for kept, recorded in (
                (self._outputs, recorder.outputs),
                (self._gradients, recorder.gradients),
                (self._scales, recorder.scales),
            ):
                for number, parts in recorded.items():
                    kept[number] = np.concatenate([array for _, array in sorted(parts, key=lambda part: part[0])])
        return self._outputs.get(node), self._gradients.get(node)


def _outer(x: Array) -> Array:
    """A copy of (H, W, N, C) as (N, C, H, W); of (N, V) as it is."""
    return np.array(x.transpose(2, 3, 0, 1) if x.ndim == 4 else x, order="C")
