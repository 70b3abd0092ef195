"""The way that a person takes through a specimen: which number is open, by which way, and what is in sight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from tuicnn.kernels.arrays import Array
from tuicnn.specimen.address import Address, AddressError, parse
from tuicnn.specimen.explanation import Explanation, Part
from tuicnn.specimen.specimen import Specimen

__all__ = ["Microscope", "Sight", "Stop", "look", "opens"]

#: arrays that the parts of one number may lie in, and are fetched for pictures
_ARRAYS = 4


@dataclass(frozen=True)
class Stop:
    """A number that is open: the part that is chosen, by its place in the explanation, None: the weightiest one."""

    address: Address
    chosen: int | None = None


@dataclass(frozen=True, eq=False)
class Sight:
    """An explanation with what is drawn around it."""

    explanation: Explanation
    #: (C, H, W), as the network gets it
    image: Array
    #: by the address without its index: the array that the number lies in, and those of its parts
    arrays: Mapping[Address, Array] = field(default_factory=dict)
    #: the loss's gradient by the number, where it is told with the number itself
    gradient: float | None = None
    #: the numbers that the formula names besides
    beside: tuple[Explanation, ...] = ()
    #: the part to begin with: that with the most weight that leads further down; -1 where there are no parts
    weightiest: int = -1
    #: of the classes
    names: tuple[str, ...] = ()

    def named(self, address: Address) -> str:
        """The name of the class that an output of the network or a probability stands for; "" of other numbers."""
        if address.name not in ("p", "logits") or len(address.index) != 1 or address.index[0] >= len(self.names):
            return ""
        name = self.names[address.index[0]]
        return "" if name == str(address.index[0]) else name

    @cached_property
    def order(self) -> list[int]:
        """The parts in the order in which they are listed: as they are in a window or a step, else the largest first.

        The first part of a ratio is what all of them are compared with.
        """
        explanation = self.explanation
        places = list(range(len(explanation.parts)))
        if explanation.patch is not None or explanation.address.kind == "step":
            return places
        first = places[:1] if explanation.combine == "ratio" else []
        rest = places[len(first) :]
        return [*first, *sorted(rest, key=lambda place: -abs(explanation.parts[place].contribution))]


def look(specimen: Specimen, address: Address, names: tuple[str, ...] = ()) -> Sight:
    """Open a resolved address; `names` are those of the classes. Raises `AddressError` where it does not open."""
    explanation = specimen.explain(address)
    arrays: dict[Address, Array] = {}
    for each in _arrays(explanation)[:_ARRAYS]:
        array = specimen.numbers(each)
        if array is not None:
            arrays[each] = array
    return Sight(
        explanation,
        specimen.image,
        arrays,
        _gradient(specimen, explanation),
        tuple(specimen.explain(other) for other in explanation.beside),
        _weightiest(specimen, explanation),
        names,
    )


def _arrays(explanation: Explanation) -> list[Address]:
    """What the number, its window, its parts and their factors lie in, each address without its index."""
    patch, address = explanation.patch, explanation.address
    found = {_array_of(each): each.at() for each in (address, patch.input if patch is not None else address)}
    for part in explanation.parts:
        for each in (part.address, part.factor_address):
            if each is not None and (key := _array_of(each)) not in found:
                found[key] = each.at()
    return list(found.values())


def _array_of(address: Address) -> tuple[object, ...]:
    return address.name, address.array, address.state, address.kind, address.batch, address.image


def _gradient(specimen: Specimen, explanation: Explanation) -> float | None:
    """The gradient by a number that is computed from a window without weights: of pooling."""
    weighted = any(part.factor_address is not None for part in explanation.parts)
    known = explanation.address.kind == "value" and not explanation.address.batch and specimen.has_loss
    if explanation.patch is None or weighted or not known:
        return None
    return specimen.explain(replace(explanation.address, kind="gradient")).value


def _weightiest(specimen: Specimen, explanation: Explanation) -> int:
    """The part with the largest contribution among those that lead further: not weights, where there are others."""

    def weight(place: int) -> tuple[bool, bool, float]:
        part = explanation.parts[place]
        if part.address is None:
            return (False, False, 0.0)
        learnt = part.address.kind == "value" and (specimen.names.places[part.address.target].step)
        kept = bool(part.address.state)
        size = part.contribution if explanation.combine in ("max", "ratio") else abs(part.contribution)
        return (not learnt and not kept, True, size if size == size else -1.0)

    if explanation.combine == "ratio":
        return 0
    return max(range(len(explanation.parts)), key=weight, default=-1)


class Microscope:
    """A trail of stops; the last one is open. It only walks: `look` computes what is seen."""

    def __init__(self, specimen: Specimen) -> None:
        self.specimen = specimen
        self.trail: list[Stop] = []

    @property
    def stop(self) -> Stop:
        """The one that is open."""
        return self.trail[-1]

    @property
    def address(self) -> Address:
        """That of the number that is open."""
        return self.stop.address

    def begin(self, address: str = "") -> None:
        """Start a new trail at an address, or at the largest probability. Raises `AddressError` for a wrong one."""
        names, way = self.specimen.names, self.specimen.way_down
        self.trail = [Stop(names.resolve(parse(address)) if address else way()[0])]

    def open(self, address: Address) -> None:
        """Go down to a number."""
        self.trail.append(Stop(self.specimen.names.resolve(address)))

    def go(self, address: Address) -> None:
        """Take another number in the place of the open one."""
        self.trail[-1] = Stop(self.specimen.names.resolve(address))

    def up(self, stops: int = 1) -> bool:
        """Come up; False where one is at the top already."""
        if len(self.trail) <= stops:
            return False
        del self.trail[-stops:]
        return True

    def choose(self, place: int) -> None:
        """Choose a part by its place in the explanation."""
        self.trail[-1] = replace(self.stop, chosen=place)

    def chosen(self, sight: Sight) -> int:
        """The place of the part that is chosen; -1 where there is none."""
        chosen = self.stop.chosen
        return sight.weightiest if chosen is None or chosen >= len(sight.explanation.parts) else chosen

    def part(self, sight: Sight) -> Part | None:
        """The part that is chosen."""
        place = self.chosen(sight)
        return sight.explanation.parts[place] if place >= 0 else None

    # --- to numbers nearby ------------------------------------------------------------------------------------------

    def moved(self, *by: int) -> Address | None:
        """The address that lies `by` further along the last axes, within the array; None where that is the same."""
        address = self.address
        shape = self.specimen.names.places[address.target].shape
        if len(shape) < len(by):
            return None
        index = list(address.index)
        for axis, step in enumerate(by, len(index) - len(by)):
            index[axis] = min(max(index[axis] + step, 0), shape[axis] - 1)
        return None if tuple(index) == address.index else address.at(*index)

    def sibling(self, by: int) -> Address | None:
        """The same place in another channel (or filter, or class), around the end."""
        address = self.address
        shape = self.specimen.names.places[address.target].shape
        if not shape or shape[0] == 1:
            return None
        return address.at((address.index[0] + by) % shape[0], *address.index[1:])

    def turned(self) -> Address:
        """The other side of the number: its gradient by the image's loss, and of a weight in turn that by the batch's,
        its next step, and its value again. Raises `AddressError` where it has none.
        """
        address, names = self.address, self.specimen.names
        bare = replace(address, kind="value", batch=False, image=None)
        if address.kind == "step":
            return bare if not address.state else replace(address, kind="value")
        learnt = names.places[address.target].step
        if address.kind == "value":
            if address.state:
                return replace(address, kind="step")
            if address.name == "p":
                return self._of_logit(address)
            of_batch = learnt and not self.specimen.has_loss
            return names.resolve(replace(address, kind="gradient", batch=of_batch))
        if not learnt or address.image is not None:
            return replace(address, kind="value")
        return replace(bare, kind="step") if address.batch else replace(address, batch=True)

    def _of_logit(self, address: Address) -> Address:
        """The gradient by the logit of a probability: of a network with one logit, that of both."""
        (count,) = self.specimen.names.places["logits"].shape
        return Address("logits", (min(address.index[0], count - 1),), kind="gradient")


def opens(part: Part) -> Address:
    """The address of a part. Raises `AddressError` where it is a constant."""
    if part.address is None:
        raise AddressError(f"{part.label or 'this'} is a constant: there is nothing below it")
    return part.address
