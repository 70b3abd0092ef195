"""Runs a plan's layers over a batch: forward, and backward in the opposite order.

The batch is cut into shards of a fixed size. Each thread takes one shard at a time through as many layers as it can;
only a layer that must know the whole batch (`whole_batch`, batch normalisation) makes them wait for each other. Sums
over shards are taken in the shards' order, so the result is the same to the last bit for any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from tuicnn.language.plan import INPUT
from tuicnn.layers.base import SHARD, Pass
from tuicnn.parameters import Store
from tuicnn.randomness import generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tuicnn.language.plan import Plan

    Array = NDArray[np.floating[Any]]

__all__ = ["Executor", "Observed", "Shard", "Workers", "shards"]

A = TypeVar("A")
B = TypeVar("B")


def shards(count: int) -> list[tuple[int, int]]:
    """The shards of `count` images, as (start, stop)."""
    return [(start, min(start + SHARD, count)) for start in range(0, count, SHARD)]


class Workers:
    """A number of threads that take shards in turn; one is the caller itself where there is only one."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._pool = ThreadPoolExecutor(threads, "shard") if threads > 1 else None

    def map(self, work: Callable[[A], B], items: Sequence[A]) -> list[B]:
        """Do `work` for every item, in any order; the results come in the items' order.

        What overflows becomes infinite or NaN without a warning of NumPy's: whoever asked looks at the result.
        """

        def quietly(item: A) -> B:
            with np.errstate(all="ignore"):  # said in each thread: threads do not inherit it
                return work(item)

        if self._pool is None or len(items) < 2:
            return [quietly(item) for item in items]
        return list(self._pool.map(quietly, items))

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()


@dataclass
class Observed:
    """What one training step looked like from outside, layer by layer; NaN where nothing is known."""

    seconds: NDArray[np.float64]
    activation: NDArray[np.float64]
    gradient: NDArray[np.float64]
    dead: NDArray[np.float64]

    @classmethod
    def nothing(cls, count: int) -> Observed:
        nan = np.full(count, np.nan)
        return cls(np.zeros(count), nan, nan.copy(), nan.copy())


@dataclass
class Shard:
    """One shard on its way through the network: each node's output, what it saved, and its output's gradient."""

    number: int
    x: Array
    outputs: list[Array | None]
    saved: list[Any]
    gradients: list[Array | None] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


