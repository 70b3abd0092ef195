"""The grammars for editors: what is in the repository is what the registry says, and it colours as `NetLexer` does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, _TokenType

from tests.conftest import ROOT
from tests.language.programs import LARGER, chains, whole
from tuicnn.language.highlighting import NetLexer
from tuicnn.language.textmate.grammars import FILES
from tuicnn.vocabulary import vocabulary

GRAMMARS = ROOT / "grammars"
TEXTMATE, SUBLIME = GRAMMARS / "vscode/syntaxes/net.tmLanguage.json", GRAMMARS / "bat/net.sublime-syntax"
TEXTS = [path.read_text() for path in sorted((ROOT / "nets").glob("*.net"))] + [LARGER]
FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

#: what a scope and what a token of Pygments is, in words common to both; the first that fits
SCOPES = {
    "comment": "comment",
    "string": "text",
    "constant.numeric": "number",
    "constant.language": "word",
    "storage": "def",
    "keyword.other": "keyword",
    "keyword.operator": "mark",
    "punctuation": "mark",
    "support.function.layer": "step",
    "entity.name.function": "step",
    "support": "chosen",
    "variable.parameter.block": "name",
    "variable.parameter": "option",
    "entity.name.label": "label",
    "variable.other": "name",
}
TOKENS: dict[_TokenType, str] = {
    Comment: "comment",
    String: "text",
    Number: "number",
    Keyword.Constant: "word",
    Keyword.Declaration: "def",
    Keyword: "keyword",
    Operator: "mark",
    Punctuation: "mark",
    Name.Function: "step",
    Name.Builtin: "chosen",
    Name.Attribute: "option",
    Name.Constant: "word",
    Name.Label: "label",
    Name.Variable: "name",
}

Colours = list[tuple[str, str]]


def by_pygments(text: str) -> Colours:
    """Each character that is no space, with what it is part of."""
    out: Colours = []
    for kind, part in NetLexer().get_tokens(text):
        word = next((word for token, word in TOKENS.items() if kind in token), "")  # type: ignore[comparison-overlap]
        out += [(character, word) for character in part if not character.isspace()]
    return out


def of_scope(scope: str) -> str:
    return next((word for start, word in SCOPES.items() if scope.startswith(start)), "")


def by_syntect(text: str) -> Colours:
    """As bat colours it."""
    syntect, syntaxes = _syntect()
    state = syntect.ParseState("tuicnn", syntaxes)
    out: Colours = []
    for line in text.splitlines(keepends=True):
        scopes: list[str] = []
        done = 0
        data = line.encode()
        for place, step in [*state.parse_line(line, syntaxes).ops, (len(data), "")]:
            out += [(c, of_scope(scopes[-1] if scopes else "")) for c in data[done:place].decode() if not c.isspace()]
            done = place
            if pushed := re.fullmatch(r"Push\((.*)\)", str(step)):
                scopes.append(pushed[1])
            elif popped := re.fullmatch(r"Pop\((\d+)\)", str(step)):
                del scopes[-int(popped[1]) :]
    return out


@cache
def _syntect() -> tuple[Any, Any]:
    syntect = pytest.importorskip("syntect")
    builder = syntect.SyntaxSetBuilder()
    assert builder.add_from_folder(str(SUBLIME.parent), True) == []
    return syntect, builder.build()


def by_textmate(text: str) -> Colours:
    """As VS Code colours it."""
    found = _textmate().parse_string(text)
    out: Colours = []
    for _, part, scopes in found.flatten() if found is not None else []:
        out += [(character, of_scope(scopes[-1])) for character in part if not character.isspace()]
    return out


@cache
def _textmate() -> Any:
    base = pytest.importorskip("textmate_grammar.parsers.base")
    return base.LanguageParser(json.loads(TEXTMATE.read_text()))


@pytest.mark.parametrize("name", FILES)
def test_the_files_are_what_the_registry_says(name: str) -> None:
    written = (GRAMMARS / name).read_text(encoding="utf-8")
    assert FILES[name]() == written, "write them anew: python -m tuicnn.language.textmate"


ENGINES = pytest.mark.parametrize("engine", [by_syntect, by_textmate])


@ENGINES
@pytest.mark.parametrize("text", TEXTS)
def test_networks_are_coloured_as_pygments_colours_them(engine: Callable[[str], Colours], text: str) -> None:
    assert engine(text) == as_named(by_pygments(text))


def as_named(colours: Colours) -> Colours:
    """Pygments goes by shape: it knows no layer behind `default:`, and takes a parameter or a constant behind `=` for a
    word."""
    text = "".join(character for character, _ in colours)
    for at in (found.end() for found in re.finditer("default:", text)):
        layer = next(name for name in vocabulary("layer") if text.startswith(name, at))
        colours[at : at + len(layer)] = [(character, "step") for character in layer]
    known = re.findall(r"[^\W\d]\w*", ",".join(re.findall(r"def\w+\(([^)]*)\)", text)))
    # a constant of one letter: its colour tells it from an option
    for found in re.finditer(r"[^\W\d](?==)", text):
        if colours[found.start()][1] == "name":
            known.append(found[0])
    for found in re.finditer(rf"(?<==)({'|'.join(known) or '$'})(?!\w)", text):
        if colours[found.start()][1] == "word":
            colours[found.start() : found.end()] = [(character, "name") for character in found[0]]
    return colours


@ENGINES
@FEW
@given(chain=chains)
def test_so_is_any_network(engine: Callable[[str], Colours], chain: str) -> None:
    text = whole(chain)
    assert engine(text) == by_pygments(text)


@FEW
@given(st.text(alphabet='ab1x→->=(){}[]|@*,:#"\\ \n'), chains)
def test_nothing_that_is_half_written_colours_the_lines_below_another_step(half: str, chain: str) -> None:
    text = f"{half}\n\n-> relu -> {chain}\n"
    colours = by_syntect(text)
    end = by_syntect(f"relu -> {chain}\n")
    if '"' not in half.rpartition("\n")[2]:
        assert colours[-len(end) :] == end


def test_the_words_of_the_registry_are_known_and_others_are_not() -> None:
    for name in vocabulary("layer"):
        assert f"{name}|" in TEXTMATE.read_text() or f"|{name}" in TEXTMATE.read_text()
    kinds = dict(by_syntect("optim: adam lr=1 lrr=2\n"))
    assert (kinds["l"], kinds["2"]) == ("name", "number")
    assert by_syntect("optim: adan\n")[-1] == ("n", "name")


def test_the_extension_for_vs_code_names_files_that_are_there() -> None:
    package = json.loads((GRAMMARS / "vscode/package.json").read_text())
    (language,), (grammar,) = package["contributes"]["languages"], package["contributes"]["grammars"]
    assert grammar["scopeName"] == json.loads(TEXTMATE.read_text())["scopeName"]
    assert grammar["language"] == language["id"]
    for path in (grammar["path"], language["configuration"]):
        assert (GRAMMARS / "vscode" / path).is_file()
    assert Path(grammar["path"]).name == TEXTMATE.name
