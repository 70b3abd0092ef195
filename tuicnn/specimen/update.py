"""How the optimizer's step moves one weight, and what is kept beside it: the last line of a training step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tuicnn.kernels.arrays import Array
from tuicnn.optimizers import Layerwise, Optimizer, clip_factor
from tuicnn.training.averaging import LIVE, approach

from .address import Address
from .explanation import Explanation, Part
from .reading import explained
from .replay import Replay
from .rules import Opened
from .rules.optimizers import OPTIMIZERS, Moved, Term, stays

if TYPE_CHECKING:
    from tuicnn.engine.network import Network

__all__ = ["Update"]


class Update:
    """The step number `number`, from 1, of a network's optimizer with the rate `lr`, along the gradient of a `replay`.

    `rate` says how the rate comes about; `over`, that training has come to its end, and the step is not taken. Where an
    average of the weights is evaluated, it goes the share `average_share` of its way to them.
    """

    def __init__(
        self,
        network: Network,
        replay: Replay,
        number: int,
        lr: float,
        rate: str,
        *,
        over: bool,
        average_share: float = 0.0,
    ) -> None:
        self._network, self._replay, self._number = network, replay, number
        self._lr, self._rate, self._over, self._share = lr, rate, over, average_share

    def explain(self, address: Address, key: str, arrays: Mapping[str, Array]) -> Explanation:
        """A weight of the array `key`, or what is kept beside it, after the step.

        `arrays` has all before it, with PyTorch's axes: "w", its gradient "g", and what is kept, by name.
        """
        (optimizer, factor), clip = self._network.parameter_groups.by_name[key], self._clip
        lr = self._lr * factor
        values = {name: float(array[address.index]) for name, array in arrays.items()}
        before = values | {"g": values["g"] * clip}
        if isinstance(optimizer, Layerwise):
            kept, _ = self._together(optimizer, key, arrays, address.index)
            before["ratio"] = optimizer.ratio(kept.pop("w"), kept.pop("g"), kept, self._number)
        averaged, of_weight = "average" in arrays, address.state in ("", LIVE)
        asked = "w" if of_weight else address.state
        if factor:
            moved: Moved = OPTIMIZERS[type(optimizer)](optimizer, before, lr, self._number)[asked]
        else:
            moved = stays("average" if averaged and not address.state else asked, "frozen: no step changes it")
        if averaged and of_weight and factor:
            moved = self._averaged(moved, live=bool(address.state))
        bare = replace(address, kind="value", state="")
        where = {"w": replace(bare, state=LIVE if averaged else ""), "g": replace(bare, kind="gradient", batch=True)}
        where["average"] = bare
        parts = []
        for term in moved.terms:
            label, slope, value = term.label, term.factor, values[term.of]
            if term.of == "g" and clip != 1:
                label, slope = f"{label}, clipped", slope * clip
            parts.append(Part(label, value, value * slope, slope, where.get(term.of, replace(bare, state=term.of))))
        formula = f"{address} = {moved.formula}"
        if self._rate and factor and f"{lr:g}" in moved.formula and of_weight:
            own = f" * {factor:g} (rate)" if factor != 1 else ""
            formula += f"; {lr:g} = {self._rate}{own}"
        if clip != 1 and factor:
            norm, most = self._replay.gradient_norm, self._network.plan.optimizer.clip
            formula += f"; g = {clip:g} * gradient, whose norm over all weights, {norm:g}, is above clip = {most:g}"
        beside = [where["g"]] if of_weight else []
        beside += [replace(address, state=LIVE)] if averaged and not address.state else []
        beside += [replace(address, state=kept) for kept in optimizer.state_names if f"{kept}'" in moved.formula]
        words = f"training is over and no step follows; in one, {moved.words}" if self._over else moved.words
        opened = Opened(formula, parts, words=words, beside=tuple(beside))
        return explained(address, opened, self._computed(address, key, arrays))

    def _averaged(self, moved: Moved, *, live: bool) -> Moved:
        """What becomes of the weights' average, or of the `live` weight, from the optimizer's move of this one."""
        train, share = self._network.plan.train, self._share
        if live and not (share and train.lookahead):
            return moved
        if not share:
            return stays("average", f"lookahead moves it every {train.lookahead} steps only")
        terms = [Term("average", 1 - share, "the average before")]
        terms += [replace(term, factor=share * term.factor) for term in moved.terms]
        words = (
            f"lookahead: slow weights go {share:g} of the way to the weights, which go on from there"
            if train.lookahead
            else "the running mean of the weights over the steps, which is evaluated"
        )
        if train.ema and 1 - share < train.ema:
            words += f"; {train.ema:g} of it stays, but at most (1 + t) / (10 + t) after t steps"
        return Moved(f"{1 - share:g} * average + {share:g} * ({moved.formula})", terms, f"{words}; {moved.words}")

    @cached_property
    def _clip(self) -> float:
        """What the gradient is multiplied by: 1 where its norm is not above `clip`."""
        clip = self._network.plan.optimizer.clip
        return 1.0 if clip is None else clip_factor(self._replay.gradient_norm, clip)

    def _computed(self, address: Address, key: str, arrays: Mapping[str, Array]) -> float:
        """The same by the optimizer's own arithmetic: the bits of the step."""
        optimizer, factor = self._network.parameter_groups.by_name[key]
        kept, place = self._together(optimizer, key, arrays, address.index)
        w, g = kept.pop("w"), kept.pop("g")
        if factor:
            optimizer.update(w, g, kept, self._lr * factor, self._number)
        if "average" in kept and address.state in ("", LIVE):
            average = kept["average"]
            if self._share:
                approach(average, w, self._share)
            returns = self._share and self._network.plan.train.lookahead
            return float((w if address.state and not returns else average)[place])
        return float((kept[address.state] if address.state else w)[place])

    def _together(
        self, optimizer: Optimizer, key: str, arrays: Mapping[str, Array], index: tuple[int, ...]
    ) -> tuple[dict[str, Array], int]:
        """Copies of what moves together with the weight at an index, flat as the optimizer has it, and its place there.

        The gradient is clipped.
        """
        if optimizer.layerwise:
            spec = next(entry.spec for entry in self._network.store.entries if entry.name == key)
            order = np.argsort(spec.axes) if spec.axes else np.arange(len(spec.shape))
            kept = {name: array.transpose(order).flatten() for name, array in arrays.items()}
            place = int(np.ravel_multi_index(np.array(index)[order], spec.shape))
        else:
            kept, place = {name: array[index].reshape(1).copy() for name, array in arrays.items()}, 0
        if self._clip != 1:
            kept["g"] *= self._clip
        return kept, place
