"""Whatever stands in a text, and wherever one asks, there is an answer."""

from __future__ import annotations

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types
from pygls.workspace import PositionCodec

from tests.language.editing.marked import CURSOR, marked
from tests.language.programs import chains, whole
from tuicnn.language.editing import RenameError
from tuicnn.lsp import answers
from tuicnn.lsp.analysis import Analysis
from tuicnn.lsp.colours import semantic_tokens
from tuicnn.lsp.positions import Page
from tuicnn.lsp.problems import diagnostics

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
    document, place = marked(text)
    analysis = Analysis(Page("untitled:my", document.text, PositionCodec()), document)
    lines = analysis.page.lines

    def is_within(range: types.Range) -> bool:
        return all(
            0 <= p.line < len(lines) and p.character <= 2 * len(lines[p.line]) + 1 for p in (range.start, range.end)
        )

    for problem in diagnostics(analysis, related=True):
        assert is_within(problem.range)
        assert problem.message
    for hint in answers.inlay_hints(analysis, EVERYTHING):
        assert is_within(types.Range(hint.position, hint.position))
    for symbol in answers.outline(analysis):
        assert is_within(symbol.range)
        assert is_within(symbol.selection_range)
    assert len(semantic_tokens(analysis.page)) % 5 == 0
    for item in answers.complete(analysis, place, snippets=True):
        assert item.label
    said = answers.hover(analysis, place)
    assert said is None or said.range is None or is_within(said.range)

    asked = answers.prepare_rename(analysis, place)
    found = answers.references(analysis, place)
    assert (asked is not None) == bool(found) == bool(answers.highlights(analysis, place))
    if asked is not None:
        assert answers.definition(analysis, place) in found
    with contextlib.suppress(RenameError):
        answers.rename(analysis, place, name, [])
