"""docs/in-class.md: each key that the lesson tells to press is one of the view that it stands under."""

from __future__ import annotations

import re

import pytest
from textual.binding import Binding
from textual.keys import _character_to_key

from tuicnn.bundled import bundled
from tuicnn.tui.app import TrainApp
from tuicnn.tui.screens.view import View
from tuicnn.tui.views import TABS, load

PAGE = (bundled("nets").parent / "docs" / "in-class.md").read_text()
SECTIONS = re.findall(r"^## [^\n]*\(view (\w+)\)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
#: keys of the text itself, and the answer to a question
MORE = {"Edit": {"ctrl+end", "up", "home", "s"}}


def keys_of(node: type[View] | type[TrainApp]) -> set[str]:
    return {binding.key for binding in Binding.make_bindings(node.BINDINGS)}


def test_the_lesson_goes_through_all_views_in_their_order() -> None:
    assert [name for name, _ in SECTIONS] == [tab.label for tab in TABS]


@pytest.mark.parametrize(("name", "text"), SECTIONS, ids=[name for name, _ in SECTIONS])
def test_each_key_is_there(name: str, text: str) -> None:
    tab = next(tab for tab in TABS if tab.label == name)
    known = keys_of(TrainApp) | keys_of(load(tab.mode)) | MORE.get(name, set())
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| `")]
    told = [key for _, keys, said, _ in rows for key in re.findall(r"`([^` ]+)`", keys)]
    assert told
    assert {_character_to_key(key) if len(key) == 1 else key for key in told} <= known
