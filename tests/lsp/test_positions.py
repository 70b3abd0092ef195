"""Places in the text and positions of the protocol, whatever the units, line ends and marks."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types
from pygls.workspace import PositionCodec

from tuicnn.lsp.analysis import Analysis, analyse
from tuicnn.lsp.answers import complete, references
from tuicnn.lsp.colours import LEGEND, semantic_tokens
from tuicnn.lsp.positions import Page
from tuicnn.lsp.problems import diagnostics
from tuicnn.system.lines import plain_lines

UNITS = {
    types.PositionEncodingKind.Utf8: "utf-8",
    types.PositionEncodingKind.Utf16: "utf-16-le",
    types.PositionEncodingKind.Utf32: "utf-32-le",
}
SIZE = {"utf-8": 1, "utf-16-le": 2, "utf-32-le": 4}
texts = st.text(alphabet="aé→😀\u2028\x0c\ufeff #\n\r", max_size=40)


def analysis_of(text: str) -> Analysis:
    return analyse(Page("untitled:my", text, PositionCodec()))


@settings(deadline=None)
@given(texts, st.data(), st.sampled_from(sorted(UNITS)))
def test_a_position_is_counted_in_the_clients_units(
    text: str, data: st.DataObject, kind: types.PositionEncodingKind
) -> None:
    page = Page("untitled:my", text, PositionCodec(kind))
    line = data.draw(st.integers(1, len(page.lines)))
    column = data.draw(st.integers(1, len(page.lines[line - 1]) + 1))
    position = page.position(line, column)
    assert page.place(position) == (line, column)

    # the client's own view: lines end in \n, \r\n or \r, and a byte order mark is a character like others
    own = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[line - 1]
    mark = own[: len(own) - len(page.lines[line - 1])]
    before = mark + page.lines[line - 1][: column - 1]
    assert position == types.Position(line - 1, len(before.encode(UNITS[kind])) // SIZE[UNITS[kind]])


@settings(deadline=None)
@given(texts, st.integers(0, 60), st.integers(0, 60))
def test_any_position_of_a_client_is_a_place(text: str, line: int, character: int) -> None:
    page = Page("untitled:my", text, PositionCodec())
    found = page.place(types.Position(line, character))
    assert 1 <= found[0] <= len(page.lines)
    assert 1 <= found[1] <= len(page.lines[found[0] - 1]) + 1


@pytest.mark.parametrize("before", ["", "\ufeff", "# 😀\r\n", "# a\u2028b\x0c\n", "# old\r"])
def test_a_problem_is_marked_where_it_stands(before: str) -> None:
    analysis = analysis_of(f'{before}data: folder "😀" strid=2\nflatten -> dense 10\n')
    found = next(d for d in diagnostics(analysis, related=True) if "strid" in d.message)
    lines = plain_lines(before).count("\n")
    assert found.range.start == types.Position(lines, 18 + (1 if before == "\ufeff" else 0))
    (span,) = (d.span for d in analysis.document.checked.diagnostics if "strid" in d.message)
    assert found.range.end.character - found.range.start.character == span.end_column - span.column


def test_places_that_belong_to_a_problem_are_beside_it_or_in_its_text() -> None:
    analysis = analysis_of("conv 8 3x3 as a -> relu as a -> flatten -> dense 10")
    (beside,) = diagnostics(analysis, related=True)
    assert [(r.location.range.start.character, r.message) for r in beside.related_information or ()] == [
        (14, "first made here")
    ]
    (within,) = diagnostics(analysis, related=False)
    assert within.related_information is None
    assert "first made here (line 1)" in within.message


def test_a_text_without_a_layer_has_one_problem() -> None:
    for text in ("", "\n\n", "# nothing\n"):
        analysis = analysis_of(text)
        assert [d.code for d in diagnostics(analysis, related=True)] == ["empty"]


def test_a_text_that_is_no_network_at_all_has_one_problem() -> None:
    for text, code in (("conv 8 3x3\n" * 100_000, "limit"), ("\udc80\0 \ud83d", "syntax")):
        analysis = analysis_of(text)
        assert {d.code for d in diagnostics(analysis, related=True)} == {code}
        end = (len(analysis.page.lines), len(analysis.page.lines[-1]) + 1)
        assert complete(analysis, end, snippets=True) == []


def test_a_text_of_mistakes_alone_still_has_its_names() -> None:
    analysis = analysis_of("w = 4\n" + "covn w 3x3\n" * 1000)
    assert diagnostics(analysis, related=True)
    assert len(references(analysis, (1, 1), with_definition=True)) == 1001


def test_each_word_has_its_colour() -> None:
    text = "optim: adam lr=1e-3   # 😀 fast\n\nconv 8 3x3 pad=same -> relu as x\n"
    data = semantic_tokens(Page("untitled:my", text, PositionCodec()))
    lines = text.split("\n")
    found: list[tuple[str, str]] = []
    line = column = 0
    for i in range(0, len(data), 5):
        down, right, length, kind, _ = data[i : i + 5]
        line, column = line + down, right + (0 if down else column)
        units = lines[line].encode("utf-16-le")[2 * column : 2 * (column + length)]
        found.append((units.decode("utf-16-le"), LEGEND.token_types[kind]))
    assert found == [
        ("optim", "keyword"),
        ("adam", "type"),
        ("lr", "property"),
        ("=", "operator"),
        ("1e-3", "number"),
        ("# 😀 fast", "comment"),
        ("conv", "function"),
        ("8", "number"),
        ("3x3", "number"),
        ("pad", "property"),
        ("=", "operator"),
        ("same", "enumMember"),
        ("relu", "function"),
        ("as", "keyword"),
        ("x", "decorator"),
    ]
