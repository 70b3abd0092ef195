"""The blocks of a network: what is wrong with their definitions, and with the arguments of a use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tuicnn.language.checks.constants import cycle_through, in_order_of_need
from tuicnn.language.checks.context import Context
from tuicnn.language.checks.misplaced import arrow, layer_meant, missing_arrow
from tuicnn.language.checks.values import UNKNOWN, Scope
from tuicnn.language.diagnostics import Code, Note, Span
from tuicnn.language.excerpts import excerpt
from tuicnn.language.fixes import Fix, remove, write
from tuicnn.language.report import Report
from tuicnn.language.suggest import option_meant
from tuicnn.language.syntax.tree import Argument, Chain, Definition, Group, Name, Step, Use
from tuicnn.vocabulary import show, vocabulary

__all__ = ["Blocks", "describe", "labels_in", "steps_in", "uses_in"]

#: parameters of a block; each use works through all of them
MOST_PARAMETERS = 20


@dataclass
class Blocks:
    """The definitions, the names they all see, and those that cannot be expanded."""

    definitions: Mapping[str, Definition]
    scope: Scope
    words: frozenset[str]
    #: every label in the text, for what is said of one that is not known
    labels: Mapping[str, Name]
    broken: frozenset[str] = frozenset()
    #: blocks with more parameters than there may be; they are broken too
    oversized: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    #: those whose parameters are amiss: nothing is said of the arguments of their uses
    amiss: set[str] = field(default_factory=set)
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
            message = f"the block `{first}` uses itself: {cycle_through(turned)}"
            help = f"take one of these uses out of its block; `3 * {first}` in the network repeats it"
            report.error(Code.RECURSION, message, self.definitions[first].name.span, help=help)
        self.broken = frozenset(broken | self.oversized)

    def _check_one(self, block: Definition, report: Report) -> None:
        name = block.name.text
        if name in vocabulary("layer") or name == "residual":
            help = write(f"my_{name}", more=", here and where it is used")
            report.error(Code.BLOCK, f"`{name}` is a layer already", block.name.span, help=help)
        if len(block.parameters) > MOST_PARAMETERS:
            self.oversized.add(name)
            message = f"the block `{name}` has more than {MOST_PARAMETERS} parameters"
            span, help_text = block.parameters[MOST_PARAMETERS].span, "write a constant for what is always the same"
            report.error(Code.LIMIT, message, span, help=help_text)
            return
        seen: dict[str, Span] = {}
        optional = False
        for parameter in block.parameters:
            text, span = parameter.name.text, parameter.name.span
            if text in seen:
                self.amiss.add(name)
                notes = (Note("first named here", seen[text]),)
                message = f"the parameter `{text}` is named twice"
                report.error(Code.BLOCK, message, span, help=write(f"{text}2"), notes=notes)
            seen.setdefault(text, span)
            if parameter.default is None and optional:
                help = write(f"{text}={_usual(text)}", more=", or put it before those with a default")
                message = f"`{text}` has no default, but one before it has"
                report.error(Code.BLOCK, message, parameter.span, help=help)
            optional |= parameter.default is not None

    def fits(self, use: Use, block: Definition, context: Context) -> bool:
        """Whether a use gives the block its arguments; reports where it does not."""
        if block.chain is None or block.name.text in self.amiss:
            return False
        names = [p.name.text for p in block.parameters]
        given: dict[str, Span] = {}
        shape, title = signature_of(block), f"the block {use.name.text}"
        good = True

        def wrong(code: Code, message: str, span: Span, help: Fix | None, note: Note | None = None) -> None:
            nonlocal good
            good = False
            note = note or Note(f"`{shape}` is defined here", block.name.span)
            context.report.error(code, message, span, help=help or "", notes=(note,))

        for i, argument in enumerate(use.arguments):
            value = argument.value
            bare = value.text if argument.name is None and isinstance(value, Name) else ""
            meant = layer_meant(bare, context.scope) if bare and bare not in context.scope.values else None
            if meant is not None and isinstance(value, Name) and bare not in self.words:
                found = arrow(value, meant, use.name.text, safe=True)
                wrong(Code.ARGUMENT, found.message, found.span, found.help)
                missing_arrow(use.arguments[i:], context.scope, context.report)
                return False
            name = argument.name.text if argument.name else next((n for n in names if n not in given), None)
            if name is None:
                count = f"{len(names)} value{'s' if len(names) != 1 else ''}" if names else "no values"
                message = f"{title} takes {count}: this one is too many"
                wrong(Code.ARGUMENT, message, argument.span, remove(more=f"; `{shape}` is all it takes"))
            elif name not in names:
                self._no_parameter(title, argument, name, [n for n in names if n not in given], shape, wrong)
            elif name in given:
                note, help = Note("first given here", given[name]), remove(more=", or the first one")
                wrong(Code.ARGUMENT, f"`{name}` is given twice", argument.span, help, note)
            else:
                given[name] = argument.span
        missing = [p.name.text for p in block.parameters if p.default is None and p.name.text not in given]
        if missing and good:
            named = any(a.name for a in use.arguments)
            texts = [excerpt(a.span) for a in use.arguments]
            texts += [f"{m}={_usual(m)}" if named else _usual(m) for m in missing]
            help = write(f"{use.name.text}({', '.join(texts)})", more=f", say: `{shape}`")
            span = use.name.span if use.branches is not None else use.span
            wrong(Code.ARGUMENT, f"{title} needs {' and '.join(f'`{m}`' for m in missing)}", span, help)
        return good

    def _no_parameter(
        self, title: str, argument: Argument, name: str, free: list[str], shape: str, wrong: Callable[..., None]
    ) -> None:
        """An argument for a parameter that the block has not."""
        assert argument.name is not None
        meant = option_meant(name, free) or (free[0] if len(free) == 1 else None)
        message = f"{title} has no parameter `{name}`"
        if meant is not None:
            wrong(Code.NAME, f"{message}. Did you mean `{meant}`?", argument.name.span, write(meant))
        else:
            wrong(Code.NAME, message, argument.span, remove(more=f"; `{shape}` is all it takes"))


def _usual(parameter: str) -> str:
    """A number that a parameter of this name may well have."""
    plain = parameter.casefold()
    return "3" if plain.startswith("k") or plain == "size" else "1" if plain[0] in "sp" else "16"


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


def steps_in(chain: Chain | None) -> Iterator[Step]:
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
    return (step.unit.name.text for step in steps_in(chain) if isinstance(step.unit, Use))


def labels_in(chain: Chain | None) -> Iterator[Name]:
    """The labels that a chain makes."""
    return (step.label for step in steps_in(chain) if step.label is not None)
