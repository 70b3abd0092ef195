"""Counts the layers that a network expands to, before anything is unrolled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuicnn.language.checks.program import Program
from tuicnn.language.checks.values import UNKNOWN, Scope, evaluate
from tuicnn.language.report import Report
from tuicnn.language.syntax.tree import Chain, Group, Name, Step, Use

__all__ = ["DEEPEST", "MOST_LAYERS", "Counting", "bind", "in_figures"]

#: layers that a network may have
MOST_LAYERS = 10_000
#: how deep blocks, groups and branches may be nested, counted together
DEEPEST = 64
#: uses of blocks that are looked into; a network within the limit needs fewer
_PATIENCE = 50_000


def in_figures(n: int) -> str:
    """`2,000,000`, or in words where it is beyond counting."""
    return f"{n:,}" if n < 10**15 else "more than 10^15"


def bind(
    parameters: tuple[Any, ...], use: Use, scope: Scope, outer: Scope, report: Report, words: frozenset[str]
) -> dict[str, Any]:
    """The values of a block's parameters for one use; UNKNOWN for those not given."""
    values: dict[str, Any] = {}
    names = [p.name.text for p in parameters]
    for argument in use.arguments:
        name = argument.name.text if argument.name else next((n for n in names if n not in values), None)
        if name in names and name is not None:
            values[name] = evaluate(argument.value, scope, report, _words(argument.value, scope, words))
    for parameter in parameters:
        text, default = parameter.name.text, parameter.default
        if text not in values and default is not None:
            around = outer.with_values(values)
            values[text] = evaluate(default, around, report, _words(default, around, words))
        values.setdefault(text, UNKNOWN)
    return values


def _words(value: Any, scope: Scope, words: frozenset[str]) -> frozenset[str]:
    """The word that a value is, where it is one and no constant or parameter of that name is known."""
    return words & {value.text} if isinstance(value, Name) and value.text not in scope.values else frozenset()


class Counting:
    """Counts without reporting: what is wrong in a count or an argument is reported when the step is expanded."""

    def __init__(self, program: Program, scope: Scope, broken: frozenset[str], words: frozenset[str]) -> None:
        self.program = program
        self.scope = scope
        self.broken = broken
        self.words = words
        self.mute = Report().muted()
        self.known: dict[tuple[str, str], int] = {}
        self.looked = 0

    def steps(self, steps: tuple[Step, ...], scope: Scope, depth: int = 0) -> int:
        """How many layers these steps become; at least one each."""
        return sum(self.step(step, scope, depth) for step in steps)

    def step(self, step: Step, scope: Scope, depth: int = 0) -> int:
        """How many layers one step becomes, with its repeats."""
        times = 1
        for repeat in step.repeats:
            value = evaluate(repeat, scope, self.mute)
            times *= value if isinstance(value, int) and value > 0 else 1
        return min(times, 10**300) * min(self._unit(step, scope, depth + 1), 10**300)

    def _unit(self, step: Step, scope: Scope, depth: int) -> int:
        unit = step.unit
        if depth > DEEPEST:
            return 1
        if isinstance(unit, Group):
            return self.steps(unit.chain.steps, scope, depth)
        if not isinstance(unit, Use):
            return 1
        block = self.program.blocks.get(unit.name.text)
        if block is not None and block.chain is not None and unit.name.text not in self.broken:
            return self._block(unit, block.parameters, block.chain, scope, depth)
        if unit.branches is not None:
            return 1 + sum(self.steps(chain.steps, scope, depth) for chain in unit.branches.chains)
        return 1

    def _block(self, use: Use, parameters: tuple[Any, ...], chain: Chain, scope: Scope, depth: int) -> int:
        values: Mapping[str, Any] = bind(parameters, use, scope, self.scope, self.mute, self.words)
        key = (use.name.text, repr(sorted(values.items())))
        if key not in self.known:
            self.looked += 1
            if self.looked > _PATIENCE:
                return MOST_LAYERS + 1
            self.known[key] = self.steps(chain.steps, self.scope.with_values(values), depth)
        return self.known[key]
