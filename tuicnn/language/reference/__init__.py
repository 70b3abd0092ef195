"""What there is to write in a `.net` file, read off the classes: for `tuicnn layers`, for editors, for the page.

    describe(word: Entry | type) -> str      one word's help as Markdown, for a hover or a section of the page
    entries() -> tuple[Entry, ...]           every layer, setting and word of a setting, in the order of the page
    find(name: str) -> Found                 the entries of a name, of an alias, or what was probably meant
    example_plan(entry: Entry) -> Plan       the checked network (or settings) in which an entry's example stands

`describe` takes a registered class (a layer's `type(node.layer)`) or an entry, as `find("include").entries` gives them.
"""

from __future__ import annotations

from .entries import FAMILIES, Entry, Found, entries, entry_of, find, find_entry
from .examples import example_plan, example_program
from .markdown import default_text, describe, placeholder, sentence

__all__ = [
    "FAMILIES", "Entry", "Found", "default_text", "describe", "entries", "entry_of", "example_plan",
    "example_program", "find", "find_entry", "placeholder", "sentence",
]  # fmt: skip
