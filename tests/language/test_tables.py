"""The tables of the grammar, kept in the user's cache folder: they save time, and change nothing else."""

from __future__ import annotations

import json
import os
import zlib
from pathlib import Path
from typing import Any

import pytest
from lark import Lark

from tuicnn.bundled import bundled
from tuicnn.language import Source
from tuicnn.language.syntax import grammar, tables
from tuicnn.language.syntax.building import Building, current

GRAMMAR = (bundled("grammars") / "net.lark").read_text(encoding="utf-8")
OPTIONS = {"start": "statement", "parser": "lalr", "lexer": "basic", "maybe_placeholders": False}
TEXT = "conv 8 3x3 pad=(w-1) -> @a é « \"x\" 'y' -> def as 1e5"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that tables are kept in, which is not there yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "tuicnn" / "grammar.json"


def made(text: str = GRAMMAR) -> Lark:
    return tables.parser_of(text, grammar._KeepAll(), Building(), **OPTIONS)


def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """From now on, a list of the grammars that tables are made of anew."""
    found: list[str] = []

    def lark(text: str, **options: Any) -> Lark:
        found.append(text)
        return Lark(text, **options)

    monkeypatch.setattr(tables, "Lark", lark)
    return found


def read(parser: Lark) -> list[tuple[str, str, int | None]]:
    return [(t.type, str(t), t.start_pos) for t in parser.lex(TEXT)]


def test_what_was_kept_reads_as_what_was_made(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = made()
    assert kept.is_file()
    assert kept.stat().st_mode & 0o077 == 0
    assert b"\x80" not in kept.read_bytes()[:20]  # no pickle
    monkeypatch.setattr(Lark, "__init__", lambda *a, **k: pytest.fail("made anew"))
    second = made()
    assert read(second) == read(first)
    current.set(Source("net", TEXT))
    for parser in (first, second):
        state = parser.parse_interactive("")
        for token in list(parser.lex("conv 8 pad=same")):
            state.feed_token(token)
        assert "$END" in state.accepts()  # type: ignore[no-untyped-call]


def test_a_changed_grammar_is_made_anew(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made()
    anew = built(monkeypatch)
    made(GRAMMAR.replace('AS: "as"', 'AS: "called"'))
    assert len(anew) == 1


@pytest.mark.parametrize("harm", ["cut", "flipped", "empty", "text", "key", "others", "folder", "pipe"])
def test_tables_that_cannot_be_believed_are_made_anew(kept: Path, harm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = read(made())
    content = bytearray(kept.read_bytes())
    if harm == "cut":
        kept.write_bytes(content[:-100])
    elif harm == "flipped":
        content[len(content) // 2] ^= 1
        kept.write_bytes(content)
    elif harm in ("empty", "text"):
        kept.write_bytes(b"" if harm == "empty" else b"hello\nworld")
    elif harm == "key":
        body = json.dumps({"key": "another", "tables": [{}, {}]}).encode()
        kept.write_bytes(b"%08x\n" % zlib.crc32(body) + body)
    elif harm == "others":
        kept.chmod(0o666)
    else:
        kept.unlink()
        kept.mkdir() if harm == "folder" else os.mkfifo(kept)
    anew = built(monkeypatch)
    assert read(made()) == wanted
    assert len(anew) == 1


def test_without_a_cache_folder_all_is_as_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert read(made())
