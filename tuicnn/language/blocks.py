"""The blocks of a network: what is wrong with their definitions, and with the arguments of a use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tuicnn.values import show
from tuicnn.words import vocabulary

from .codes import Code
from .constants import cycle_through, in_order_of_need
from .diagnostics import Note, Span
from .frames import Frame
from .report import Report
from .suggest import did_you_mean
from .tree import Chain, Definition, Group, Name, Step, Use
from .values import UNKNOWN, Scope

__all__ = ["Blocks", "describe", "labels_in", "uses_in"]


@dataclass
class Blocks:
    """The definitions, the names they all see, and those that cannot be expanded."""

    definitions: Mapping[str, Definition]
    scope: Scope
    words: frozenset[str]
    #: every label in the text, for what is said of one that is not known
    labels: Mapping[str, Name]
    broken: frozenset[str] = frozenset()
    used: set[str] = field(default_factory=set)
    #: whether it was said that blocks are nested too deep
    too_deep: bool = False

    def check(self, report: Report) -> None:
        """Report what can be seen without expanding: names, parameters, cycles."""
        for block in self.definitions.values():
            self._check_one(block, report)
        needs = {name: list(dict.fromkeys(uses_in(block.chain))) for name, block in self.definitions.items()}
        _, cycles = in_order_of_need(needs)
        broken: set[str] = set()
        for cycle in cycles:
            first = min(cycle[:-1], key=lambda n: self.definitions[n].span)
            if first in broken:
                continue
            start = cycle.index(first)
            turned = [*cycle[start:-1], *cycle[:start], first]
            broken.update(turned)
            report.error(
                Code.RECURSION,
                f"the block `{first}` uses itself: {cycle_through(turned)}",
                self.definitions[first].name.span,
                help=f"repeat a block with `3 * {first}` instead",
            )
        self.broken = frozenset(broken)

    def _check_one(self, block: Definition, report: Report) -> None:
        name = block.name.text
        if name in vocabulary("layer") or name == "residual":
            report.error(
                Code.BLOCK,
                f"`{name}` is a layer already",
                block.name.span,
                help=f"give the block another name, such as `my_{name}`",
            )
        seen: dict[str, Span] = {}
        optional = False
        for parameter in block.parameters:
            text = parameter.name.text
            if text in seen:
                report.error(
                    Code.BLOCK,
                    f"the parameter `{text}` is named twice",
                    parameter.name.span,
                    help="give this one another name",
                    notes=(Note("first named here", seen[text]),),
                )
            seen.setdefault(text, parameter.name.span)
            if parameter.default is None and optional:
                report.error(
                    Code.BLOCK,
                    f"`{text}` has no default, but one before it has",
                    parameter.span,
                    help="write parameters with defaults last",
                )
            optional |= parameter.default is not None

    def fits(self, use: Use, block: Definition, frame: Frame) -> bool:
        """Whether a use gives the block its arguments; reports where it does not."""
        if block.chain is None:
            return False
        names = [p.name.text for p in block.parameters]
        given: dict[str, Span] = {}
        shape = signature_of(block)
        defined = Note(f"`{shape}` is defined here", block.name.span)
        good = True

        def wrong(code: Code, message: str, span: Span, help: str, note: Note = defined) -> None:
            nonlocal good
            good = False
            frame.report.error(code, message, span, help=help, notes=(note,))

        for argument in use.arguments:
            value = argument.value
            bare = value.text if argument.name is None and isinstance(value, Name) else ""
            if bare in frame.scope.steps and bare not in frame.scope.values and bare not in self.words:
                wrong(
                    Code.ARGUMENT,
                    f"`{bare}` is a layer or block, not an argument of {use.name.text}",
                    value.span,
                    f"Missing `->` before it? Write `-> {bare}`",
                )
                return False
            name = argument.name.text if argument.name else next((n for n in names if n not in given), None)
            if name is None:
                count = f"{len(names)} value{'s' if len(names) != 1 else ''}" if names else "no values"
                wrong(
                    Code.ARGUMENT,
                    f"the block {use.name.text} takes {count}: this one is too many",
                    argument.span,
                    f"write `{shape}`",
                )
            elif name not in names:
                hint = did_you_mean(name, names) or f"write `{shape}`"
                wrong(Code.NAME, f"the block {use.name.text} has no parameter `{name}`", argument.span, hint)
            elif name in given:
                note = Note("first given here", given[name])
                wrong(Code.ARGUMENT, f"`{name}` is given twice", argument.span, "keep one of them", note)
            else:
                given[name] = argument.span
        missing = [p.name.text for p in block.parameters if p.default is None and p.name.text not in given]
        if missing and good:
            each = " and ".join(f"`{m}`" for m in missing)
            wrong(Code.ARGUMENT, f"the block {use.name.text} needs {each}", use.name.span, f"write `{shape}`")
        return good


def signature_of(block: Definition) -> str:
    """A block as it is used: `basic(c, k=…)`."""
    inner = ", ".join(p.name.text + ("=…" if p.default is not None else "") for p in block.parameters)
    return f"{block.name.text}({inner})" if inner else block.name.text


def describe(use: Use, block: Definition, values: Mapping[str, Any]) -> str:
    """A use with its values put in: `down 32`, `inception(16, 32, 8, 8)`."""
    given = [values[p.name.text] for p in block.parameters][: max(len(use.arguments), 0)]
    shown = ["?" if v is UNKNOWN else show(v) for v in given]
    if len(shown) > 1:
        return f"{use.name.text}({', '.join(shown)})"
    return " ".join([use.name.text, *shown])


def _steps_in(chain: Chain | None) -> Iterator[Step]:
    """All steps written in a chain, however deep in groups and branches."""
    left = list(reversed(chain.steps)) if chain is not None else []
    while left:
        step = left.pop()
        yield step
        if isinstance(step.unit, Group):
            left += reversed(step.unit.chain.steps)
        elif isinstance(step.unit, Use) and step.unit.branches is not None:
            for branch in reversed(step.unit.branches.chains):
                left += reversed(branch.steps)


def uses_in(chain: Chain | None) -> Iterator[str]:
    """The names of the layers and blocks that a chain uses."""
    return (step.unit.name.text for step in _steps_in(chain) if isinstance(step.unit, Use))


def labels_in(chain: Chain | None) -> Iterator[Name]:
    """The labels that a chain makes."""
    return (step.label for step in _steps_in(chain) if step.label is not None)
