"""How a kind of layer opens: what a rule is given, and what it answers.

A rule says three things of its layer. What one output is made of (`output`). Where one value of an input went, with the
derivative of each output that it went into (`readers`). Where one weight was used, in the same way (`uses`). A gradient
by a number is then the sum, over the outputs that it went into, of the gradient by that output times the derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from tuicnn.kernels.arrays import Array
from tuicnn.specimen.address import Address
from tuicnn.specimen.explanation import Part, Patch

__all__ = ["Index", "Opened", "Operand", "Rule", "Use", "View"]

Index = tuple[int, ...]


@dataclass(frozen=True)
class Operand:
    """An array that parts are taken from: its name in an address, and its numbers with PyTorch's axes.

    `batch` and `image` are those of the address, for numbers of a training step.
    """

    name: str
    array: Array
    batch: bool = False
    image: int | None = None
    #: of values that were flattened: the name and the shape of what they come from
    flattened: tuple[str, tuple[int, ...]] | None = None

    def __getitem__(self, index: Index) -> float:
        return float(self.array[index])

    @property
    def called(self) -> str:
        """Its name in a sentence."""
        return "the image" if self.name == "image" else self.name

    def address(self, index: Index) -> Address:
        """The address of one of its numbers."""
        name, _, own = self.name.partition(".")
        return Address(name, tuple(int(i) for i in index), own, batch=self.batch, image=self.image)

    def origins(self) -> list[str]:
        """Of a row of values: the place that each comes from, as its address is written; else its number."""
        if self.flattened is None:
            return [f"input {v}" for v in range(self.array.size)]
        name, shape = self.flattened
        return [f"{name}[{','.join(map(str, index))}]" for index in np.ndindex(*shape)]

    def part(self, index: Index, factor: float = 1.0, by: Address | None = None, label: str = "") -> Part:
        """One of its numbers as a part, times a factor, which has the address `by` where it is a number too."""
        value = self[index]
        return Part(label, value, value * factor, factor, self.address(index), by)


@dataclass(frozen=True)
class View:
    """One layer of a specimen with its numbers, as the engine has them: its inputs, output, weights and buffers."""

    name: str
    layer: Any
    rule: Rule
    inputs: tuple[Operand, ...]
    output: Operand
    own: Mapping[str, Operand] = field(default_factory=dict)
    #: of batch normalisation in a training step: the batch's mean and variance, and how many values they are of
    statistics: tuple[Array, Array, int] | None = None
    #: of dropout in a training step: what each value is multiplied by
    scale: Array | None = None

    @property
    def x(self) -> Operand:
        """The input, of a layer that has one."""
        return self.inputs[0]

    @cached_property
    def derived(self) -> dict[str, Operand]:
        """What the layer computes on its way, such as a mean, in float64."""
        found = {}
        for name, array in self.rule.derived(self).items():
            image = None if self.statistics and name != "xhat" else self.output.image
            found[name] = Operand(f"{self.name}.{name}", array, self.output.batch, image)
        return found

    def named(self, index: Iterable[object], operand: Operand | None = None) -> str:
        """A number as a formula writes it, `conv1[2, i, j]`."""
        inside = ", ".join(map(str, index))
        name = (operand or self.output).name
        return f"{name}[{inside}]" if inside else name


@dataclass(frozen=True)
class Opened:
    """What one number is made of."""

    formula: str
    parts: Iterable[Part]
    combine: str = "sum"
    #: what happens here, in a line
    words: str = ""
    patch: Patch | None = None
    beside: tuple[Address, ...] = ()
    #: of a number that is a function of one part: the function
    function: Callable[[Array], Array] | None = None


@dataclass(frozen=True)
class Use:
    """An output that a number went into, and the derivative of that output by the number."""

    index: Index
    factor: float
    #: the factor's own address, where it is a number of the network
    by: Address | None = None
    #: a weight of the layer, where what the number went into is not an output but the batch's gradient by this weight
    weight: str = ""


class Rule:
    """How a kind of layer opens. Indices have PyTorch's axes without the batch: (channel, row, column) or (value,)."""

    def output(self, view: View, index: Index) -> Opened:
        """What one output is made of."""
        raise NotImplementedError

    def readers(self, view: View, number: int, index: Index) -> Iterable[Use]:
        """The outputs that one value of input `number` went into."""
        raise NotImplementedError

    def uses(self, view: View, name: str, index: Index) -> Iterable[Use]:
        """The outputs that one weight went into."""
        raise NotImplementedError(f"{type(self).__name__} has no weights")

    def derived(self, view: View) -> dict[str, Array]:
        """What the layer computes on its way, by name: see `names.derived`."""
        return {}

    def own(self, view: View, name: str, index: Index) -> Opened:
        """What one number of those is made of."""
        raise NotImplementedError(f"{type(self).__name__} computes nothing on its way")
