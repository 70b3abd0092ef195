"""How a step moves the weights: piece by piece, while a piece is in the cache, by all processes of a group.

A step can be undone. Where its optimizer shows that no number can overflow, nothing is kept for that, and nothing is
looked at afterwards: both cost as much as the step itself.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tuicnn.engine.groups.group import WORTH_SHARING, ProcessGroup
from tuicnn.kernels.arrays import contiguous
from tuicnn.optimizers import blocks
from tuicnn.training.diagnosis import all_finite

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tuicnn.engine.network import Network
    from tuicnn.engine.step import StepResult
    from tuicnn.kernels.arrays import Array

__all__ = ["Update"]

#: how large a number may be for no step from it to overflow in float32, with room for rounding
SAFE = 1e30
#: steps after which the sizes of all numbers are measured again: bounds grow with each step
MEASURED = 256


class Update:
    """The weights of a network, what its optimizer keeps of them, and what both were before the last step.

    Each piece of the weights moves by itself, so the bits do not depend on which process moves it.
    """

    def __init__(self, network: Network, group: ProcessGroup) -> None:
        """`group` has not started: its processes share the arrays that this makes."""
        self._network, self._groups = network, network.parameter_groups
        store, names = network.store, network.plan.optimizer.state_names
        memory = group.zeros((len(names), store.flat.size), store.flat.dtype)
        #: by the optimizer's names
        self.state: dict[str, Array] = dict(zip(names, memory, strict=True))
        self._changed = [store.flat, *memory]
        self._pieces = self._groups.pieces
        #: whether it gains to share the pieces among the group's processes
        self.is_shared = group.shares_memory and len(list(blocks(store.flat.size))) >= WORTH_SHARING
        self._before = group.zeros((len(self._changed), store.flat.size), store.flat.dtype)
        self._buffers_before = np.empty_like(store.flat_buffers)
        #: the step's learning rate, what it multiplies the gradient by, and whether what it changes is to be kept
        self._orders = group.zeros((3,), np.float64)
        self._gradient = network.shared_gradient
        # of each process, the piece in work as it was before, and which one that is, from 1; which pieces are done
        longest = max((piece.stop - piece.start for piece in self._pieces), default=0)
        journals = group.size if self.is_shared and group.size > 1 else 0
        self._journals = group.zeros((journals, len(self._changed), longest), store.flat.dtype)
        self._open = group.zeros((journals,), np.int64)
        self._done = group.zeros((len(self._pieces),), np.bool_)
        #: how large the weights and what is kept of them are at most, where the optimizer has bounds
        self._bounds = (math.inf,) * len(self._changed)
        self._is_bounded = self._bounded(self._groups.bounds(0.0, 0.0, dict.fromkeys(names, 0.0), 1.0, 1))

    @property
    def before(self) -> Array:
        """The weights, flat, as they were before the last step, where that step was to be kept."""
        before: Array = self._before[0]
        return before

    def begin(self, result: StepResult, rate: float, step: int, *, keep: bool) -> None:
        """The leader's part before all others; then either it alone or all processes `run`. `step` counts from 1.

        What the step changes is kept for `undo` where that is asked for, or where numbers may overflow.
        """
        self._gradient = result.gradient
        self._open[:] = 0
        self._done[:] = False
        buffers = self._network.store.flat_buffers
        self._buffers_before[:] = buffers
        with np.errstate(all="ignore"):
            self._network.update_running_stats(result.batch_statistics)
            is_safe = all_finite(buffers) and self._is_safe(math.sqrt(result.squares), rate, step)
            clip = self._groups.clip(result.gradient)
        self._orders[:] = rate, clip, keep or not is_safe

    def run(self, group: ProcessGroup, step: int) -> bool:
        """Move this process's pieces along their gradient.

        In the leader: whether all weights, all that the optimizer keeps and the running statistics are finite.
        """
        finite = self._move(group.partition(len(self._pieces)), group, step)
        return all(bool(each[0]) for each in group.gather([np.array([finite], np.float64)]))

    def finish(self, step: int) -> bool:
        """As `run`, by the leader alone after some processes were lost in the midst of it."""
        for journal, number in zip(self._journals, self._open, strict=True):
            if number and not self._done[number - 1]:
                piece = self._pieces[number - 1]
                for kept, array in zip(journal, self._changed, strict=True):
                    array[piece] = kept[: piece.stop - piece.start]
        self._move(np.flatnonzero(~self._done), ProcessGroup(), step)
        return all(map(all_finite, (*self._changed, self._network.store.flat_buffers)))

    def undo(self) -> None:
        """Everything is again what it was before the last step, which was to be kept."""
        np.copyto(self._network.store.flat_buffers, self._buffers_before)
        for before, array in zip(self._before, self._changed, strict=True):
            np.copyto(array, before)

    def forget(self) -> None:
        """Somebody else has written to the weights, or to what is kept of them."""
        self._bounds = (math.inf,) * len(self._changed)

    def _move(self, numbers: range | NDArray[np.intp], group: ProcessGroup, step: int) -> bool:
        """Move some pieces; whether all is finite."""
        (rate, clip, keep), finite = map(float, self._orders), True
        with np.errstate(all="ignore"):
            for number in numbers:
                piece = self._pieces[number]
                weights, *kept = arrays = [array[piece] for array in self._changed]
                gradient = self._gradient[piece]
                if group.active > 1:
                    for journal, array in zip(self._journals[group.rank], arrays, strict=True):
                        journal[: array.size] = array
                    self._open[group.rank] = number + 1
                    # the step uses up its gradient, which another process may need again
                    gradient = contiguous(gradient)
                if keep:
                    for before, array in zip(self._before, arrays, strict=True):
                        before[piece] = array
                state = dict(zip(self.state, kept, strict=True))
                self._groups.move(number, weights, gradient, state, rate, step, clip)
                if keep:
                    finite = finite and all(map(all_finite, arrays))
                self._done[number] = True
            return finite and all_finite(self._network.store.flat_buffers)

    def _is_safe(self, size: float, rate: float, step: int) -> bool:
        """Whether the optimizer shows that no number can overflow, with a gradient whose norm is `size`."""
        if not self._is_bounded:
            return False
        if step % MEASURED == 0 or not self._bounded(self._bounds):
            self._bounds = tuple(math.sqrt(float(np.dot(array, array))) for array in self._changed)
        weights, *kept = self._bounds
        state = dict(zip(self.state, kept, strict=True))
        self._bounds = self._groups.bounds(weights, size, state, rate, step)
        return self._bounded((size, *self._bounds))

    @staticmethod
    def _bounded(sizes: tuple[float, ...]) -> bool:
        return all(size < SAFE for size in sizes)  # NaN is not
