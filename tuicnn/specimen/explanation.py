"""What a number is made of: its parts, each with an address of its own, and how they join to the number."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from tuicnn.kernels.arrays import Array

from .address import Address
from .text import html, lines

__all__ = ["COMBINE", "Explanation", "Part", "Patch", "combined", "total"]


@dataclass(frozen=True)
class Part:
    """One part of a number: `value` times `factor`, mostly, is what it contributes.

    `address` opens the part, and `factor_address` the factor where that is a number of the network too; None is a
    constant.
    """

    label: str
    value: float
    contribution: float
    factor: float = 1.0
    address: Address | None = None
    factor_address: Address | None = None


@dataclass(frozen=True)
class Patch:
    """The window that a number is computed from, at its place: which pixels of its input it lies on.

    The part at position (i, j) is the one whose address has the index (channel, rows[i], columns[j]); where that lies
    outside of the input there is padding, and no part.
    """

    input: Address  #: without an index
    channels: range
    rows: tuple[int, ...]
    columns: tuple[int, ...]


def total(numbers: Iterable[float]) -> float:
    """The sum, rounded once; as floating point has it where something is not finite, or becomes so."""
    numbers = list(numbers)
    try:
        return math.fsum(numbers)
    except (OverflowError, ValueError):  # infinities of both signs, or a sum beyond the largest number
        return float(sum(numbers))


#: how contributions join to the value; a function's name, such as `gelu`, is a single part that has passed through it
COMBINE: dict[str, Callable[[Sequence[float]], float]] = {
    "sum": total,
    "max": lambda contributions: max(contributions, key=lambda number: (math.isnan(number), number)),
    "ratio": lambda contributions: contributions[0] / total(contributions),
    "rsqrt": lambda contributions: 1 / math.sqrt(total(contributions)),
    "product": math.prod,
}


def combined(combine: str, contributions: Sequence[float]) -> float:
    """The value that contributions make: their `sum`, `max` or `product`, the first as a `ratio` of them all, `rsqrt`.

    `rsqrt` is 1 / sqrt(their sum). A number without parts, such as a pixel, has no value here: raises `ValueError`.
    """
    if not contributions:
        raise ValueError("nothing to combine")
    return float(COMBINE.get(combine, total)(contributions))


@dataclass(frozen=True, repr=False)
class Explanation:
    """A number of a specimen: `value` in float64 from its `parts`; `engine`, what the engine got in its own precision.

    `engine` is None where the engine does not compute this number. A pixel, a weight or a running statistic is given:
    it has no parts. `words` say in a line what happens here; `patch` is the window that its parts lie in, and `beside`
    are numbers that the formula names, although they are no parts of the sum.
    """

    address: Address
    value: float
    formula: str
    parts: tuple[Part, ...] = ()
    combine: str = "sum"
    engine: float | None = None
    words: str = ""
    patch: Patch | None = None
    beside: tuple[Address, ...] = ()
    #: of a number that is a function of one part: the function
    function: Callable[[Array], Array] | None = field(default=None, compare=False)

    def largest(self, count: int) -> tuple[list[Part], float]:
        """The `count` parts that contribute most, sorted by size; and the sum of what the others contribute."""
        ordered = sorted(self.parts, key=lambda part: -abs(part.contribution))
        return ordered[:count], total(part.contribution for part in ordered[count:])

    @cached_property
    def pixels(self) -> dict[tuple[int, ...], int]:
        """Of a window: by (channel, row, column), which of the parts is this pixel."""
        if self.patch is None:
            return {}
        seen, found = self.patch.input, {}
        for place, part in enumerate(self.parts):
            address = part.address
            if address is not None and (address.name, address.array) == (seen.name, seen.array):
                found[address.index] = place
        return found

    @cached_property
    def channel_sums(self) -> dict[int, float]:
        """Of a window: what the parts of each channel come to."""
        found: dict[int, list[float]] = {}
        for (channel, *_), place in self.pixels.items():
            found.setdefault(channel, []).append(self.parts[place].contribution)
        return {channel: total(contributions) for channel, contributions in found.items()}

    def __repr__(self) -> str:
        return "\n".join(lines(self))

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return html(self)
