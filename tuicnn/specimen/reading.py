"""One image's way through a network with the engine's numbers, and how each of them opens.

There are two ways: in evaluation, and as one of a training step's batch. Both open by the same rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property

import numpy as np

from tuicnn.kernels.arrays import Array
from tuicnn.language.plan import INPUT
from tuicnn.layers import Flatten
from tuicnn.training.averaging import LIVE

from .address import Address, AddressError
from .explanation import Explanation, Part, combined
from .names import Names, qualified
from .rules import Opened, Operand, Use, View, rule_of
from .rules.losses import LOSSES, End

__all__ = ["Reading", "explained"]

_OUTPUT_GRADIENT = "how the loss changes where this number grows: over all that it went into, gradient times slope"
_WEIGHT_GRADIENT = "how the loss changes where this weight grows: over all places that it is used at"


def explained(address: Address, opened: Opened | float, engine: float | None) -> Explanation:
    """The explanation of a number that opens, or (a float) that is given."""
    if not isinstance(opened, Opened):
        return Explanation(address, opened, f"{address} is given", (), "given", opened, words=_given(address))
    parts = tuple(opened.parts)
    value = combined(opened.combine, [part.contribution for part in parts])
    return Explanation(
        address,
        value,
        opened.formula,
        parts,
        opened.combine,
        engine,
        opened.words,
        opened.patch,
        opened.beside,
        opened.function,
    )


def _given(address: Address) -> str:
    """What a number is that is made of no others."""
    if address.name == "image":
        return "a pixel as the network gets it: less the mean of the training images, by their standard deviation"
    if address.state == LIVE:
        return "the weight that is trained; its average over the steps is what is evaluated"
    if address.state:
        return "kept by the optimizer from step to step"
    if address.array.startswith("running_"):
        return "kept while training: it follows the batches, for use after training"
    return "learnt: each training step moves it a little"


class Reading:
    """What both ways share. A subclass gives the numbers: `array`, `gradient`, and what it knows of the batch."""

    #: of a training step: which image of the batch this is
    image_number: int | None = None
    #: what each image's loss counts in the loss that the gradients are of
    share = 1.0

    def __init__(self, names: Names, state: Mapping[str, Array], labels: Array | None) -> None:
        """`state` are the weights and buffers by name, `conv1.weight`; `labels` as the loss takes them: (1,), of an
        image that is mixed of two (1, 3), and where the image is the target its pixels, (1, C, H, W)."""
        self.plan, self.names, self._labels = names.plan, names, labels
        self._state = state
        self._views: dict[int, View] = {}

    # --- the numbers ------------------------------------------------------------------------------------------------

    def array(self, number: int) -> Array | None:
        """What a node gave, (C, H, W) or (V,), and under `INPUT` the image; None for one that nothing reads."""
        raise NotImplementedError

    def gradient(self, number: int) -> Array | None:
        """The gradient of the loss by what a node gave; None where that is not computed in one go."""
        raise NotImplementedError

    def batch_gradient(self, name: str) -> Array:
        """The gradient of the batch's loss by a weight, `conv1.weight`; only in a training step."""
        raise NotImplementedError

    def statistics(self, number: int) -> tuple[Array, Array, int] | None:
        """The batch's own statistics, of a batch normalisation in a training step."""
        return None

    def scale(self, number: int) -> Array | None:
        """What dropout multiplies each value by, in a training step."""
        return None

    @property
    def has_loss(self) -> bool:
        """Whether it is known what the network should say."""
        return self._labels is not None

    @property
    def training(self) -> bool:
        """Whether this is one image of a training step."""
        return self.image_number is not None

    def operand(self, name: str, array: Array) -> Operand:
        """An array of this way."""
        return Operand(name, array, self.training, self.image_number)

    def output(self, number: int) -> Operand:
        """What a node gave, or the image."""
        name = "image" if number == INPUT else qualified(self.plan.nodes[number])
        found = self.array(number)
        if found is None:
            raise AddressError(f"{name} is not computed: nothing reads it")
        return replace(self.operand(name, found), flattened=self._flattened(number))

    def _flattened(self, number: int) -> tuple[str, tuple[int, ...]] | None:
        """What a node of flattened values reads: its name, and its shape as addresses have it."""
        if number == INPUT or not isinstance(self.plan.nodes[number].layer, Flatten):
            return None
        source = self.plan.nodes[number].inputs[0]
        array, name = self.array(source), "image" if source == INPUT else qualified(self.plan.nodes[source])
        return (name, array.shape) if array is not None else None

    def view(self, number: int) -> View:
        """A node with its numbers."""
        if number not in self._views:
            node, name = self.plan.nodes[number], qualified(self.plan.nodes[number])
            own = {
                short: Operand(f"{name}.{short}", self._state[f"{node.name}.{short}"])
                for short in node.layer.weights(*node.input_shapes)
            }
            rule = rule_of(type(node.layer), training=self.training)
            inputs = tuple(self.output(source) for source in node.inputs)
            self._views[number] = View(
                name, node.layer, rule, inputs, self.output(number), own, self.statistics(number), self.scale(number)
            )
        return self._views[number]

    @cached_property
    def end(self) -> End:
        """The logits, the probabilities and the label."""
        logits, labels = self.output(len(self.plan.nodes) - 1).array, self._labels
        p = self.plan.loss.probabilities(logits.reshape(1, -1).astype(np.float64))[0]
        known = np.array([-1]) if labels is None else labels
        return End(self.plan.loss, self.operand("logits", logits), self.operand("p", p), known)

    def numbers(self, address: Address) -> Array | None:
        """All numbers of the array that a resolved address lies in; None where they are not there in one go."""
        if address.kind == "gradient":
            return None if address.array else self.gradient(self._number(address))
        if address.name in ("p", "loss"):
            return self.end.p.array if address.name == "p" else None
        if not address.array:
            return self.output(self._number(address)).array
        view = self.view(self._number(address))
        return (view.own.get(address.array) or view.derived[address.array]).array

    # --- opening ----------------------------------------------------------------------------------------------------

    def explain(self, address: Address) -> Explanation:
        """What the number at a resolved address of this way is made of."""
        if not self.has_loss and (address.kind == "gradient" or address.name == "loss"):
            wanted = ("the pixels that are its target", "them") if self.plan.of_images else ("the image's label", "it")
            raise AddressError(f"{address}: without {wanted[0]} there is no loss; give {wanted[1]}")
        opened = self._gradient_of(address) if address.kind == "gradient" else self._value_of(address)
        return explained(address, opened, self._engine(address))

    def _value_of(self, address: Address) -> Opened | float:
        """What a value is made of; the value itself, where it is given."""
        rule = LOSSES[type(self.plan.loss)]
        if address.name == "loss":
            return rule.loss(self.end)
        if address.name == "p":
            return rule.p(self.end, address.index[0])
        if address.name == "image":
            return self.output(INPUT)[address.index]
        view = self.view(self._number(address))
        if not address.array:
            return view.rule.output(view, address.index)
        if address.array in view.own:
            return view.own[address.array][address.index]
        return view.rule.own(view, address.array, address.index)

    def _number(self, address: Address) -> int:
        """The node that an address speaks of; `INPUT` for the image."""
        return {"image": INPUT, "logits": len(self.plan.nodes) - 1}.get(
            address.name, self.names.numbers.get(address.name, -2)
        )

    def _engine(self, address: Address) -> float | None:
        """What the engine got, where it computes this number."""
        if address.array:
            return None
        if address.kind == "gradient":
            found = self.gradient(self._number(address)) if self.training else None
            return None if found is None else float(found[address.index])
        logits, loss = self.end.logits.array.reshape(1, -1), self.plan.loss
        if address.name == "p":
            return float(loss.probabilities(logits)[0, address.index[0]])
        if address.name == "loss":
            return float(loss.forward(logits, self.end.labels)[0])
        return self.output(self._number(address))[address.index]

    def _gradient_of(self, address: Address) -> Opened:
        """The gradient by a number: over all outputs that it went into, the gradient by that times the derivative."""
        number = self._number(address)
        if number == len(self.plan.nodes) - 1 and not address.array:
            opened = LOSSES[type(self.plan.loss)].gradient(self.end, address.index)
            scaled = [
                replace(part, contribution=part.contribution * self.share, factor=part.factor * self.share)
                for part in opened.parts
            ]
            return replace(opened, parts=scaled)
        parts: list[Part] = []
        if address.array:
            view = self.view(number)
            parts += self._shares(number, view.rule.uses(view, address.array, address.index))
            readers = [view.name]
        else:
            readers = []
            for reader, place in self.readers(number):
                view = self.view(reader)
                readers.append(view.name)
                parts += self._shares(reader, view.rule.readers(view, place, address.index))
        into, it = " and ".join(dict.fromkeys(readers)), replace(address, kind="value", batch=False, image=None)
        which = f"{len(parts):,} outputs y" if len(parts) != 1 else "the one output y"
        formula = f"{address} = sum over {which} of {into} of (d loss / d y) * (d y / d {it})"
        words = _WEIGHT_GRADIENT if address.array else _OUTPUT_GRADIENT
        return Opened(formula, parts or [Part("it went into no output", 0.0, 0.0)], words=words)

    def readers(self, number: int) -> list[tuple[int, int]]:
        """The nodes that read a node (or the image), each with the place that it has among the reader's inputs."""
        return [
            (reader, place)
            for reader, node in enumerate(self.plan.nodes)
            if number in node.inputs and self.array(reader) is not None
            for place, source in enumerate(node.inputs)
            if source == number
        ]

    def _shares(self, number: int, uses: Iterable[Use]) -> list[Part]:
        name, gradient = qualified(self.plan.nodes[number]), self.gradient(number)
        found = []
        for use in uses:
            index = tuple(int(i) for i in use.index)
            if use.weight:
                address = Address(name, index, use.weight, kind="gradient", batch=True)
                value = float(self.batch_gradient(f"{self.plan.nodes[number].name}.{use.weight}")[index])
            else:
                address = Address(name, index, kind="gradient", batch=self.training, image=self.image_number)
                value = self.explain(address).value if gradient is None else float(gradient[index])
            found.append(Part("", value, value * use.factor, use.factor, address, use.by))
        return found
