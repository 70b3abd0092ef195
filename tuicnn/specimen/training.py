"""The training step that comes next, held still: the batch's gradient, each image's share in it, and the move it makes.

Its numbers are the engine's own (see `replay`), and open by the same rules as an image in evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tuicnn.kernels.arrays import Array
from tuicnn.language.plan import INPUT
from tuicnn.layers import Dropout
from tuicnn.training.averaging import LIVE

from .address import Address, AddressError
from .explanation import Explanation, Part
from .names import Names
from .reading import Reading, explained
from .replay import ImagePass, Replay
from .rules import Opened
from .update import Update

if TYPE_CHECKING:
    from tuicnn.engine.network import Network
    from tuicnn.engine.step import Fetch

__all__ = ["NextStep"]

#: images of the batch whose numbers are kept from one question to the next
IMAGES = 8


class NextStep:
    """The next step of a network with a batch of `count` images; `fetch` is as in `Network.forward_backward`.

    `step` keys dropout. `kept` has what the optimizer keeps, `conv1.weight/exp_avg`, as far as it is known; `lr` is the
    step's rate, after schedule and factor, and `rate` says how it comes about; `updates` is how many steps the
    optimizer has seen; `numbers`, where known, are the places of the images in the data set; `over` says that training
    has come to its end, and this step is not taken. Nothing of them may change while this is used.
    """

    def __init__(
        self,
        network: Network,
        count: int,
        fetch: Fetch,
        *,
        step: int,
        kept: Mapping[str, Array],
        lr: float,
        updates: int,
        rate: str = "",
        numbers: Sequence[int] = (),
        over: bool = False,
        average: Mapping[str, Array] | None = None,
        average_share: float = 0.0,
    ) -> None:
        self.network, self.count, self.step, self.lr, self.updates = network, count, step, lr, updates
        self.names, self._state = Names(network.plan), network.state_dict()
        self._kept, self._numbers = kept, numbers
        self.replay = Replay(network, count, fetch, step)
        self._update = Update(network, self.replay, updates + 1, lr, rate, over=over, average_share=average_share)
        self._average = average
        self._images: dict[int, _Image] = {}

    def image(self, number: int) -> _Image:
        """One image of the batch. Raises `AddressError` where there is none."""
        if number >= self.count:
            raise AddressError(f"batch[{number}]: the batch has {self.count} images, 0 to {self.count - 1}")
        found = self._images.pop(number, None) or _Image(self, number)
        self._images[number] = found  # the one that was asked for last stands last
        if len(self._images) > IMAGES:
            del self._images[next(iter(self._images))]
        return found

    def numbers(self, address: Address) -> Array | None:
        """See `Specimen.numbers`."""
        if address.image is not None:
            return self.image(address.image).numbers(address)
        if address.kind == "gradient":
            return self.replay.weight_gradient(self._key(address))
        if address.kind == "step":  # not computed as a whole
            return None
        return self._kept_beside(address)[address.state] if address.state else None

    # --- opening ----------------------------------------------------------------------------------------------------

    def explain(self, address: Address) -> Explanation:
        """What the number at a resolved address of the step is made of."""
        found = self._explain(address)
        if self._average is None or address.image is None:
            return found
        # the step is taken with the live weights, of which those without a state are the average
        parts = tuple(
            replace(part, address=self._live(part.address), factor_address=self._live(part.factor_address))
            for part in found.parts
        )
        return replace(found, parts=parts)

    def _live(self, address: Address | None) -> Address | None:
        plain = address is not None and not (address.batch or address.state or address.kind != "value")
        return replace(address, state=LIVE) if address and plain and self.names.places[address.target].step else address

    def _explain(self, address: Address) -> Explanation:
        if address.image is not None:
            return self.image(address.image).explain(address)
        if address.kind == "step":
            key, kept = self._key(address), self._kept_beside(address)
            arrays = {"w": self._state[key], "g": self.replay.weight_gradient(key), **kept}
            if self._average is not None:
                arrays["average"] = self._average[key]
            return self._update.explain(address, key, arrays)
        if address.state:
            return explained(address, float(self._kept_beside(address)[address.state][address.index]), None)
        if address.name == "loss":
            values = [_Sliced(self, n).explain(replace(address, image=n)).value for n in range(self.count)]
            formula = f"batch loss = (sum of the {self.count} images' losses) / {self.count}"
            words = "the mean of the losses of the images of the batch"
            return self._summed(address, formula, words, values, 1 / self.count, self.replay.loss)
        if address.kind == "gradient":
            formula, shares = f"{address} = sum of the {self.count} images' shares", self._shares(address)
            engine = float(self.replay.weight_gradient(self._key(address))[address.index])
            words = "what each image of the batch asks of this weight, added: the step moves against it"
            return self._summed(address, formula, words, shares, 1.0, engine)
        if address.array == "rstd":
            view = self.image(0).view(self.names.numbers[address.name])
            return explained(address, view.rule.own(view, "rstd", address.index), None)
        formula, words = f"{address} = sum of the {self.count} images' shares", "over all images of the batch"
        return self._summed(address, formula, words, self._statistics(address), 1.0, None)

    def _kept_beside(self, address: Address) -> Mapping[str, Array]:
        """What the optimizer keeps beside an array, by its name. Raises `AddressError` where it is not known."""
        names = {state: f"{self._key(address)}/{state}" for state in self.network.plan.optimizer.state_names}
        if not all(name in self._kept for name in names.values()):
            raise AddressError(f"{address}: of this epoch only the weights were kept; the newest step opens in full")
        live = {LIVE: self._state[self._key(address)]} if self._average is not None else {}
        return {state: self._kept[name] for state, name in names.items()} | live

    def _key(self, address: Address) -> str:
        """The array's name as weights have it: without the mark before a layer's name."""
        return f"{address.name.removeprefix('@')}.{address.array}"

    def _summed(
        self, address: Address, formula: str, words: str, values: list[float], factor: float, engine: float | None
    ) -> Explanation:
        """A number of the batch from one number of each image."""
        labels = [f"training image {number:,}" for number in self._numbers] or [f"image {n}" for n in range(self.count)]
        parts = [
            Part(label, value, value * factor, factor, replace(address, image=n))
            for n, (label, value) in enumerate(zip(labels, values, strict=True))
        ]
        return explained(address, Opened(formula, parts, words=words), engine)

    def _shares(self, address: Address) -> list[float]:
        """Each image's share in the gradient by a weight: over the places it was used at, dy times the other factor."""
        node = self.names.numbers[address.name]
        dy = self.replay.gradients(node)
        if dy is None:
            return [0.0] * self.count
        view = _Sliced(self, 0).view(node)
        uses = list(view.rule.uses(view, address.array, address.index))
        if not uses:
            return [0.0] * self.count
        slopes = dy[(slice(None), *np.array([use.index for use in uses]).T)].astype(np.float64)
        if uses[0].by is None:
            return _numbers(slopes @ np.array([use.factor for use in uses]))
        others = tuple(np.array([use.by.index for use in uses if use.by is not None]).T)
        on_its_way = uses[0].by.array
        if on_its_way:
            views = (_Sliced(self, n).view(node) for n in range(self.count))
            factors = np.stack([view.derived[on_its_way].array[others] for view in views])
        else:
            factors = self.replay.outputs(self.network.plan.nodes[node].inputs[0])[(slice(None), *others)]
        return _numbers(np.einsum("np,np->n", slopes, factors.astype(np.float64)))

    def _statistics(self, address: Address) -> list[float]:
        """Each image's share in the mean or the variance of a batch normalisation's channel."""
        node, (channel,) = self.names.numbers[address.name], address.index
        x = self.replay.outputs(self.network.plan.nodes[node].inputs[0])
        statistics = self.replay.statistics(node)
        values = x[:, channel].reshape(self.count, -1).astype(np.float64)
        if address.array == "var":
            values = (values - statistics.mean[channel]) ** 2
        return _numbers(values.sum(axis=1) / statistics.size)


