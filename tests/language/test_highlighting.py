"""The lexer of the language: every valid text is coloured without an error, and no character is lost."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pygments.token import Comment, Error, Keyword, Name, Number, _TokenType

from tests.conftest import ROOT
from tests.language.programs import chains, whole
from tuicnn.language.highlighting import NetLexer


def coloured(text: str) -> list[tuple[_TokenType, str]]:
    return [(kind, part) for kind, part in NetLexer().get_tokens(text) if part.strip()]


@settings(deadline=None)
@given(chains)
def test_a_valid_program_has_no_error_token(chain: str) -> None:
    assert [part for kind, part in coloured(whole(chain)) if kind is Error] == []


@pytest.mark.parametrize("net", sorted((ROOT / "nets").glob("*.net")), ids=lambda path: path.stem)
def test_nor_has_a_network_that_comes_with_tuicnn(net: object) -> None:
    assert [part for kind, part in coloured((ROOT / str(net)).read_text()) if kind is Error] == []


@settings(deadline=None)
@given(st.one_of(st.text(), st.text(alphabet='ab1x×→->=(){}[]|@*,:;#"\\ \n\t\ufeff😀')))
def test_the_tokens_joined_are_the_text(text: str) -> None:
    assert "".join(part for _, _, part in NetLexer().get_tokens_unprocessed(text)) == text
    plain = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    assert "".join(part for _, part in NetLexer().get_tokens(plain)) == plain.removeprefix("\ufeff")


def test_each_word_is_coloured_by_its_place() -> None:
    text = """\
optim: adam lr=1e-3
train: epochs = 3
default: conv pad=same bias=false  # defaults
w = 2*n - 1
def basic(c, k=3) = residual {
    conv c k pad=same as first -> relu
  | (conv c 1x1)
  } -> relu
2 * basic (2*w)
(n + 1) * wide(w, init=normal(0.01))
concat { identity | @first -> dense [1, n] } as out -> globalavgpool
"""
    found = coloured(text)

    def kinds(part: str) -> set[_TokenType]:
        return {kind for kind, own in found if own == part}

    for setting in ("optim", "train", "default"):
        assert kinds(setting) == {Keyword}, setting
    for step in ("basic", "residual", "relu", "wide", "concat", "identity", "dense", "globalavgpool"):
        assert kinds(step) == {Name.Function}, step
    assert kinds("conv") == {Name.Builtin, Name.Function}
    assert kinds("adam") == kinds("normal") == {Name.Builtin}
    for option in ("lr", "epochs", "pad", "bias", "init"):
        assert kinds(option) == {Name.Attribute}, option
    assert kinds("same") == {Name.Constant}
    assert kinds("false") == {Keyword.Constant}
    for variable in ("w", "n", "c", "k"):
        assert kinds(variable) == {Name.Variable}, variable
    assert kinds("first") == kinds("out") == {Name.Label}
    assert kinds("def") == {Keyword.Declaration}
    assert kinds("as") == {Keyword}
    assert kinds("1x1") == {Number}
    assert kinds("1e-3") == {Number.Float}
    assert kinds("# defaults") == {Comment.Single}


def test_what_the_language_does_not_know_is_marked() -> None:
    assert [part for kind, part in coloured("conv 8 3x3 => relu; 'a'") if kind is Error] == ["=", ">", ";", "'", "'"]


def test_pygments_finds_it_by_its_entry_point() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pygments.lexers"]
    assert [EntryPoint(name, value, "").load() for name, value in declared.items()] == [NetLexer]
    assert "*.net" in NetLexer.filenames


def test_pygments_does_not_need_numpy_to_load_it() -> None:
    code = "import sys; from tuicnn.language.highlighting import NetLexer; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0


def test_a_text_of_brackets_is_coloured_in_proportion() -> None:
    """Each rule looks a bounded way, or along its own line once: ten times the text, no hundred times the work."""
    for part in ("(", "{ ", "a(", "[", "a = ", "- ", "1x", '"', "def (", "(a*"):
        text = part * 20_000
        assert "".join(own for _, own in NetLexer().get_tokens(text)) == text
