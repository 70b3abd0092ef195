"""The networks that come with tuicnn, to begin with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tuicnn.bundled import bundled

if TYPE_CHECKING:
    from tuicnn.language import Plan

__all__ = ["DEFAULT", "Starter", "starters"]

#: the usual one
DEFAULT = "mnist"


@dataclass(frozen=True)
class Starter:
    """A network that comes with tuicnn: its file, its text, and the first sentence of the comment at its head."""

    path: Path
    text: str
    about: str
    plan: Plan

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
    for path in sorted(bundled("nets").glob("*.net")):
        text, checked = check_file(path)
        if checked.plan is not None:
            found.append(Starter(path, text, _first_sentence(text), checked.plan))
    return tuple(sorted(found, key=lambda s: (s.name != DEFAULT, s.plan.macs)))


def _first_sentence(text: str) -> str:
    """The first sentence of the comment that a file begins with."""
    comment = []
    for line in text.lstrip().splitlines():
        if not line.startswith("#"):
            break
        comment.append(line.lstrip("# ").rstrip())
    return re.split(r"(?<=[.?!])\s", " ".join(comment), maxsplit=1)[0]
