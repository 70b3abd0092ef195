"""Finds where the numbers of a step stopped being finite, by taking it once more and looking at every layer.

A step depends on nothing but weights and numbers, so it can be replayed; the processes of the group are not needed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tuicnn.engine.executor import Shard, Unit
from tuicnn.kernels.derived import unchanged_weights
from tuicnn.training.divergence import Divergence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from tuicnn.engine.network import Network
    from tuicnn.engine.parameters import Entry

    Array = NDArray[np.floating[Any]]
    Fetch = Callable[[int, int], tuple[Array, NDArray[np.int64]]]

__all__ = ["all_finite", "diagnose", "overflow"]

#: where in a step something was found: the earlier of two is the smaller
_IMAGES, _FORWARD, _LOSS, _LOSS_GRADIENT, _BACKWARD, _SUM = range(6)


def all_finite(array: Array) -> bool:
    """Whether every number of a flat array is finite, in one pass without an array of its own in all but odd cases."""
    # a sum of squares is finite only where every number is; where it is not, the numbers may just be large
    return math.isfinite(np.dot(array, array)) or bool(np.isfinite(array).all())


def diagnose(network: Network, count: int, fetch: Fetch, *, step: int, epoch: int) -> Divergence | None:
    """What went wrong in a step over `count` images (`fetch`: see `Network.forward_backward`); None: nothing found.

    `step` and `epoch` count from 0. Nothing is changed.
    """
    replay = _Replay(network, count, step, epoch)
    bounds = network.executor.shards(count)
    together = any(unit.layer.whole_batch for unit in replay.units)
    groups = [range(len(bounds))] if together else [range(n, n + 1) for n in range(len(bounds))]
    with unchanged_weights(), np.errstate(all="ignore"):
        for group in groups:
            replay.take([(number, *fetch(*bounds[number])) for number in group])
        replay.look_at_the_sums()
    return min(replay.found, key=lambda found: found[:2])[2] if replay.found else None


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


class _Replay:
    """One step, one process, node by node."""

    def __init__(self, network: Network, count: int, step: int, epoch: int) -> None:
        self._network, self._executor = network, network.executor
        self._count, self._step, self._epoch = count, step, epoch
        self.units = [unit for segment in network.executor.single for unit in segment]
        store = network.store
        self._own = np.zeros_like(store.flat)
        self._sum = np.zeros_like(store.flat)
        self._views = store.views(self._own)
        #: where in the step, which of its places there, and what
        self.found: list[tuple[int, int, Divergence]] = []

    def take(self, given: Sequence[tuple[int, Array, NDArray[np.int64]]]) -> None:
        """Take shards (number, images, labels) forward and back, until something is found."""
        shards = [Shard.begin(number, x, len(self._executor.layers)) for number, x, _ in given]
        if not _finite([shard.x for shard in shards]):
            self._note(_IMAGES, 0, "an image", [shard.x for shard in shards])
        elif self._forward(shards) and self._turn(shards, [labels for _, _, labels in given]):
            self._back(shards)

    def _forward(self, shards: Sequence[Shard]) -> bool:
        combined: dict[int, Any] = {}
        for place, unit in enumerate(self.units):
            if unit.layer.whole_batch:
                combined[unit.owner] = unit.layer.combine([self._executor.gather(shard, unit) for shard in shards])
            for shard in shards:
                self._executor.forward_segment(shard, [unit], combined, self._step, True)
            made = [shard.outputs[unit.node] for shard in shards]
            if not _finite(made):
                read = [x for shard in shards for x in self._executor.gather_inputs(shard, unit)]
                self._note(_FORWARD, place, "the output of {}", made, unit, ("its input", read))
                return False
        return True

    def _turn(self, shards: Sequence[Shard], labels: Sequence[NDArray[np.int64]]) -> bool:
        """The loss and its gradient."""
        loss, last = self._network.plan.loss, self.units[-1]
        outputs = [shard.outputs[-1] for shard in shards]
        sizes = (f"the output of {self._name(last)}", outputs)
        for shard, z, y in zip(shards, outputs, labels, strict=True):
            assert z is not None
            losses, shard.gradients[-1] = loss.both(z, y, self._count)
            if not _finite([losses]):
                self._note(_LOSS, 0, "the loss", [losses], None, sizes)
                return False
        if not _finite([shard.gradients[-1] for shard in shards]):
            self._note(_LOSS_GRADIENT, 0, "the gradient of the loss", [s.gradients[-1] for s in shards], None, sizes)
            return False
        return True

    def _back(self, shards: Sequence[Shard]) -> None:
        shared: dict[int, Any] = {}
        for place, unit in enumerate(reversed(self.units)):
            came = [shard.gradients[unit.node] for shard in shards]
            if came[0] is None:
                continue
            if unit.layer.whole_batch:
                shared[unit.owner] = unit.layer.combine_backward(
                    [self._executor.gather_backward(s, unit) for s in shards]
                )
            for shard in shards:
                self._executor.backward_unit(shard, unit, self._views, shared, self._step, True)
                written = [*self._views[unit.owner].values()]
                made = [*written, *(shard.gradients[source] for source in unit.inputs if source >= 0)]
                if not _finite(made):
                    # where the gradient by its inputs is still finite, it was that of its weights
                    self._note(_BACKWARD, place, "the gradient in {}", made, unit, ("what came back to it", came))
                    return
                for entry in self._network.store.entries:
                    if entry.node == unit.owner:
                        entry.of(self._sum)[...] += entry.of(self._own)

    def look_at_the_sums(self) -> None:
        """The gradients of all shards, each of which may be finite where their sum is not."""
        if self.found or all_finite(self._sum):
            return
        entry = next(entry for entry in self._network.store.entries if not np.isfinite(entry.of(self._sum)).all())
        unit = next(unit for unit in self.units if unit.owner == entry.node)
        self._note(_SUM, 0, "the gradient in {}, over the whole batch,", [entry.of(self._sum)], unit)

    def _note(
        self,
        phase: int,
        place: int,
        what: str,
        arrays: Iterable[Array | None],
        unit: Unit | None = None,
        *sizes: tuple[str, Iterable[Array | None]],
    ) -> None:
        # the loss is that of the last layer's output; images are nobody's
        name = self._name(unit or self.units[-1]) if phase != _IMAGES else ""
        told = [(of, _largest(made)) for of, made in sizes]
        weights = list(self._network.store.weights[unit.owner].values()) if unit is not None else []
        if weights:
            told.append(("its weights", _largest(weights)))
        found = Divergence(self._step + 1, self._epoch + 1, what.format(name), _value(arrays), name, tuple(told))
        self.found.append((phase, place, found))

    def _name(self, unit: Unit) -> str:
        return self._network.plan.nodes[unit.node].name


def _finite(arrays: Iterable[Array | None]) -> bool:
    return all(array is None or bool(np.isfinite(array).all()) for array in arrays)


def _value(arrays: Iterable[Array | None]) -> str:
    return "NaN" if any(array is not None and np.isnan(array).any() for array in arrays) else "infinite"


def _largest(arrays: Iterable[Array | None]) -> float:
    """The largest size of a finite number in some arrays."""
    sizes = [
        np.max(np.abs(array), where=np.isfinite(array), initial=0)
        for array in arrays
        if array is not None and array.size
    ]
    return float(max(sizes, default=0.0))
