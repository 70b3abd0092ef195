"""A network and one image, held still: every number of it has a value, and opens.

    specimen = Specimen(network, image, label=7)
    specimen.explain("conv1[2, 10, 14]")           # window times kernel, plus bias
    specimen.explain("d conv1.weight[2, 0, 1, 1]")   # the places that the weight was used at

What the parts of a number are worth is what the engine got; the number itself is computed of them anew, in float64.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tuicnn.kernels.arrays import Array
from tuicnn.language.plan import INPUT

from .address import Address, AddressError, parse
from .explanation import Explanation, Part, combined
from .gradients import Gradients, gradients_of
from .names import Names, qualified
from .rules import Opened, Operand, Use, View, rule_of
from .rules.losses import LOSSES, End

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike

    from tuicnn.engine.network import Network

__all__ = ["Specimen"]


class Specimen:
    """A network's weights and one image (C, H, W), normalised as the network gets it, and its label, where it is known.

    Nothing of the network may change while a specimen of it is used.
    """

    def __init__(self, network: Network, image: ArrayLike, label: int | None = None) -> None:
        self.network, self.plan = network, network.plan
        self.image: Array = np.asarray(image, network.dtype)
        if self.image.shape != self.plan.input:
            raise ValueError(f"an image must be an array of {self.plan.input}, not {self.image.shape}")
        if label is not None and not 0 <= label < self.plan.classes:
            raise ValueError(f"the label must lie between 0 and {self.plan.classes - 1}, not be {label}")
        self.label = label
        self.names = Names(self.plan)
        self._state = network.state_dict()
        #: each layer's place among the plan's nodes, by its name in an address
        self.numbers = {name: number for number, name in enumerate(self.names.nodes)}
        self._views: dict[int, View] = {}

    # --- the numbers ------------------------------------------------------------------------------------------------

    @cached_property
    def outputs(self) -> list[Array | None]:
        """What the engine gave at each node, (C, H, W) or (V,); None for one that nothing reads."""
        return self.network.activations(self.image)

    @property
    def _live(self) -> list[int]:
        """The nodes that are computed: what nothing reads is not."""
        return [number for number, output in enumerate(self.outputs) if output is not None]

    @cached_property
    def _end(self) -> End:
        logits = self._output(len(self.plan.nodes) - 1).array
        p = self.plan.loss.probabilities(logits[None].astype(np.float64))[0]
        return End(self.plan.loss, Operand("logits", logits), Operand("p", p), -1 if self.label is None else self.label)

    @cached_property
    def gradients(self) -> Gradients:
        """The gradients of the loss by everything, in evaluation mode."""
        rule, end = LOSSES[type(self.plan.loss)], self._end
        d_logits = np.array([_value(rule.gradient(end, k)) for k in range(end.logits.array.size)])
        return gradients_of(self.network, self.image, self.outputs, d_logits)

    def _output(self, number: int) -> Operand:
        """What a node gave, or the image."""
        if number == INPUT:
            return Operand("image", self.image)
        name, found = qualified(self.plan.nodes[number]), self.outputs[number]
        if found is None:
            raise AddressError(f"{name} is not computed: nothing reads it")
        return Operand(name, found)

    def view(self, number: int) -> View:
        """A node with its numbers."""
        if number not in self._views:
            node, name = self.plan.nodes[number], qualified(self.plan.nodes[number])
            own = {
                short: Operand(f"{name}.{short}", self._state[f"{node.name}.{short}"])
                for short in node.layer.weights(*node.input_shapes)
            }
            inputs = tuple(self._output(source) for source in node.inputs)
            self._views[number] = View(name, node.layer, rule_of(type(node.layer)), inputs, self._output(number), own)
        return self._views[number]

    # --- opening ----------------------------------------------------------------------------------------------------

    def explain(self, address: Address | str) -> Explanation:
        """What the number at an address is made of. Raises `AddressError` where there is none."""
        found = self.names.resolve(parse(address) if isinstance(address, str) else address)
        if found.batch or found.kind == "step" or found.state:
            raise AddressError(f"{found}: a specimen of one image has no training step")
        if self.label is None and (found.kind == "gradient" or found.name == "loss"):
            raise AddressError(f"{found}: without the image's label there is no loss; give it")
        opened = self._gradient(found) if found.kind == "gradient" else self._opened(found)
        if not isinstance(opened, Opened):
            return Explanation(found, opened, f"{found} is given", (), "given", opened)
        parts = tuple(opened.parts)
        return Explanation(
            found,
            combined(opened.combine, [part.contribution for part in parts]),
            opened.formula,
            parts,
            opened.combine,
            self._engine(found),
        )

    def _opened(self, address: Address) -> Opened | float:
        """What a value is made of; the value itself, where it is given."""
        rule = LOSSES[type(self.plan.loss)]
        if address.name == "loss":
            return rule.loss(self._end)
        if address.name == "p":
            return rule.p(self._end, address.index[0])
        if address.name == "image":
            return float(self.image[address.index])
        number = len(self.plan.nodes) - 1 if address.name == "logits" else self.numbers[address.name]
        view = self.view(number)
        if not address.array:
            return view.rule.output(view, address.index)
        if address.array in view.own:
            return view.own[address.array][address.index]
        return view.rule.own(view, address.array, address.index)

    def _engine(self, address: Address) -> float | None:
        """What the engine got, where it computes this number."""
        if address.kind == "gradient" or address.array:
            return None
        if address.name in ("loss", "p"):
            logits, loss = self._end.logits.array[None], self.plan.loss
            if address.name == "p":
                return float(loss.probabilities(logits)[0, address.index[0]])
            return float(loss.forward(logits, np.array([self.label]))[0])
        return float(
            self._end.logits.array[address.index]
            if address.name == "logits"
            else self._output(self.numbers[address.name]).array[address.index]
        )

    def _gradient(self, address: Address) -> Opened:
        """The gradient by a number: over all outputs that it went into, the gradient by that times the derivative."""
        last = len(self.plan.nodes) - 1
        number = {"image": INPUT, "logits": last}.get(address.name, self.numbers.get(address.name, last))
        if number == last and not address.array:
            return LOSSES[type(self.plan.loss)].gradient(self._end, address.index[0])
        parts: list[Part] = []
        if address.array:
            view = self.view(number)
            parts += self._shares(number, view.rule.uses(view, address.array, address.index))
            readers = [view.name]
        else:
            readers = []
            for reader in self._live:
                for place, source in enumerate(self.plan.nodes[reader].inputs):
                    if source == number:
                        view = self.view(reader)
                        readers.append(view.name)
                        parts += self._shares(reader, view.rule.readers(view, place, address.index))
        into = " and ".join(dict.fromkeys(readers))
        formula = f"{address} = sum over {len(parts)} outputs of {into} of d output * (d output / d {address.target})"
        return Opened(formula, parts or [Part("it went into no output", 0.0, 0.0)])

    def _shares(self, number: int, uses: Iterable[Use]) -> list[Part]:
        name, gradient = qualified(self.plan.nodes[number]), self.gradients.outputs[number]
        found = []
        for use in uses:
            value = float(gradient[use.index])
            address = Address(name, tuple(int(i) for i in use.index), kind="gradient")
            found.append(Part("", value, value * use.factor, use.factor, address, use.by))
        return found


def _value(opened: Opened) -> float:
    return combined(opened.combine, [part.contribution for part in opened.parts])
