"""One training step, as each process of a group does it: forward, loss and backward for its own shards.

Without a layer that must know the whole batch, each shard goes forward and back before the next one begins, so that
what it made is still near. With one, all shards wait at it for what they gathered to be combined.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from tuicnn.engine.executor import Executor, Shard, Unit
from tuicnn.engine.groups.group import ProcessGroup
from tuicnn.engine.hooks import StepHook
from tuicnn.engine.parameters import Store
from tuicnn.kernels import long_runs, unchanged_weights
from tuicnn.sharding import SLOTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.floating[Any]]
    Labels = NDArray[np.int64]
    #: makes the images (H, W, n, C) and labels (n,) of a shard from the places where it starts and stops in its batch
    Fetch = Callable[[int, int], tuple[Array, Labels]]

T = TypeVar("T")

__all__ = ["GradientSums", "StepResult", "forward_backward"]


@dataclass(frozen=True)
class StepResult:
    """What one training step found: the batch's mean loss, how many images were right, and the gradient (flat)."""

    loss: float
    correct: int
    gradient: Array
    combined: Mapping[int, Any]


@dataclass(frozen=True)
class GradientBuffer:
    """Where a shard writes its weights' gradients, for each node by name; `onto` is what they are then added to."""

    views: Sequence[Mapping[str, Array]]
    onto: Sequence[Mapping[str, Array]] | None

    def add(self, node: int) -> None:
        """A node's gradients are written."""
        if self.onto is not None:
            for name, sums in self.onto[node].items():
                sums += self.views[node][name]


class GradientSums:
    """Where the shards' gradients are summed: neighbouring shards in one slot, which one process fills in their order.

    What is added to what depends on the number of shards alone, and so the sum's last bit does.
    """

    def __init__(self, store: Store, group: ProcessGroup, most_shards: int) -> None:
        self._slots = group.zeros((max(1, min(SLOTS, most_shards)), store.flat.size), store.flat.dtype)
        self._views = [store.views(slot) for slot in self._slots]
        self._own = store.views(np.zeros_like(store.flat))

    def slot(self, shard: int, count: int) -> int:
        """Which slot a shard of `count` belongs to."""
        return shard * self.used(count) // count

    def used(self, count: int) -> int:
        """How many slots are used for so many shards."""
        return min(len(self._slots), count)

    def clear(self, slots: range) -> None:
        """Set some slots to 0, where not every weight's gradient will be written."""
        self._slots[slots.start : slots.stop] = 0

    def buffer(self, shard: int, count: int, *, backwards: bool) -> GradientBuffer:
        """Where the gradients of a shard of `count` go: the first of a slot writes there, the others add to it.

        The first is that with the smallest number, or the largest where they come `backwards`.
        """
        slot = self.slot(shard, count)
        views = self._views[slot]
        before = shard + 1 if backwards else shard - 1
        first = not 0 <= before < count or self.slot(before, count) != slot
        return GradientBuffer(views, None) if first else GradientBuffer(self._own, views)

    def total(self, group: ProcessGroup, count: int) -> Array:
        """The sum over all shards, for the leader; see `ProcessGroup.ordered_sum`."""
        return group.ordered_sum(self._slots[: self.used(count)])


def forward_backward(
    executor: Executor,
    group: ProcessGroup,
    sums: GradientSums,
    count: int,
    fetch: Fetch,
    *,
    step: int,
    hook: StepHook | None = None,
) -> StepResult | None:
    """This process's part of a step over `count` images; the leader gets the result. Nothing is changed but `sums`.

    `hook` is told of this process's shards.
    """
    bounds = executor.shards(count)
    part = _Part(executor, group, sums, len(bounds), count, step, hook)
    slots = group.partition(sums.used(len(bounds)))  # whole slots to each process: it fills them in their shards' order
    mine = [number for number in range(len(bounds)) if sums.slot(number, len(bounds)) in slots]
    if len(executor.live) < len(executor.plan.nodes):  # what nothing reads has no gradient, and none is written
        sums.clear(slots)
    with unchanged_weights(), long_runs(), np.errstate(all="ignore"):  # whoever asked looks at the result
        if len(part.segments) == 1:
            for number in mine:
                part.take([(number, *fetch(*bounds[number]))])
        else:
            part.take([(number, *fetch(*bounds[number])) for number in mine])
    found = group.gather(part.results)
    gradient = sums.total(group, len(bounds))
    if group.rank:
        return None
    total = np.sum(found, axis=0)
    return StepResult(float(total[0]) / count, int(total[1]), gradient, part.combined)


