"""A plan's layers as units in the order of computation: each alone, or neighbours fused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tuicnn.language.plan import INPUT
from tuicnn.layers.base import Layer, Shape
from tuicnn.layers.fusion import fuse
from tuicnn.layers.inference import fuse_for_inference

if TYPE_CHECKING:
    from tuicnn.language.plan import Plan

__all__ = ["Graph", "Unit"]


@dataclass(frozen=True)
class Unit:
    """One node of the plan, or neighbours that are computed in one go; `layer` does what they do one after the other.

    `node` is the last of them, whose output this is; `owner` the one whose weights it has. `needs_input_gradient` says
    whether a layer before it learns, `last_read` which nodes' outputs no later unit reads, and `may_overwrite` that its
    input is one of them, in memory that nothing else refers to. `folded` is the batch normalisation that the weights of
    `owner` are to be multiplied with, outside training.
    """

    layer: Layer
    node: int
    owner: int
    inputs: tuple[int, ...]
    needs_input_gradient: bool
    last_read: tuple[int, ...] = ()
    may_overwrite: bool = False
    folded: int | None = None


class Graph:
    """The units of a plan in order, cut into segments that a shard can pass without waiting for the others.

    Each segment but the first begins with a `whole_batch` layer. `single` has a unit for each node, for a step that is
    watched; in `joined` neighbours are one unit where that is faster. The results are the same bits.

    `images` and then `vectors` are for images that the network is not trained on. What they compute is the same but for
    rounding. Only one vector of each image goes from the former to the latter, and no image is read after that.
    """

    def __init__(self, plan: Plan, weighted: Sequence[bool], learns: Sequence[bool]) -> None:
        """`weighted` says of each node whether it has weights, `learns` whether any of them is not frozen."""
        self._layers = [node.layer for node in plan.nodes]
        self._inputs = [node.inputs for node in plan.nodes]
        self._weighted = weighted
        self.live = plan.live
        #: whether a node, or one that it depends on, learns: nobody needs the gradient by the image itself
        self.needs_gradient: list[bool] = []
        for node, inputs in enumerate(self._inputs):
            self.needs_gradient.append(learns[node] or self._learns_before(inputs))
        #: whether backward leaves weights out: nothing reads them, or neither they nor any before them are to be learnt
        self.leaves_out = any(
            has and not (node in self.live and self.needs_gradient[node]) for node, has in enumerate(weighted)
        )
        self.single = _segments([self._unit(self._layers[node], node, node, self._inputs[node]) for node in self.live])
        self.joined = _segments(self._join(fuse))
        units = [unit for segment in _segments(self._join(fuse_for_inference)) for unit in segment]
        cut = _first_vector(units, [node.shape for node in plan.nodes])
        self.images, self.vectors = units[:cut], units[cut:]

    def _learns_before(self, inputs: Sequence[int]) -> bool:
        return any(self.needs_gradient[source] for source in inputs if source != INPUT)

    def _unit(self, layer: Layer, node: int, owner: int, inputs: tuple[int, ...]) -> Unit:
        return Unit(layer, node, owner, inputs, self._learns_before(inputs))

    def _join(self, fuse: Callable[[Layer, Layer], Layer | None]) -> list[Unit]:
        """Units of the nodes, with chains that `fuse` can fuse as one, unless another node reads between them.

        Where it gives the first of two again, the other goes into its weights.
        """
        read = [source for node in self.live for source in self._inputs[node]]
        units: dict[int, Unit] = {}  # by the place of the first of the nodes
        at: dict[int, int] = {}  # the place of the unit that ends with a node
        for place, node in enumerate(self.live):
            unit = self._unit(self._layers[node], node, node, self._inputs[node])
            while len(unit.inputs) == 1 and read.count(unit.inputs[0]) == 1 and unit.inputs[0] in at:
                before = units[at[unit.inputs[0]]]
                joined = fuse(before.layer, unit.layer)
                folds = joined is before.layer
                if joined is None or (folds and before.folded is not None):
                    break
                owner = unit.owner if self._weighted[unit.owner] and not folds else before.owner
                folded = node if folds else before.folded
                place = at.pop(before.node)
                del units[place]
                unit = replace(before, layer=joined, node=node, owner=owner, folded=folded)
            units[place], at[node] = unit, place
        return [units[place] for place in sorted(units)]


def _first_vector(units: Sequence[Unit], shapes: Sequence[Shape]) -> int:
    """How many units it takes until all that later ones read is one vector; all of them where it never is."""
    for cut in range(1, len(units)):
        later = {source for unit in units[cut:] for source in unit.inputs} - {unit.node for unit in units[cut:]}
        if later == {units[cut - 1].node} and len(shapes[units[cut - 1].node]) == 1:
            return cut
    return len(units)


def _segments(units: Sequence[Unit]) -> list[list[Unit]]:
    last = {source: unit.node for unit in units for source in unit.inputs if source != INPUT}
    read = [source for unit in units for source in unit.inputs]
    owned = {unit.node for unit in units if unit.layer.owns_output and read.count(unit.node) == 1}
    segments: list[list[Unit]] = [[]]
    for unit in units:
        if unit.layer.whole_batch:
            segments.append([])
        ends = tuple(source for source, node in last.items() if node == unit.node)
        segments[-1].append(replace(unit, last_read=ends, may_overwrite=unit.inputs[0] in owned))
    return segments
