"""The context of a step while the network is expanded: its names, labels, and the uses of blocks around it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from tuicnn.language.checks.graph import Flow
from tuicnn.language.checks.values import Scope
from tuicnn.language.diagnostics import Note
from tuicnn.language.report import Report
from tuicnn.language.syntax.tree import Name

__all__ = ["Context", "Labels"]


@dataclass
class Labels:
    """The labels made so far. Those made in a block, or in what is repeated, are seen only there."""

    made: dict[str, tuple[Flow, Name]] = field(default_factory=dict)
    outer: Labels | None = None

    def find(self, name: str) -> tuple[Flow, Name] | None:
        """What a label names, here or further out."""
        labels: Labels | None = self
        while labels is not None:
            if name in labels.made:
                return labels.made[name]
            labels = labels.outer
        return None


@dataclass(frozen=True)
class Context:
    """What a step is expanded with."""

    scope: Scope
    labels: Labels
    report: Report
    depth: int = 0
    #: whether labels made here name nodes of the plan: in the network's own lines, outside repeats
    top: bool = True

    def deeper(self) -> Context:
        """One group or branch further in."""
        return replace(self, depth=self.depth + 1)

    def repeated(self) -> Context:
        """For one of several turns of a repeat."""
        return replace(self, labels=Labels(outer=self.labels), top=False)

    def inside(self, scope: Scope, values: dict[str, Any], use: Note) -> Context:
        """For the body of a block: other names, own labels, and one more use on the way."""
        report = self.report.within((use, *self.report.via))
        return Context(scope.with_values(values), Labels(), report, self.depth + 1, top=False)