class _Part:
    """What one process does of one step."""

    def __init__(
        self,
        executor: Executor,
        group: ProcessGroup,
        sums: GradientSums,
        shard_count: int,
        image_count: int,
        step: int,
        hook: StepHook | None,
    ) -> None:
        self._executor, self._group, self._sums = executor, group, sums
        self._shard_count, self._image_count, self._step = shard_count, image_count, step
        self._hook = hook
        self.segments = executor.joined if hook is None else executor.single
        #: of each shard: the sum of its images' losses, and how many were right
        self.results: list[NDArray[np.float64]] = []
        #: of each `whole_batch` node, by number: what its layer combined of the batch
        self.combined: dict[int, Any] = {}

    def take(self, given: Sequence[tuple[int, Array, Labels]]) -> None:
        """Take shards, which wait for each other, forward and back: the number, images and labels of each.

        They go through a segment in turn from the first and from the last: what the shard before the wait made last
        is still near when the same shard goes on first.
        """
        count = len(self._executor.layers)
        made = [Shard.begin(number, x, count) for number, x, _ in given]
        for place, segment in enumerate(self.segments):
            head = self.segments[place + 1][0] if place + 1 < len(self.segments) else None
            parts: list[NDArray[np.float64]] = []
            order = _turn(made, place)
            for shard in order:
                self._executor.forward_segment(shard, segment, self.combined, self._step, self._hook)
                if head is not None:
                    parts.append(self._executor.gather(shard, head, self._hook))
            if head is not None:
                parts = self._group.allgather(_turn(parts, place))
                if parts:
                    self.combined[head.owner] = head.layer.combine(parts)
        for shard, (_, _, labels) in zip(made, given, strict=True):
            self._lose(shard, labels)
        self._back(made)

    def _lose(self, shard: Shard, labels: Labels) -> None:
        """The loss, from which everything goes back."""
        z = shard.outputs[-1]
        assert z is not None
        loss = self._executor.plan.loss
        losses, shard.gradients[-1] = loss.both(z, labels, self._image_count)
        right = np.count_nonzero(loss.predictions(z) == labels)
        self.results.append(np.array([np.add.reduce(losses, dtype=np.float64), right], np.float64))
        if self._hook is not None:
            self._hook.on_loss(shard, losses)

    def _back(self, made: list[Shard]) -> None:
        """Backward through all segments."""
        shared: dict[int, Any] = {}
        waiting: Unit | None = None  # a whole_batch unit whose backward waited for the sums of all shards
        for place in reversed(range(len(self.segments))):
            head = self.segments[place][0] if place else None
            units = [*([waiting] if waiting else []), *reversed(self.segments[place][1 if head else 0 :])]
            parts: list[NDArray[np.float64]] = []
            for shard in _turn(made, place):
                buffer = self._sums.buffer(shard.number, self._shard_count, backwards=bool(place % 2))
                for unit in units:
                    own = buffer.views[unit.owner]
                    self._executor.backward_unit(shard, unit, own, shared, self._step, self._hook)
                    buffer.add(unit.owner)
                if head is not None:
                    parts.append(self._executor.gather_backward(shard, head, self._hook))
            if head is not None:
                parts = self._group.allgather(_turn(parts, place))
                if parts:
                    shared[head.owner] = head.layer.combine_backward(parts)
            waiting = head


def _turn(items: list[T], place: int) -> list[T]:
    """The items, or every other time from the last to the first."""
    return items[::-1] if place % 2 else items
