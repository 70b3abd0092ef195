"""The functions of an editor for `.net` texts, used by the language server.

    document = read_document(text, path)              the text, checked; made anew for each state of it
    complete(document, place) -> Completions          what may be written at a place
    hover(document, place) -> Hover | None            what the word there is, and what became of it in the network
    line_hints(document) -> list[LineHint]            the shape and the weights that each line gives
    definition(document, place), references(...)      where a name is defined, and used
    problems(document) -> list[Problem]               what is wrong, where it is shown; `fixable(...)` what has a fix
    outline(document) -> list[OutlineItem]            what the text defines
    rename(document, place, name) -> list[Span]       where the name is to be replaced

A place is a line and a column, from 1, in characters, as in every `Span` of the language. No function here raises on
account of the text; `rename` raises `RenameError` with the reason.
"""

from __future__ import annotations

from .completion import *
from .document import *
from .hints import *
from .hover import *
from .mentions import *
from .navigation import *
from .problems import *
from .renaming import *
from .subjects import *
