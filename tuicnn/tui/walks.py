"""What a person does at an open number: go down into a part of it, to another one beside it, or to its other side.

A `Walk` is done when the number is in sight. It raises `AddressError` where there is no such way.
"""

from __future__ import annotations

from collections.abc import Callable

from tuicnn.specimen.address import AddressError
from tuicnn.tui.microscope import Microscope, Sight, opens

__all__ = ["Walk", "choose", "down", "factor", "move", "page", "sibling", "turn"]

Walk = Callable[[Microscope, Sight], object]


def down(scope: Microscope, sight: Sight) -> None:
    """Open the chosen part."""
    part = scope.part(sight)
    if part is None:
        raise AddressError(f"{scope.address.brief} is made of no other numbers; esc goes back")
    scope.open(opens(part))


def factor(scope: Microscope, sight: Sight) -> None:
    """Open the factor of the chosen part."""
    part = scope.part(sight)
    if part is None or part.factor_address is None:
        raise AddressError("the factor of this part is no number of the network")
    scope.open(part.factor_address)


def turn(scope: Microscope, _: Sight) -> None:
    """Go to the other side of the number."""
    learnt = scope.specimen.names.places[scope.address.target].step
    if not scope.specimen.has_loss and scope.address.kind == "value" and not learnt:
        raise AddressError("what this image is of is not known: it has no loss to go back from")
    scope.go(scope.turned())


def choose(by: int) -> Walk:
    """Choose the part so many places after the chosen one; it stays at the ends."""

    def walk(scope: Microscope, sight: Sight) -> None:
        if sight.explanation.parts:
            order = sight.order
            place = order.index(scope.chosen(sight)) + by
            scope.choose(order[max(0, min(place, len(order) - 1))])

    return walk


def move(rows: int, columns: int) -> Walk:
    """Move the pixel; where there is none, choose another part or go to the number beside."""

    def walk(scope: Microscope, sight: Sight) -> None:
        axes = len(scope.address.index)
        if axes < 3 and rows:
            choose(rows)(scope, sight)
            return
        there = scope.moved(rows, columns) if axes >= 3 else scope.moved(columns)
        if there is not None:
            scope.go(there)

    return walk


def sibling(by: int) -> Walk:
    """Go to the same place in another channel."""

    def walk(scope: Microscope, _: Sight) -> None:
        there = scope.sibling(by)
        if there is not None:
            scope.go(there)

    return walk


def page(by: int, rows: int) -> Walk:
    """Choose a part in another input channel of a window, or a page of `rows` further in a list."""

    def walk(scope: Microscope, sight: Sight) -> None:
        explanation, chosen = sight.explanation, scope.chosen(sight)
        if explanation.patch is None:
            choose(by * rows)(scope, sight)
            return
        channels, address = explanation.patch.channels, explanation.parts[chosen].address
        index = address.index if address is not None and len(address.index) == 3 else (channels[0] - by,)
        wanted = channels[(channels.index(index[0]) + by if index[0] in channels else 0) % len(channels)]
        found = [
            (part.address.index[1:] != index[1:], place)
            for place, part in enumerate(explanation.parts)
            if part.address is not None and part.address.index[0] == wanted and len(part.address.index) == 3
        ]
        if found:
            scope.choose(min(found)[1])

    return walk
