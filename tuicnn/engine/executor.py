"""Computes a network's units for a shard of images: forward alone, and what a training step needs of each unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tuicnn.engine.graph import Graph, Unit
from tuicnn.engine.parameters import Store
from tuicnn.kernels.arrays import Array
from tuicnn.kernels.derived import derived
from tuicnn.kernels.memory import empty
from tuicnn.language.plan import INPUT
from tuicnn.layers.base import LayerContext
from tuicnn.layers.batchnorm import BatchNorm
from tuicnn.randomness import generator
from tuicnn.sharding import part_size, shard_bounds, shard_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tuicnn.language.plan import Plan


__all__ = ["Executor", "Shard"]


class Shard:
    """One shard on its way through the network: each node's output, what it saved, and its output's gradient."""

    def __init__(self, number: int, x: Array, nodes: int) -> None:
        self.number, self.x = number, x
        self.outputs: list[Array | None] = [None] * nodes
        self.saved: list[Any] = [None] * nodes
        self.gradients: list[Array | None] = [None] * nodes

    def inputs(self, unit: Unit) -> list[Array]:
        """What a unit reads."""
        return [x for source in unit.inputs if (x := self.x if source == INPUT else self.outputs[source]) is not None]


class Executor:
    """The units of a plan with their weights. `step` keys the randomness of dropout; None: without training."""

    def __init__(self, plan: Plan, store: Store, seed: int, shard: int | None = None) -> None:
        """`shard` is how many images a shard has at most, where that is not to be chosen for this machine."""
        self.plan, self.store, self.seed = plan, store, seed
        learning = {entry.node for entry in store.entries if entry.rate}
        weighted = [bool(weights) for weights in store.weights]
        self.graph = Graph(plan, weighted, [node in learning for node in range(len(plan.nodes))])
        macs = sum(node.layer.macs(*node.input_shapes) for node in plan.nodes)
        self.shard_size = shard or shard_size(macs, plan.train.batch)
        self.part_size = part_size(max(map(self._working_set, self.graph.images)))

    def shards(self, count: int) -> list[tuple[int, int]]:
        """The shards of `count` images as (start, stop)."""
        return shard_bounds(count, self.shard_size)

    def shard(self, number: int, x: Array) -> Shard:
        """The shard of some images, `(H, W, n, C)`."""
        return Shard(number, x, len(self.plan.nodes))

    # --- without training -------------------------------------------------------------------------------------------

    def outputs(self, x: Array) -> list[Array | None]:
        """Every node's output for one small batch (None where the network's own does not need it)."""
        shard = self.shard(0, x)
        found: list[Array | None] = [None] * len(shard.outputs)
        for segment in self.graph.single:
            for unit in segment:
                self.forward(shard, unit)
                found[unit.node] = shard.outputs[unit.node]
        return found

    def _working_set(self, unit: Unit) -> int:
        shapes = [self.plan.input if source == INPUT else self.plan.nodes[source].shape for source in unit.inputs]
        return unit.layer.working_set(*shapes)

    def parts(self, count: int) -> list[tuple[int, int]]:
        """`count` images cut into what `infer` takes, as (start, stop)."""
        return shard_bounds(count, self.part_size)

    def infer(self, parts: Iterable[Array]) -> Array:
        """The network's output for images in `parts` `(H, W, n, C)`; nothing is kept longer than it is needed.

        Images go through the network in parts that stay in the cache from layer to layer. Vectors go on together: a
        product of more rows is faster, as it reads the weights less often.
        """
        ends = [self._infer(self.graph.images, self.shard(0, x)) for x in parts]
        # images and vectors alike have the images of a batch on the last axis but one
        y = ends[0] if len(ends) == 1 else np.concatenate(ends, axis=-2)
        if not self.graph.vectors:
            return y
        shard = self.shard(0, y)
        shard.outputs[self.graph.images[-1].node] = y
        return self._infer(self.graph.vectors, shard)

    def _infer(self, units: Sequence[Unit], shard: Shard) -> Array:
        """The output of the last of these units."""
        for unit in units:
            self.forward(shard, unit, in_place=unit.may_overwrite)
            shard.saved[unit.node] = None
        out = shard.outputs[units[-1].node]
        assert out is not None
        return out

    # --- one unit, for one shard ------------------------------------------------------------------------------------

    def forward(
        self, shard: Shard, unit: Unit, step: int | None = None, shared: Any = None, *, in_place: bool = False
    ) -> None:
        """The output of a unit, with all that backward needs; `shared` is what the batch's parts were combined to.

        Where it may be computed `in_place`, its input may be gone.
        """
        context = self._context(unit, shard, step, shared)
        context.in_place = in_place
        shard.outputs[unit.node], shard.saved[unit.node] = unit.layer.forward(
            shard.inputs(unit), self._weights(unit), context
        )
        for source in unit.last_read:
            shard.outputs[source] = None

    def backward(self, shard: Shard, unit: Unit, gradients: Mapping[str, Array], step: int | None, shared: Any) -> None:
        """Writes the `gradients` of a unit's weights, and adds to the gradients of what it reads."""
        dy = shard.gradients[unit.node]
        assert dy is not None
        back = unit.layer.backward(
            dy,
            shard.saved[unit.node],
            self.store.weights[unit.owner],
            gradients,
            self._context(unit, shard, step, shared),
        )
        shard.saved[unit.node] = None
        for source, dx in zip(unit.inputs, back, strict=True):
            if source == INPUT or dx is None or not self.graph.needs_gradient[source]:
                continue
            already = shard.gradients[source]
            # never in place: a layer may hand the same array to several of its inputs
            if already is not None:
                dx = np.add(already, dx, out=empty(dx.shape, dx.dtype))
            shard.gradients[source] = dx

    def _weights(self, unit: Unit) -> Mapping[str, Array]:
        own = self.store.weights[unit.owner]
        if unit.folded is None:
            return own
        normalisation = self.plan.nodes[unit.folded].layer
        assert isinstance(normalisation, BatchNorm)
        weights, buffers = self.store.weights[unit.folded], self.store.buffers[unit.folded]
        return derived(own["weight"], "normalised", lambda _: normalisation.folded(own, weights, buffers))

    def gather(self, shard: Shard, unit: Unit) -> NDArray[np.float64]:
        """A shard's part of what a `whole_batch` unit must know before forward."""
        return unit.layer.gather(shard.inputs(unit), self.store.weights[unit.owner])

    def gather_backward(self, shard: Shard, unit: Unit) -> NDArray[np.float64]:
        """A shard's part of what a `whole_batch` unit must know before backward."""
        dy = shard.gradients[unit.node]
        assert dy is not None
        return unit.layer.gather_backward(dy, shard.saved[unit.node], self.store.weights[unit.owner])

    def _context(self, unit: Unit, shard: Shard, step: int | None, shared: Any) -> LayerContext:
        return LayerContext(
            step is not None,
            None if step is None else (lambda: generator(self.seed, "dropout", unit.node, step, shard.number)),
            shared,
            self.store.buffers[unit.owner],
            unit.needs_input_gradient,
        )
