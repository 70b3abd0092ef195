"""Finds where the numbers of a step stopped being finite: replays the step with a hook that checks every layer.

A step depends only on the weights and on (seed, epoch, step), so this process can replay it alone.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tuicnn.engine.hooks import StepHook
from tuicnn.kernels.arrays import Array
from tuicnn.language.plan import INPUT
from tuicnn.training.divergence import Divergence

if TYPE_CHECKING:
    from tuicnn.engine.executor import Shard
    from tuicnn.engine.graph import Unit
    from tuicnn.engine.network import Network
    from tuicnn.engine.parameters import Entry
    from tuicnn.engine.step import Fetch


__all__ = ["all_finite", "diagnose", "overflow"]

#: where in a step something was found: the earlier of two is the smaller
_IMAGES, _FORWARD, _LOSS, _BACKWARD, _SUM = range(5)
_WHAT = (
    "an image",
    "the output of {}",
    "the loss",
    "the gradient in {}",
    "the gradient in {}, over the whole batch,",
)


def all_finite(array: Array) -> bool:
    """Whether every number of a flat array is finite, in one pass without an array of its own in all but odd cases."""
    # a sum of squares is finite only where every number is; where it is not, the numbers may just be large
    return math.isfinite(np.dot(array, array)) or bool(np.isfinite(array).all())


def diagnose(network: Network, count: int, fetch: Fetch, *, step: int, epoch: int) -> Divergence | None:
    """What went wrong in a step over `count` images (`fetch`: see `Network.forward_backward`); None: nothing found.

    `step` and `epoch` count from 0. Nothing is changed.
    """
    hook = _Finiteness(network)
    with np.errstate(all="ignore"):
        result = network.replay(count, fetch, step=step, hook=hook)
        if not all_finite(result.gradient):
            hook.check_sum(result.gradient)
    return hook.first(step, epoch)


def overflow(
    network: Network, state: Mapping[str, Array], before: Array, *, step: int, epoch: int
) -> Divergence | None:
    """What a step has made infinite or NaN of weights, running statistics and the optimizer's state; None: nothing.

    The arrays are those after the step; `before` are the weights before it.
    """
    store = network.store
    arrays: list[tuple[Array, Sequence[Entry], str, Array | None]] = [
        (store.flat_buffers, store.buffer_entries, "the running statistics of {}", None),
        (store.flat, store.entries, "the weights of {}", before),
        *((array, store.entries, f"what the optimizer keeps of {{}} ({name})", None) for name, array in state.items()),
    ]
    for flat, entries, what, old in arrays:
        if not all_finite(flat):
            entry = next(entry for entry in entries if not np.isfinite(entry.of(flat)).all())
            name, by_rate = network.plan.nodes[entry.node].name, flat is not store.flat_buffers
            sizes = (("before, they", _largest([entry.of(old)])),) if old is not None else ()
            value = _value([entry.of(flat)])
            return Divergence(step + 1, epoch + 1, what.format(name), value, name, sizes, by_rate)
    return None


class _Finiteness(StepHook):
    """Notes what is not finite, by the place in the step where it was made, and how large the finite numbers are."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._units = [unit for segment in network.executor.graph.single for unit in segment]
        self._places = {unit.node: place for place, unit in enumerate(self._units)}
        #: by node, over all shards: the largest finite number of its output, and of the gradient by it
        self._outputs: dict[int, float] = defaultdict(float)
        self._gradients: dict[int, float] = defaultdict(float)
        #: by phase and place there: whether anything is NaN
        self._found: dict[tuple[int, int], bool] = {}

    def on_forward(self, unit: Unit, shard: Shard, seconds: float) -> None:
        """Check the images that the unit reads, and its output."""
        if INPUT in unit.inputs:
            self._look(_IMAGES, 0, [shard.x])
            self._measure(self._outputs, INPUT, shard.x)
        self._look(_FORWARD, self._places[unit.node], [shard.outputs[unit.node]])
        self._measure(self._outputs, unit.node, shard.outputs[unit.node])

    def on_loss(self, shard: Shard, losses: Array) -> None:
        """Check the loss; its gradient is finite where the loss is."""
        self._look(_LOSS, len(self._units) - 1, [losses])

    def on_backward(self, unit: Unit, shard: Shard, gradients: Mapping[str, Array], seconds: float) -> None:
        """Check the gradients by the unit's weights and inputs."""
        made = [*gradients.values(), *(shard.gradients[source] for source in unit.inputs if source != INPUT)]
        self._look(_BACKWARD, -self._places[unit.node], made)
        self._measure(self._gradients, unit.node, shard.gradients[unit.node])

    def check_sum(self, gradient: Array) -> None:
        """Check the whole batch's gradient, which may overflow where that of each shard is finite."""
        entry = next(entry for entry in self._network.store.entries if not np.isfinite(entry.of(gradient)).all())
        place = next(place for place, unit in enumerate(self._units) if unit.owner == entry.node)
        self._look(_SUM, place, [entry.of(gradient)])

    def first(self, step: int, epoch: int) -> Divergence | None:
        """The first number that was not finite, in the order of the step; None where all were."""
        if not self._found:
            return None
        (phase, place), nan = min(self._found.items())
        value = "NaN" if nan else "infinite"
        if phase == _IMAGES:
            return Divergence(step + 1, epoch + 1, "an image", value)
        unit = self._units[abs(place)]
        name = self._network.plan.nodes[unit.node].name
        sizes: list[tuple[str, float]] = []
        if phase == _FORWARD:
            sizes.append(("its input", max(self._outputs[source] for source in unit.inputs)))
        elif phase == _LOSS:
            sizes.append((f"the output of {name}", self._outputs[unit.node]))
        elif phase == _BACKWARD:
            sizes.append(("what came back to it", self._gradients[unit.node]))
        weights = self._network.store.weights[unit.owner]
        if weights and phase != _LOSS:
            sizes.append(("its weights", _largest(weights.values())))
        return Divergence(step + 1, epoch + 1, _WHAT[phase].format(name), value, name, tuple(sizes))

    def _look(self, phase: int, place: int, arrays: Iterable[Array | None]) -> None:
        for array in arrays:
            if array is not None and not np.isfinite(array).all():
                nan = bool(np.isnan(array).any())
                self._found[phase, place] = self._found.get((phase, place), False) or nan

    @staticmethod
    def _measure(sizes: dict[int, float], node: int, array: Array | None) -> None:
        sizes[node] = max(sizes[node], _largest([array]))


def _value(arrays: Iterable[Array | None]) -> str:
    return "NaN" if any(array is not None and np.isnan(array).any() for array in arrays) else "infinite"


def _largest(arrays: Iterable[Array | None]) -> float:
    """The largest size of a finite number in some arrays."""
    sizes = [np.max(np.abs(array), where=np.isfinite(array), initial=0) for array in arrays if array is not None]
    return float(max(sizes, default=0.0))
