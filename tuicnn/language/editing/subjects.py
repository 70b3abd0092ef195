"""What a place in a text may be about: a name that the text defines, or a word that the language has."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from os.path import normpath

from tuicnn.language.diagnostics import Span
from tuicnn.language.reference import Entry
from tuicnn.language.syntax.tree import Constant, Definition, Name, Parameter, Step
from tuicnn.vocabulary import Argument

__all__ = ["Included", "Mention", "Option", "Sort", "Subject", "Symbol", "Word"]


class Sort(StrEnum):
    """What there is in a text: names that it defines, and words of the language."""

    BLOCK = "block"
    CONSTANT = "constant"
    PARAMETER = "parameter"
    LABEL = "label"
    SETTING = "setting"
    LAYER = "layer"
    #: what a setting chooses: a data set, an optimizer, …
    CHOICE = "choice"
    OPTION = "option"
    #: a bare word that an option takes
    WORD = "word"
    KEYWORD = "keyword"
    FILE = "file"


@dataclass(frozen=True, eq=False)
class Symbol:
    """A name that a text defines: where, and by what. A parameter has its block as `owner`."""

    sort: Sort
    name: Name
    made_by: Definition | Constant | Parameter | Step
    owner: Definition | None = None

    def is_same(self, other: Symbol) -> bool:
        """Whether both are the same definition, perhaps seen from two files, in one of which it stands elsewhere."""
        if self.sort is not other.sort or self.name.text != other.name.text:
            return False
        mine, its = self.name.span, other.name.span
        if normpath(mine.source.name) != normpath(its.source.name):
            return False
        if self.sort in (Sort.BLOCK, Sort.CONSTANT):
            return True
        if self.owner is not None and other.owner is not None:
            return self.owner.name.text == other.owner.name.text
        return mine == its


@dataclass(frozen=True)
class Word:
    """A word of the language: a layer, a setting, a data set, a loss, an initialiser, …"""

    entry: Entry


@dataclass(frozen=True)
class Option:
    """An argument of such a word, by its name or at its place."""

    entry: Entry
    argument: Argument


@dataclass(frozen=True)
class Included:
    """The path after `include:`."""

    path: str


Subject = Symbol | Word | Option | Included


@dataclass(frozen=True)
class Mention:
    """A place, and what it is about."""

    span: Span
    subject: Subject