class Executor:
    """The graph of a plan, ready to run. `step` keys the randomness of dropout."""

    def __init__(self, plan: Plan, store: Store, seed: int) -> None:
        self.plan, self.store, self.seed = plan, store, seed
        self.layers = [node.layer for node in plan.nodes]
        self.inputs = [node.inputs for node in plan.nodes]
        self.live = self._live()
        self.last_use = list(range(len(self.layers)))
        for index in self.live:
            for source in self.inputs[index]:
                if source != INPUT:
                    self.last_use[source] = index
        self.needs_gradient = self._needs_gradient()
        #: whether somebody before the node learns, and so wants the gradient by its inputs
        self.learns_upstream = [
            any(self.needs_gradient[source] for source in sources if source != INPUT) for sources in self.inputs
        ]
        self.segments = self._segments()

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

    def _segments(self) -> list[list[int]]:
        """Runs of nodes that a shard can pass without waiting; each but the first begins with a `whole_batch` layer."""
        segments: list[list[int]] = [[]]
        for index in self.live:
            if self.layers[index].whole_batch:
                segments.append([])
            segments[-1].append(index)
        return segments

    def _gathered(self, shard: Shard, index: int) -> list[Array]:
        found = [shard.x if source == INPUT else shard.outputs[source] for source in self.inputs[index]]
        return [array for array in found if array is not None]

    def _pass(self, index: int, shard: Shard, training: bool, step: int, shared: Any) -> Pass:
        return Pass(
            training,
            (lambda: generator(self.seed, "dropout", index, step, shard.number)) if training else None,
            shared,
            self.store.kept[index],
            self.learns_upstream[index],
        )

    # --- forward ----------------------------------------------------------------------------------------------------

    def forward(self, x: Array) -> list[Array | None]:
        """Every node's output for one small batch, without training (None where the network's own does not need it)."""
        shard = Shard(0, x, [None] * len(self.layers), [])
        for index in self.live:
            self._infer_one(shard, index)
        return shard.outputs

    def infer(self, x: Array) -> Array:
        """The network's output for one shard, without training; nothing is kept longer than it is needed."""
        shard = Shard(0, x, [None] * len(self.layers), [])
        for index in self.live:
            self._infer_one(shard, index)
            self._drop(shard, index)
        out = shard.outputs[-1]
        assert out is not None
        return out

    def _infer_one(self, shard: Shard, index: int) -> None:
        run = self._pass(index, shard, False, 0, None)
        shard.outputs[index] = self.layers[index].forward(self._gathered(shard, index), self.store.weights[index], run)[
            0
        ]

    def _drop(self, shard: Shard, index: int) -> None:
        for source in self.inputs[index]:
            if source != INPUT and self.last_use[source] == index:
                shard.outputs[source] = None

    def train_forward(
        self,
        bounds: Sequence[tuple[int, int]],
        fetch: Callable[[int, int], Array],
        workers: Workers,
        step: int,
        watched: bool,
    ) -> tuple[list[Shard], dict[int, Any]]:
        """Forward with all that backward needs; `fetch(start, stop)` makes a shard's images, in its own thread.

        Returns the shards, with every node's output where `watched`, and for each `whole_batch` node what it
        combined of the batch.
        """
        count = len(self.layers)
        combined: dict[int, Any] = {}
        made: list[Shard] = []

        def begin(item: tuple[int, tuple[int, int]]) -> Shard:
            number, (start, stop) = item
            return Shard(number, fetch(start, stop), [None] * count, [None] * count, [None] * count, [0.0] * count)

        for position, segment in enumerate(self.segments):
            head = segment[0] if position else None
            following = self.segments[position + 1][0] if position + 1 < len(self.segments) else None

            def work(shard: Shard, segment: list[int] = segment, following: int | None = following) -> Any:
                for index in segment:
                    began = perf_counter()
                    run = self._pass(index, shard, True, step, combined.get(index))
                    shard.outputs[index], shard.saved[index] = self.layers[index].forward(
                        self._gathered(shard, index), self.store.weights[index], run
                    )
                    if not watched:
                        self._drop(shard, index)
                    shard.seconds[index] += perf_counter() - began
                if following is None:
                    return None
                began = perf_counter()
                part = self.layers[following].gather(self._gathered(shard, following), self.store.weights[following])
                shard.seconds[following] += perf_counter() - began
                return part

            if head is None:
                both = workers.map(lambda item, work=work: _with(begin(item), work), list(enumerate(bounds)))  # type: ignore[misc]
                made = [shard for shard, _ in both]
                parts = [part for _, part in both]
            else:
                parts = workers.map(work, made)
            if following is not None:
                combined[following] = self.layers[following].combine(parts)
        return made, combined

    # --- backward ---------------------------------------------------------------------------------------------------

    def train_backward(
        self,
        made: Sequence[Shard],
        buffers: Sequence[list[dict[str, Array]]],
        workers: Workers,
        step: int,
        watched: bool,
    ) -> None:
        """Backward from each shard's gradient by its output (`gradients[-1]`) into its buffer of weights' gradients.

        The gradient by every node's output is kept where `watched`, and given up as soon as it is used elsewhere.
        """
        shared: dict[int, Any] = {}
        pending: int | None = None  # a whole_batch node whose backward waits for the sums of all shards

        def one(shard: Shard, index: int) -> None:
            dy = shard.gradients[index]
            if dy is None or not self.needs_gradient[index]:
                return
            began = perf_counter()
            run = self._pass(index, shard, True, step, shared.get(index))
            back = self.layers[index].backward(
                dy, shard.saved[index], self.store.weights[index], buffers[shard.number][index], run
            )
            shard.saved[index] = None
            if not watched:
                shard.gradients[index] = None
            for source, dx in zip(self.inputs[index], back, strict=True):
                if source == INPUT or dx is None or not self.needs_gradient[source]:
                    continue
                already = shard.gradients[source]
                # never in place: a layer may hand the same array to several of its inputs
                shard.gradients[source] = dx if already is None else already + dx
            shard.seconds[index] += perf_counter() - began

        for position in reversed(range(len(self.segments))):
            segment = self.segments[position]
            head = segment[0] if position else None
            body = segment[1:] if head is not None else segment

            def work(shard: Shard, body: list[int] = body, head: int | None = head, first: int | None = pending) -> Any:
                if first is not None:
                    one(shard, first)
                for index in reversed(body):
                    one(shard, index)
                if head is None:
                    return None
                dy = shard.gradients[head]
                assert dy is not None
                began = perf_counter()
                part = self.layers[head].gather_backward(dy, shard.saved[head], self.store.weights[head])
                shard.seconds[head] += perf_counter() - began
                return part

            parts = workers.map(work, made)
            if head is not None:
                shared[head] = self.layers[head].combine_backward(parts)
            pending = head

    # --- looking at a step ------------------------------------------------------------------------------------------

    def observe(self, made: Sequence[Shard], observed: Observed, threads: int, before_backward: bool) -> None:
        """Note sizes and dead units of the first shard, and the time of all of them."""
        first = made[0]
        for index in self.live:
            if before_backward:
                y = first.outputs[index]
                if y is not None:
                    observed.activation[index] = _rms(y)
                    if self.layers[index].can_die:
                        observed.dead[index] = float(np.mean(~y.any(axis=tuple(range(y.ndim - 1)))))
            else:
                dy = first.gradients[index]
                if dy is not None:
                    observed.gradient[index] = _rms(dy)
                observed.seconds[index] = sum(shard.seconds[index] for shard in made) / min(threads, len(made))


def _with(shard: Shard, work: Callable[[Shard], Any]) -> tuple[Shard, Any]:
    return shard, work(shard)


def _rms(array: Array) -> float:
    """The root mean square of an array."""
    flat = array.reshape(-1)
    return float(np.sqrt(np.dot(flat, flat) / max(1, flat.size)))


def add_up(parts: Iterable[Array]) -> Array:
    """The sum of the shards' flat gradients, in their order, in the first one's memory."""
    total: Array | None = None
    for part in parts:
        if total is None:
            total = part
        else:
            total += part
    assert total is not None
    return total
