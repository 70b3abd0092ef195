"""The networks that come with tuicnn, to begin with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from tuicnn.bundled import bundled_nets

if TYPE_CHECKING:
    from tuicnn.language import Plan

__all__ = ["DEFAULT", "Starter", "starters"]

#: the usual one
DEFAULT = "mnist"


@dataclass(frozen=True)
class Starter:
    """A network that comes with tuicnn: its file and its text."""

    path: Path
    text: str
    plan: Plan

    @property
    def comment(self) -> str:
        """The comment at its head, on one line."""
        lines = takewhile(lambda line: line.startswith("#"), self.text.lstrip().splitlines())
        return " ".join(line.lstrip("# ").rstrip() for line in lines)

    @property
    def about(self) -> str:
        """The first sentence of that."""
        return re.split(r"(?<=[.?!])\s", self.comment, maxsplit=1)[0]

    @property
    def name(self) -> str:
        """What it is called: `mnist`."""
        return self.path.stem

    @property
    def missing(self) -> str:
        """Why its data cannot be had on this machine, in a sentence; "" where they can."""
        from tuicnn.data import DataError

        try:
            self.plan.data.find()
        except DataError as error:
            return str(error)
        return ""

    @property
    def data(self) -> str:
        """The name of the data set that it is trained on."""
        from tuicnn.vocabulary import info

        return info(self.plan.data).name


def starters() -> tuple[Starter, ...]:
    """All networks that come with tuicnn: the usual one, then the others from small to large."""
    from tuicnn.language import check_file

    found = []
    for path in bundled_nets():
        text, checked = check_file(path)
        if checked.plan is not None:
            found.append(Starter(path, text, checked.plan))
    return tuple(sorted(found, key=lambda s: (s.name != DEFAULT, s.plan.macs)))
