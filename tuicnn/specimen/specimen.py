"""A network and one image, held still: every number of it has a value, and opens.

    specimen = Specimen(network, image, label=7)
    specimen.explain("conv1[2, 10, 14]")           # window times kernel, plus bias
    specimen.explain("d conv1.weight[2, 0, 1, 1]")   # the places that the weight was used at

What the parts of a number are worth is what the engine got; the number itself is computed of them anew, in float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tuicnn.kernels.arrays import Array
from tuicnn.language.plan import INPUT

from .address import Address, AddressError, parse
from .explanation import Explanation, combined
from .gradients import Gradients, one_of
from .names import Names
from .reading import Reading
from .rules.losses import LOSSES

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from tuicnn.engine.network import Network
    from tuicnn.specimen.training import NextStep


__all__ = ["Specimen"]


class _Evaluation(Reading):
    """An image in evaluation mode: running statistics, nothing dropped."""

    def __init__(self, network: Network, names: Names, image: Array, labels: Array | None) -> None:
        super().__init__(names, network.state_dict(), labels)
        self._network, self._image = network, image

    @cached_property
    def _outputs(self) -> list[Array | None]:
        """What each node gives, in the engine's layout."""
        return self._network.executor.outputs(self._inner)

    @cached_property
    def _inner(self) -> Array:
        return np.ascontiguousarray(self._image.transpose(1, 2, 0)[:, :, None])

    @cached_property
    def gradients(self) -> Gradients:
        """The gradients of the loss by everything."""
        rule, end = LOSSES[type(self.plan.loss)], self.end
        d_logits = np.empty(end.logits.array.shape)
        for k in np.ndindex(*d_logits.shape):
            opened = rule.gradient(end, k)
            d_logits[k] = combined(opened.combine, [part.contribution for part in opened.parts])
        return Gradients(self._network, self._inner, self._outputs, d_logits)

    def array(self, number: int) -> Array | None:
        if number == INPUT:
            return self._image
        found = self._outputs[number]
        return None if found is None else one_of(found)

    def gradient(self, number: int) -> Array | None:
        return self.gradients.output(number)

    def numbers(self, address: Address) -> Array | None:
        if address.kind == "gradient" and address.array:
            return self.gradients.weight(self._number(address), address.array)
        return super().numbers(address)


class Specimen:
    """A network's weights and one image (C, H, W), normalised as the network gets it, and its label, where it is known.
    Where the image is the target, `target` are its pixels from 0 to 1, (C, H, W).

    With the training step that comes next, its numbers open too. Nothing of the network may change while a specimen of
    it is used.
    """

    def __init__(
        self,
        network: Network,
        image: ArrayLike,
        label: int | None = None,
        next_step: NextStep | None = None,
        target: ArrayLike | None = None,
    ) -> None:
        plan, given = network.plan, np.asarray(image, network.dtype)
        if given.shape != plan.input:
            raise ValueError(f"an image must be an array of {plan.input}, not {given.shape}")
        if label is not None and not 0 <= label < plan.classes:
            raise ValueError(f"the label must lie between 0 and {plan.classes - 1}, not be {label}")
        self.network, self.names, self.next_step = network, Names(plan), next_step
        self.image, self.label = given, label
        what = target if plan.of_images else label
        labels = None if what is None else np.asarray(what)[None]
        self.evaluation = _Evaluation(network, self.names, given, labels)

    @property
    def has_loss(self) -> bool:
        """Whether it is known what the network should say of the image."""
        return self.evaluation.has_loss

    def explain(self, address: Address | str) -> Explanation:
        """What the number at an address is made of. Raises `AddressError` where there is none."""
        found = self.names.resolve(parse(address) if isinstance(address, str) else address)
        if not (found.batch or found.state or found.kind == "step"):
            return self.evaluation.explain(found)
        if self.next_step is None:
            raise AddressError(f"{found}: this specimen has no training step")
        return self.next_step.explain(found)

    def numbers(self, address: Address) -> Array | None:
        """All numbers of the array that a resolved address lies in, with PyTorch's axes.

        None where they are not there in one go.
        """
        if not (address.batch or address.state or address.kind == "step"):
            return self.evaluation.numbers(address)
        return None if self.next_step is None else self.next_step.numbers(address)

    def way_down(self) -> Sequence[Address]:
        """Where to begin: the probability of the predicted class, or the middle of the image that is made, and
        from there always the part that weighs most.

        It ends after four numbers, or where one is given.
        """
        if self.network.plan.of_images:
            channels, height, width = self.network.plan.nodes[-1].shape
            way = [Address("logits", (channels // 2, height // 2, width // 2))]
        else:
            way = [Address("p", (int(self.evaluation.end.p.array.argmax()),))]
        for _ in range(3):
            parts = [part for part in self.explain(way[-1]).parts if part.address is not None]
            if not parts:
                break
            largest = max(parts, key=lambda part: abs(part.contribution)).address
            assert largest is not None
            way.append(largest)
        return way
