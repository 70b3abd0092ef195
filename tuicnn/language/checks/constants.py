"""Computes the constants, whatever their order, and finds those that need themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from tuicnn.language.checks.values import UNKNOWN, Scope, evaluate
from tuicnn.language.diagnostics import Code
from tuicnn.language.fixes import write
from tuicnn.language.names import all_words
from tuicnn.language.report import Report
from tuicnn.language.syntax.tree import Arithmetic, CallValue, Constant, Items, Name, Negative, Value

__all__ = ["cycle_through", "evaluate_constants", "in_order_of_need", "names_in"]


#: names in cycles that are listed in full
_MOST_LISTED = 20_000


def names_in(value: Value | None) -> Iterator[str]:
    """The names that a value mentions."""
    if isinstance(value, Name):
        yield value.text
    elif isinstance(value, Negative):
        yield from names_in(value.value)
    elif isinstance(value, Arithmetic):
        yield from names_in(value.first)
        for _, operand in value.rest:
            yield from names_in(operand)
    elif isinstance(value, Items):
        for item in value.items:
            yield from names_in(item)
    elif isinstance(value, CallValue):
        for argument in value.arguments:
            yield from names_in(argument.value)


def in_order_of_need(needs: Mapping[str, Collection[str]]) -> tuple[list[str], list[list[str]]]:
    """The names so that each stands after those it needs, and the cycles that keep some from it.

    Without recursion: a chain of needs may be as long as the file. Of thousands of long cycles the later ones come
    without their middle; both ends of the need that closes a cycle are always in it.
    """
    order: list[str] = []
    cycles: list[list[str]] = []
    listed = 0
    state: dict[str, int] = {}
    for root in needs:
        if root in state:
            continue
        way: list[str] = [root]
        left: list[Iterator[str]] = [iter(needs[root])]
        place = {root: 0}
        state[root] = 1
        while way:
            following = next((n for n in left[-1] if n in needs and state.get(n) != 2), None)
            if following is None:
                state[way[-1]] = 2
                order.append(way.pop())
                left.pop()
            elif state.get(following) == 1:
                cycle = way[place[following] :] if listed < _MOST_LISTED else [*dict.fromkeys((following, way[-1]))]
                listed += len(cycle)
                cycles.append([*cycle, following])
            else:
                state[following] = 1
                place[following] = len(way)
                way.append(following)
                left.append(iter(needs[following]))
    return order, cycles


def cycle_through(cycle: list[str]) -> str:
    """A cycle for people; a long one without its middle."""
    shown = cycle if len(cycle) <= 8 else [*cycle[:4], "…", *cycle[-3:]]
    return " → ".join(shown)


def evaluate_constants(constants: Mapping[str, Constant], steps: Collection[str], report: Report) -> dict[str, Any]:
    """The value of each constant, UNKNOWN where it has none."""
    needs = {name: sorted(set(names_in(c.value))) for name, c in constants.items()}
    order, cycles = in_order_of_need(needs)
    # those not computed yet, or never: nothing more is said of them
    values: dict[str, Any] = dict.fromkeys(constants, UNKNOWN)
    cyclic: set[str] = set()
    for cycle in cycles:
        cyclic.update(cycle)
        message = f"the constant `{cycle[0]}` needs itself: {cycle_through(cycle)}"
        help = write(f"{cycle[0]} = 8", more=", say: one of them must be a number")
        report.error(Code.RECURSION, message, constants[cycle[0]].span, help=help)
    words, scope = all_words(), Scope(values, steps)
    for name in order:
        value = constants[name].value
        if name not in cyclic and value is not None:
            bare = isinstance(value, Name) and value.text in words and value.text not in constants
            values[name] = evaluate(value, scope, report, words if bare else ())
    return values
