"""Runs a plan's layers over the shards of a batch: forward, and backward in the opposite order.

A batch is cut into shards of a size that depends on the plan alone. Each process of the group takes its shards through
as many layers as it can, one shard after the other, while what one layer made is still in the cache for the next; only
a layer that must know the whole batch (`whole_batch`, batch normalisation) makes them wait for each other. Sums over
shards are taken in the shards' order, so the result is the same to the last bit for any number of processes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from tuicnn.engine.parameters import Store
from tuicnn.kernels.memory import empty
from tuicnn.language.plan import INPUT
from tuicnn.layers.base import Layer, LayerContext
from tuicnn.layers.fused import fused
from tuicnn.randomness import generator
from tuicnn.sharding import shard_bounds, shard_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tuicnn.engine.hooks import StepHook
    from tuicnn.language.plan import Plan

    Array = NDArray[np.floating[Any]]

__all__ = ["Executor", "Shard", "Unit"]


@dataclass(frozen=True)
class Unit:
    """One node of the plan, or neighbours that are computed in one go; `layer` does what they do one after the other.

    `node` is the last of them, whose output this is; `owner` the one whose weights it has. `needs_input_gradient` says
    whether a layer before it learns, `last_read` which nodes' outputs no later unit reads.
    """

    layer: Layer
    node: int
    owner: int
    inputs: tuple[int, ...]
    needs_input_gradient: bool
    last_read: tuple[int, ...] = ()


@dataclass
class Shard:
    """One shard on its way through the network: each node's output, what it saved, and its output's gradient."""

    number: int
    x: Array
    outputs: list[Array | None]
    saved: list[Any]
    gradients: list[Array | None]

    @classmethod
    def begin(cls, number: int, x: Array, count: int) -> Shard:
        return cls(number, x, [None] * count, [None] * count, [None] * count)


class Executor:
    """The graph of a plan, ready to run. `step` keys the randomness of dropout."""

    def __init__(self, plan: Plan, store: Store, seed: int, shard: int | None = None) -> None:
        """`shard` is how many images a shard has at most, where that is not to be chosen for this machine."""
        self.plan, self.store, self.seed = plan, store, seed
        self.layers = [node.layer for node in plan.nodes]
        self.inputs = [node.inputs for node in plan.nodes]
        macs = sum(node.layer.macs(*node.input_shapes) for node in plan.nodes)
        self.shard_size = shard or shard_size(macs, plan.train.batch)
        self.live = self._live()
        self.needs_gradient = self._needs_gradient()
        #: the nodes one by one, for a step that is watched
        self.single = _segments([self._unit(self.layers[node], node, node, self.inputs[node]) for node in self.live])
        #: neighbours joined where that is faster; the results are the same bits
        self.joined = _segments(self._join())

    def shards(self, count: int) -> list[tuple[int, int]]:
        """The shards of `count` images as (start, stop)."""
        return shard_bounds(count, self.shard_size)

    def _live(self) -> list[int]:
        """The nodes that the output depends on, in order: what a branch begun with @label leaves behind is not run."""
        wanted = {len(self.layers) - 1}
        for index in reversed(range(len(self.layers))):
            if index in wanted:
                wanted.update(source for source in self.inputs[index] if source != INPUT)
        return sorted(wanted)

    def _needs_gradient(self) -> list[bool]:
        """Whether a node, or one that it depends on, learns: nobody needs the gradient by the image itself."""
        needs: list[bool] = []
        for index in range(len(self.layers)):
            upstream = any(needs[source] for source in self.inputs[index] if source != INPUT)
            needs.append(bool(self.store.weights[index]) or upstream)
        return needs

    def _unit(self, layer: Layer, node: int, owner: int, inputs: tuple[int, ...]) -> Unit:
        needs_input_gradient = any(self.needs_gradient[source] for source in inputs if source != INPUT)
        return Unit(layer, node, owner, inputs, needs_input_gradient)

    def _join(self) -> list[Unit]:
        """Chains of nodes that `fused` knows how to compute in one go, where nobody else reads what lies between."""
        readers = dict.fromkeys(range(len(self.layers)), 0)
        for index in self.live:
            for source in self.inputs[index]:
                if source != INPUT:
                    readers[source] += 1
        units: list[Unit] = []
        at: dict[int, int] = {}  # which unit ends with a node
        for index in self.live:
            sources = self.inputs[index]
            place = at.get(sources[0]) if len(sources) == 1 else None
            if place is not None and readers[sources[0]] == 1:
                before = units[place]
                joined = fused(before.layer, self.layers[index])
                if joined is not None:
                    owner = index if self.store.weights[index] else before.owner
                    units[place] = self._unit(joined, index, owner, before.inputs)
                    at[index] = place
                    continue
            at[index] = len(units)
            units.append(self._unit(self.layers[index], index, index, sources))
        return units

    def gather_inputs(self, shard: Shard, unit: Unit) -> list[Array]:
        """What a unit reads of a shard."""
        outputs = shard.outputs
        return [
            array for source in unit.inputs if (array := shard.x if source == INPUT else outputs[source]) is not None
        ]

    def _context(self, unit: Unit, shard: Shard, step: int | None, shared: Any) -> LayerContext:
        return LayerContext(
            step is not None,
            None if step is None else (lambda: generator(self.seed, "dropout", unit.node, step, shard.number)),
            shared,
            self.store.buffers[unit.owner],
            unit.needs_input_gradient,
        )

    # --- without training -------------------------------------------------------------------------------------------

    def forward(self, x: Array) -> list[Array | None]:
        """Every node's output for one small batch, without training (None where the network's own does not need it)."""
        shard = Shard.begin(0, x, len(self.layers))
        for segment in self.single:
            for unit in segment:
                self._infer(shard, unit)
        return shard.outputs

    def infer(self, x: Array) -> Array:
        """The network's output for one shard, without training; nothing is kept longer than it is needed."""
        shard = Shard.begin(0, x, len(self.layers))
        for segment in self.joined:
            for unit in segment:
                self._infer(shard, unit)
                for source in unit.last_read:
                    shard.outputs[source] = None
        out = shard.outputs[-1]
        assert out is not None
        return out

    def _infer(self, shard: Shard, unit: Unit) -> None:
        context = self._context(unit, shard, None, None)
        inputs = self.gather_inputs(shard, unit)
        shard.outputs[unit.node] = unit.layer.forward(inputs, self.store.weights[unit.owner], context)[0]

    # --- one shard through one segment ------------------------------------------------------------------------------

    def forward_segment(
        self, shard: Shard, segment: Sequence[Unit], combined: Mapping[int, Any], step: int, hook: StepHook | None
    ) -> None:
        """Forward through some units, with all that backward needs."""
        for unit in segment:
            began = perf_counter()
            context = self._context(unit, shard, step, combined.get(unit.owner))
            shard.outputs[unit.node], shard.saved[unit.node] = unit.layer.forward(
                self.gather_inputs(shard, unit), self.store.weights[unit.owner], context
            )
            if hook is not None:
                hook.on_forward(unit, shard, perf_counter() - began)
            for source in unit.last_read:
                shard.outputs[source] = None

    def backward_unit(
        self,
        shard: Shard,
        unit: Unit,
        gradients: Mapping[str, Array],
        shared: Mapping[int, Any],
        step: int,
        hook: StepHook | None,
    ) -> None:
        """Backward through one unit: writes its weights' `gradients`, adds to the gradients of what it reads."""
        dy = shard.gradients[unit.node]
        if dy is None or not self.needs_gradient[unit.node]:
            return
        began = perf_counter()
        context = self._context(unit, shard, step, shared.get(unit.owner))
        back = unit.layer.backward(dy, shard.saved[unit.node], self.store.weights[unit.owner], gradients, context)
        shard.saved[unit.node] = None
        for source, dx in zip(unit.inputs, back, strict=True):
            if source == INPUT or dx is None or not self.needs_gradient[source]:
                continue
            already = shard.gradients[source]
            # never in place: a layer may hand the same array to several of its inputs
            if already is not None:
                dx = np.add(already, dx, out=empty(dx.shape, dx.dtype))
            shard.gradients[source] = dx
        if hook is not None:
            hook.on_backward(unit, shard, gradients, perf_counter() - began)
        shard.gradients[unit.node] = None

    def gather(self, shard: Shard, unit: Unit, hook: StepHook | None) -> NDArray[np.float64]:
        """A shard's part of what a `whole_batch` unit must know before forward."""
        began = perf_counter()
        part = unit.layer.gather(self.gather_inputs(shard, unit), self.store.weights[unit.owner])
        if hook is not None:
            hook.on_gather(unit, perf_counter() - began, backward=False)
        return part

    def gather_backward(self, shard: Shard, unit: Unit, hook: StepHook | None) -> NDArray[np.float64]:
        """A shard's part of what a `whole_batch` unit must know before backward."""
        dy = shard.gradients[unit.node]
        assert dy is not None
        began = perf_counter()
        part = unit.layer.gather_backward(dy, shard.saved[unit.node], self.store.weights[unit.owner])
        if hook is not None:
            hook.on_gather(unit, perf_counter() - began, backward=True)
        return part


def _segments(units: Sequence[Unit]) -> list[list[Unit]]:
    """Runs of units that a shard can pass without waiting; each but the first begins with a `whole_batch` layer."""
    last = {source: unit.node for unit in units for source in unit.inputs if source != INPUT}
    segments: list[list[Unit]] = [[]]
    for unit in units:
        if unit.layer.whole_batch:
            segments.append([])
        read = tuple(source for source, node in last.items() if node == unit.node)
        segments[-1].append(replace(unit, last_read=read))
    return segments
