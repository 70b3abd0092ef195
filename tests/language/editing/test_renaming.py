"""Renaming: every use, no other word, and never another network."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.language.editing.marked import CURSOR, marked, replaced
from tests.language.programs import chains, structure, whole
from tuicnn.language import check
from tuicnn.language.editing import Place, RenameError, read_document, rename, renamed_at
from tuicnn.language.editing.subjects import Symbol

NET = """\
w = 4                       # w
def f(w, k=3) = conv w k pad=same as x -> concat { identity | @x }
conv w 3x3 as x -> f(w, k=1)
2 * (conv (w-1) 1x1 as y -> concat { identity | @y })
concat { identity | @x -> conv w 1x1 }
flatten -> dense 10
"""


def renamed(place: str, name: str, text: str = NET) -> str:
    """The text with the word behind the mark in `place` renamed."""
    document, here = marked(text.replace(place.replace(CURSOR, ""), place, 1))
    return replaced(text, rename(document, here, name), name)


@pytest.mark.parametrize(
    ("place", "name", "changed"),
    [
        # the constant, not the parameter of the same name
        ("‸w = 4", "n", [("w = 4", "n = 4"), ("conv w 3x3", "conv n 3x3"), ("f(w, k=1)", "f(n, k=1)"),
                         ("(w-1)", "(n-1)"), ("conv w 1x1", "conv n 1x1")]),
        # the parameter, from its definition and from a use of it
        ("f(‸w", "c", [("f(w, k=3)", "f(c, k=3)"), ("conv w k", "conv c k")]),
        ("conv ‸w k", "c", [("f(w, k=3)", "f(c, k=3)"), ("conv w k", "conv c k")]),
        # its name where the block is used is the parameter too
        ("‸k=1", "size", [("k=3", "size=3"), ("w k pad", "w size pad"), ("k=1", "size=1")]),
        # the label outside of the block, not the one in it
        ("3x3 as ‸x", "stem", [("3x3 as x", "3x3 as stem"), ("@x -> conv", "@stem -> conv")]),
        ("same as ‸x", "stem", [("same as x", "same as stem"), ("| @x }", "| @stem }")]),
        ("def ‸f", "my-block", [("def f", "def my-block"), ("-> f(", "-> my-block(")]),
    ],
)  # fmt: skip
def test_every_use_and_no_other_word(place: str, name: str, changed: list[tuple[str, str]]) -> None:
    expected = NET
    for before, after in changed:
        assert expected.count(before) == 1 or before == "| @x }", before
        expected = expected.replace(before, after, 1)
    assert renamed(place, name) == expected
    assert structure(check(expected).plan) == structure(check(NET).plan)


@pytest.mark.parametrize(
    ("place", "name", "why"),
    [
        ("‸w = 4", "3", "no name"),
        ("‸w = 4", "as", "no name"),
        ("‸w = 4", "a-b", "subtraction"),
        ("‸w = 4", "same", "same"),
        ("f(‸w", "k", "named twice"),
        ("def ‸f", "conv", "a layer already"),
        ("as ‸y", "x", "made twice"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(place: str, name: str, why: str) -> None:
    with pytest.raises(RenameError, match=why):
        renamed(place, name)


def test_a_name_that_would_be_caught_by_another_is_refused() -> None:
    """Nothing uses the block, so no shape tells: the words themselves do."""
    text = "k = 3\ndef f(c) = conv c k\nflatten -> dense 10\n"
    with pytest.raises(RenameError, match="something else"):
        renamed("f(‸c", "k", text)


def test_where_a_use_cannot_be_read_it_is_refused() -> None:
    text = "w = 4\nconv w 3x3\nconv ] w 3x3 =\n"
    with pytest.raises(RenameError, match="line 3 cannot be read"):
        renamed("‸w = 4", "n", text)
    assert renamed("‸w = 4", "n", "w = 4\nconv w 3x3\nconv ] 3x3 =\n").startswith("n = 4\nconv n 3x3\n")


def test_texts_that_include_it_are_renamed_with_it(tmp_path: Path) -> None:
    blocks = tmp_path / "blocks.net"
    blocks.write_text("def wide(c) = conv c 3x3 pad=same\n")
    (tmp_path / "nets").mkdir()
    text = 'include: "../blocks.net"\nwide 4 -> wide(c=8) -> flatten -> dense 10\n'
    user = read_document(text, tmp_path / "nets" / "my.net")
    assert user.checked.ok
    # the editor's text of the file is ahead of the file
    ahead = "# not saved yet\ndef wide(c) = conv c 3x3 pad=same\n"
    own = read_document(ahead, blocks)

    def both(place: Place, name: str) -> tuple[str, str]:
        spans = rename(own, place, name, [own, user])
        in_own = [span for span in spans if own.is_own(span)]
        return replaced(ahead, in_own, name), replaced(text, [s for s in spans if s not in in_own], name)

    assert both((2, 5), "broad") == (ahead.replace("wide", "broad"), text.replace("wide", "broad"))
    assert both((2, 10), "n") == (ahead.replace("(c)", "(n)").replace("conv c", "conv n"), text.replace("c=8", "n=8"))


@settings(deadline=None, max_examples=60)
@given(chains, st.data())
def test_a_renamed_program_is_the_same_network(chain: str, data: st.DataObject) -> None:
    text = whole(chain)
    document, _ = marked(text + CURSOR)
    symbols = [m for m in document.mentions.all if isinstance(m.subject, Symbol)]
    span = data.draw(st.sampled_from(symbols)).span
    place = (span.line, span.column)
    assert renamed_at(document, place) is not None
    name = data.draw(st.sampled_from(["z", "longer_name", "w", "c", "k", "widen"]))
    try:
        spans = rename(document, place, name)
    except RenameError:
        assert name not in ("z", "longer_name")
        return
    after = check(replaced(text, spans, name))
    assert structure(after.plan) == structure(document.checked.plan)
