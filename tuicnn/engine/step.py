"""The forward and backward pass of one training step, as each process of a group computes its part of it.

A batch is cut into shards. Each process takes its shards through as many layers as it can, one shard after the other,
while the output of one layer is still in the cache for the next. In a network without a `whole_batch` layer, a shard
goes forward and back before the next one begins; with one, all shards wait there for the batch's statistics. Sums over
shards are taken in the shards' order, so the result is the same to the last bit for any number of processes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from tuicnn.engine.executor import Executor, Shard
from tuicnn.engine.gradients import GradientBuffer, GradientSums
from tuicnn.engine.graph import Unit
from tuicnn.engine.groups.group import ProcessGroup
from tuicnn.engine.hooks import StepHook
from tuicnn.kernels import long_runs, unchanged_weights
from tuicnn.kernels.arrays import Array
from tuicnn.kernels.flattening import flattened, unflattened
from tuicnn.losses import main_labels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    #: (n,), or (n, 3) of images that are mixed of two, or (n, C, H, W) where the image is the target: `losses.targets`
    Labels = NDArray[Any]
    #: makes the images (H, W, n, C) and labels (n,) of a shard from the places where it starts and stops in its batch
    Fetch = Callable[[int, int], tuple[Array, Labels]]

T = TypeVar("T")

__all__ = ["ForwardBackward", "StepResult"]


@dataclass(frozen=True)
class StepResult:
    """The batch's mean loss, how many images were classified correctly (NaN where the target is the image), and the
    gradient.

    `gradient` is an array like `Store.flat`, which the next step overwrites, and `squares` the sum of its squares.
    """

    loss: float
    correct: float
    gradient: Array
    squares: float
    batch_statistics: Mapping[int, Any]  # by `whole_batch` node
    backward_statistics: Mapping[int, Any]  # the same of what they must know before backward


class ForwardBackward:
    """One process's part of the forward and backward pass of a step over `count` images.

    Nothing is changed but `sums`. `step` keys dropout; `hook` is told of this process's shards. Backward ends with the
    node `down_to`: the gradient of weights before it is not computed.
    """

    def __init__(
        self,
        executor: Executor,
        group: ProcessGroup,
        sums: GradientSums,
        count: int,
        step: int,
        hook: StepHook | None,
        down_to: int = 0,
    ) -> None:
        self._executor, self._group, self._sums, self._hook = executor, group, sums, hook
        self._down_to = down_to
        self._bounds, self._count, self._step = executor.shards(count), count, step
        self._segments = executor.graph.joined if hook is None else executor.graph.single
        #: of each shard: the sum of its images' losses, and how many images were classified correctly
        self._results: list[NDArray[np.float64]] = []
        #: by `whole_batch` node: the batch's statistics for forward, and for backward
        self._statistics: dict[int, Any] = {}
        self._backward_statistics: dict[int, Any] = {}

    def run(self, fetch: Fetch) -> StepResult | None:
        """The result, for the leader of the group; all its processes must call this."""
        bounds, graph = self._bounds, self._executor.graph
        # of what backward leaves out, no gradient is written
        mine = self._sums.begin(self._group, len(bounds), clear=bool(self._down_to or graph.leaves_out))
        with unchanged_weights(), long_runs(), np.errstate(all="ignore"):  # the caller checks the result
            for together in [[number] for number in mine] if len(self._segments) == 1 else [list(mine)]:
                self._take([(number, *fetch(*bounds[number])) for number in together])
        found = self._group.gather(self._results)
        gradient, squares = self._sums.total(self._group)
        if self._group.rank:
            return None
        total = np.sum(found, axis=0)
        loss, right = float(total[0]) / self._count, float(total[1])
        return StepResult(loss, right, gradient, squares, self._statistics, self._backward_statistics)

    def run_shard(self, number: int, fetch: Fetch, before: StepResult | None) -> None:
        """One shard by itself, for the hook; what the batch has in common is that of the same step taken `before`."""
        if before is not None:
            self._statistics = dict(before.batch_statistics)
            self._backward_statistics = dict(before.backward_statistics)
        units = [unit for segment in self._segments for unit in segment]
        with unchanged_weights(), long_runs(), np.errstate(all="ignore"):
            x, labels = fetch(*self._bounds[number])
            shard = self._executor.shard(number, x)
            for unit in units:
                self._forward(shard, unit)
            self._loss(shard, labels)
            buffer = self._sums.unsummed()
            for unit in reversed(units):
                self._backward(shard, unit, buffer)

    def _take(self, given: Sequence[tuple[int, Array, Labels]]) -> None:
        """Forward and back for shards that wait for each other: the number, images and labels of each.

        The order of the shards is reversed in every other segment: the shard that came last before a wait goes on first
        after it, while its arrays are still in the cache.
        """
        shards = [self._executor.shard(number, x) for number, x, _ in given]
        for place, segment in enumerate(self._segments):
            head = self._segments[place + 1][0] if place + 1 < len(self._segments) else None
            parts: list[NDArray[np.float64]] = []
            for shard in _turn(shards, place):
                for unit in segment:
                    self._forward(shard, unit)
                if head is not None:
                    parts.append(self._gather(self._executor.gather, shard, head, backward=False))
            if head is not None and (parts := self._group.allgather(_turn(parts, place))):
                self._statistics[head.owner] = head.layer.combine(parts)
        for shard, (_, _, labels) in zip(shards, given, strict=True):
            self._loss(shard, labels)
        needs_gradient = self._executor.graph.needs_gradient
        waiting: list[Unit] = []  # the whole_batch unit whose backward waited for the sums of all shards
        for place, segment in reversed(list(enumerate(self._segments))):
            head = segment[0] if place else None
            units = [*waiting, *reversed(segment[1:] if head else segment)]
            parts = []
            for shard in _turn(shards, place):
                buffer = self._sums.buffer(shard.number, backwards=bool(place % 2))
                for unit in units:
                    self._backward(shard, unit, buffer)
                if head is not None and head.owner >= self._down_to and needs_gradient[head.node]:
                    parts.append(self._gather(self._executor.gather_backward, shard, head, backward=True))
            if head is not None and (parts := self._group.allgather(_turn(parts, place))):
                self._backward_statistics[head.owner] = head.layer.combine_backward(parts)
            waiting = [head] if head else []

    def _forward(self, shard: Shard, unit: Unit) -> None:
        began = perf_counter()
        # a hook may look at any output
        in_place = unit.may_overwrite and self._hook is None
        self._executor.forward(shard, unit, self._step, self._statistics.get(unit.owner), in_place=in_place)
        if self._hook is not None:
            self._hook.on_forward(unit, shard, perf_counter() - began)

    def _loss(self, shard: Shard, labels: Labels) -> None:
        z = shard.outputs[-1]
        assert z is not None
        loss = self._executor.plan.loss
        if z.ndim == 4:  # an image, with pixels as targets
            height, width, _, channels = z.shape
            losses, dz = loss.both(flattened(z), labels, self._count)
            shard.gradients[-1], right = unflattened(dz, channels, height, width), math.nan
        else:
            losses, shard.gradients[-1] = loss.both(z, labels, self._count)
            right = float(np.count_nonzero(loss.predictions(z) == main_labels(labels)))
        self._results.append(np.array([np.add.reduce(losses, dtype=np.float64), right], np.float64))
        if self._hook is not None:
            self._hook.on_loss(shard, losses)

    def _backward(self, shard: Shard, unit: Unit, buffer: GradientBuffer) -> None:
        if unit.owner < self._down_to or not self._executor.graph.needs_gradient[unit.node]:
            return
        if shard.gradients[unit.node] is None:
            return
        gradients, shared = buffer.views[unit.owner], self._backward_statistics.get(unit.owner)
        began = perf_counter()
        self._executor.backward(shard, unit, gradients, self._step, shared)
        if self._hook is not None:
            self._hook.on_backward(unit, shard, gradients, perf_counter() - began)
        shard.gradients[unit.node] = None
        buffer.add(unit.owner)

    def _gather(
        self, gather: Callable[[Shard, Unit], NDArray[np.float64]], shard: Shard, unit: Unit, *, backward: bool
    ) -> NDArray[np.float64]:
        began = perf_counter()
        part = gather(shard, unit)
        if self._hook is not None:
            self._hook.on_gather(unit, perf_counter() - began, backward=backward)
        return part


def _turn(items: list[T], place: int) -> list[T]:
    """The items, or every other time from the last to the first."""
    return items[::-1] if place % 2 else items