class _Image(Reading):
    """One image of the batch, in training mode: the batch's statistics, dropout's masks."""

    def __init__(self, step: NextStep, number: int) -> None:
        super().__init__(step.names, step._state, step.replay.batch[1][number : number + 1])
        self._step, self.image_number, self.share = step, number, 1 / step.count
        self._place, self._pass = number, ImagePass(down_to=len(step.network.plan.nodes) + 1)

    def _found(self, down_to: int) -> ImagePass:
        """The image's way, with gradients down to a node at least."""
        if self._pass.down_to > down_to:
            self._pass = self._step.replay.image(self._place, down_to)
        return self._pass

    @property
    def _values(self) -> ImagePass:
        return self._found(len(self.plan.nodes))

    def array(self, number: int) -> Array | None:
        if number == INPUT:
            image: Array = self._step.replay.batch[0][self._place]
            return image
        return self._values.outputs.get(number)

    def gradient(self, number: int) -> Array | None:
        return None if number == INPUT else self._found(number).gradients.get(number)

    def batch_gradient(self, name: str) -> Array:
        return self._step.replay.weight_gradient(name)

    def statistics(self, number: int) -> tuple[Array, Array, int] | None:
        if not self.plan.nodes[number].layer.whole_batch:
            return None
        found = self._step.replay.statistics(number)
        return found.mean, found.squares / found.size, found.size

    def scale(self, number: int) -> Array | None:
        return self._values.scales.get(number) if isinstance(self.plan.nodes[number].layer, Dropout) else None

    def explain(self, address: Address) -> Explanation:
        if address.kind == "gradient":  # with the values, not after them
            self._found(max(0, self._number(address)))
        return super().explain(address)


class _Sliced(_Image):
    """The same by the arrays that are kept of the whole batch, for what is asked of every image."""

    def array(self, number: int) -> Array | None:
        found: Array = self._step.replay.outputs(number)[self._place]
        return found


def _numbers(array: Array) -> list[float]:
    found: list[float] = array.tolist()
    return found
