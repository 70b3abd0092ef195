"""Whatever stands in a text, and wherever one asks, there is an answer."""

from __future__ import annotations

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types

from tests.language.programs import chains, whole
from tests.lsp.marked import CURSOR, marked
from tuicnn.lsp.colours import semantic_tokens
from tuicnn.lsp.completion import complete
from tuicnn.lsp.hints import inlay_hints
from tuicnn.lsp.hover import hover
from tuicnn.lsp.navigation import definition, highlights, outline, references
from tuicnn.lsp.problems import diagnostics
from tuicnn.lsp.renaming import RenameError, prepare, rename

EVERYTHING = types.Range(types.Position(0, 0), types.Position(2**31 - 1, 0))
PIECES = ["->", "{", "}", "(", ")", "|", "@", "@w", "as x", "def f(", "def", "w", "=", ":", "\n", "data:", "include:"]
PIECES += ['"', "8", "3x3", ",", "*", "-", "[", "]", "# 😀", "\ufeff", "\0"]


@st.composite
def broken(draw: st.DrawFn) -> str:
    """A program with some of it cut out and something put in, and a mark anywhere."""
    text = whole(draw(chains))
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(start + 20, len(text))))
    text = text[:start] + " ".join(draw(st.lists(st.sampled_from(PIECES), max_size=4))) + text[end:]
    at = draw(st.integers(0, len(text)))
    return text[:at] + CURSOR + text[at:]


@settings(max_examples=50, deadline=None)
@given(broken(), st.sampled_from(["z", "w", "relu", "3", "-"]))
def test_every_question_is_answered(text: str, name: str) -> None:
    analysis, place = marked(text)
    lines = analysis.page.lines

    def is_within(range: types.Range) -> bool:
        return all(
            0 <= p.line < len(lines) and p.character <= 2 * len(lines[p.line]) + 1 for p in (range.start, range.end)
        )

    for problem in diagnostics(analysis, related=True):
        assert is_within(problem.range)
        assert problem.message
    for hint in inlay_hints(analysis, EVERYTHING):
        assert is_within(types.Range(hint.position, hint.position))
    for symbol in outline(analysis):
        assert is_within(symbol.range)
        assert is_within(symbol.selection_range)
    assert len(semantic_tokens(analysis.page)) % 5 == 0
    for item in complete(analysis, place, snippets=True):
        assert item.label
    said = hover(analysis, place)
    assert said is None or said.range is None or is_within(said.range)

    asked = prepare(analysis, place)
    found = references(analysis, place, with_definition=True)
    assert (asked is not None) == bool(found) == bool(highlights(analysis, place))
    if asked is not None:
        assert definition(analysis, place) in found
    with contextlib.suppress(RenameError):
        rename(analysis, place, name)
