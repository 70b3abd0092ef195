"""The messages for tokens that the grammar does not accept."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

from lark import Token

from tuicnn.language.excerpts import excerpt
from tuicnn.language.fixes import Fix, after, remove, respell, write
from tuicnn.language.names import all_arguments, joins_named, setting_names
from tuicnn.language.syntax.building import span_of
from tuicnn.language.value_fixes import example_value

__all__ = ["Unexpected", "explain"]

_OPERATORS = ("STAR", "PLUS", "SLASH", "PERCENT", "MINUS", "DOUBLESLASH")
_NUMBERS = ("INT", "FLOAT")
_VALUES = (*_NUMBERS, "SIZE", "STRING", "NAME")
_ENDS = ("ARROW", "NEWLINE", "RBRACE", "BAR")


@dataclass(frozen=True)
class Unexpected:
    """The message, the tokens from and to which it is pointed at, and the help."""

    message: str
    first: Token
    last: Token
    help: Fix | str


@dataclass(frozen=True)
class _Stop:
    """A token that cannot stand where it stands in its statement, and the kinds of those that could."""

    statement: Sequence[Token]
    at: int
    expected: Set[str]

    def kind(self, ahead: int = 0) -> str:
        """The type of a token so many ahead, "" outside of the statement."""
        return self.statement[self.at + ahead].type if 0 <= self.at + ahead < len(self.statement) else ""

    def word(self, ahead: int = 0) -> str:
        """What a token so many ahead says, "" outside of the statement."""
        return str(self.statement[self.at + ahead]) if 0 <= self.at + ahead < len(self.statement) else ""

    def found(self, message: str, help: Fix | str, back: int = 0, on: int = 0) -> Unexpected:
        """A problem that begins `back` tokens earlier and ends `on` tokens later."""
        first = self.statement[max(0, self.at - back)]
        return Unexpected(message, first, self.statement[min(len(self.statement) - 1, self.at + on)], help)


def explain(token: Token, statement: list[Token], expected: Set[str]) -> Unexpected:
    """The message for the token at which the grammar stopped; `expected` are the kinds of tokens it accepts."""
    if token.type == "$END":
        return _ended(_Stop(statement, len(statement) - 1, expected))
    at = next((i for i, t in enumerate(statement) if t is token), len(statement) - 1)
    stop = _Stop(statement, at, expected)
    found = (_BY_KIND[token.type](stop) if token.type in _BY_KIND else None) or _value(stop) or _misplaced(stop)
    shown = "the line's end" if token.type == "NEWLINE" else f"`{token}`"
    return found or stop.found(f"{shown} does not belong here", remove(more=f" ({_wanted(expected)})"))


def _colon(stop: _Stop) -> Unexpected:
    name, message = stop.word(-1), "`:` belongs to settings, each on a line of its own"
    if stop.kind(-1) == "NAME" and name in setting_names():
        return stop.found(f"the setting `{name}:` stands on a line of its own", "write a new line before it", back=1)
    if stop.kind(-1) == "NAME" and stop.kind(1):
        help = write(f"{name}={stop.word(1)}", safe=stop.kind(-2) in (*_VALUES, "RPAR", "RSQB"))
        return stop.found(f"{message}: an option has `=`", help, back=1, on=1)
    return stop.found(message, remove())


def _equals(stop: _Stop) -> Unexpected:
    if stop.kind(-1) == "EQUALS":
        return stop.found("`==` has no meaning", respell("="), back=1)
    if stop.kind(1) in _VALUES:
        help = write(f"pad={stop.word(1)}", more=", or what you mean by it")
        return stop.found("`=` needs a name before it", help, on=1)
    return stop.found("`=` needs a name before it", remove())


def _operator(stop: _Stop) -> Unexpected:
    kind, token, before, behind = stop.kind(), stop.word(), stop.kind(-1), stop.kind(1)
    if kind == "DOUBLESLASH":
        return stop.found("`//` does not begin a comment", write("#"))
    if kind == "SLASH" and stop.statement[0] in ("data", "include"):
        return stop.found("a path stands in double quotes", write('"photos/cats"'))
    if before in (*_NUMBERS, "NAME") and behind in (*_NUMBERS, "NAME"):
        help = write(f"({stop.word(-1)}{token}{stop.word(1)})", safe=before != "NAME" != behind)
        return stop.found("arithmetic stands in parentheses", help, back=1, on=1)
    if kind == before == "MINUS" and behind:
        return stop.found("one `-` is enough", write(stop.word(1)), back=1, on=1)
    return stop.found(f"`{token}` has nothing to compute with here", remove(more=" (arithmetic: `(2*w)`)"))


def _value(stop: _Stop) -> Unexpected | None:
    """Values that are missing, or one too many."""
    kind, token, constant = stop.kind(), stop.word(), len(stop.statement) > 2 and stop.statement[1].type == "EQUALS"
    if stop.at == 1 and stop.kind(-1) in _NUMBERS and kind == "NAME":
        help = write(f"{stop.word(-1)} *", more=" to repeat it, or a layer's name before it")
        return stop.found(f"`{stop.word(-1)}` is not a layer", help, back=1, on=-1)
    if stop.kind(-1) == "EQUALS" and kind in (*_ENDS, "AS"):
        name = stop.word(-2)
        text = f"{name} = 8" if stop.at == 2 and kind in ("ARROW", "NEWLINE") else f"{name}={_example(name)}"
        return stop.found("a value must follow `=`", write(text), back=2, on=-1)
    if kind in _VALUES and "COMMA" in stop.expected:
        gap = after(span_of(stop.statement[stop.at - 1])).to(span_of(stop.statement[stop.at]))
        where = gap if excerpt(gap).strip() == token else None
        return stop.found(f"a comma is missing before `{token}`", write(f", {token}", where))
    if constant and stop.at > 2 and kind in (*_VALUES, "COMMA"):
        return stop.found("a constant has one value", remove(), on=len(stop.statement) - 1 - stop.at)
    return None


def _example(option: str) -> str:
    found = (example_value(cls, own) for cls, own in all_arguments() if own.name == option != "pad")
    return next(found, "1")


def _misplaced(stop: _Stop) -> Unexpected | None:
    kind, token, before, step_wanted = stop.kind(), stop.word(), stop.kind(-1), "LGROUP" in stop.expected
    if step_wanted and kind in (*_NUMBERS, "SIZE", "STRING"):
        layer = {"SIZE": f"conv 8 {token}", "INT": f"dense {token}"}.get(kind, "relu")
        return stop.found(f"`{token}` is not a layer", write(layer, more=", or another layer"))
    if kind == "STAR" or (before == "STAR" and step_wanted):
        help = remove(more=" (`3 * (conv 8 3x3 -> relu)` repeats a group)")
        return stop.found(f"`{token}` cannot be repeated", help)
    if kind == "LBRACE" and step_wanted:
        return stop.found(f"braces belong to {joins_named()}", "write a group as `( … )`")
    if kind == "LBRACE":
        return stop.found("`{` does not belong here", remove(more=f" (braces follow {joins_named('or')})"))
    if kind == "BAR":
        return stop.found("`|` stands between branches", "write branches in braces: `add { … | … }`")
    if kind == "DEF":
        return stop.found("a definition begins its own line", "write a new line before it")
    if kind == "AT" and not step_wanted:
        help = write(f"-> concat {{ identity | @{stop.word(1) or 'stem'} }}")
        return stop.found("`@label` begins a branch", help, on=1)
    if kind == "AS":
        return stop.found("`as` follows a step", remove(more=" (a label: `conv 8 3x3 as stem`)"), on=1)
    if kind in _ENDS and before == "AS":
        return stop.found("a name must follow `as`", write("as stem", more=", or remove it"), back=1, on=-1)
    return None


_BY_KIND = {"COLON": _colon, "EQUALS": _equals, **dict.fromkeys(_OPERATORS, _operator)}


def _ended(stop: _Stop) -> Unexpected:
    """A statement that ends too early: `stop` is at its last token."""
    statement, last = stop.statement, stop.word()
    if statement[0].type == "DEF" and len(statement) == 1:
        return stop.found("a definition needs a name", write("def f(c) = conv c 3x3"))
    if statement[0].type == "DEF" and all(t.type != "EQUALS" for t in statement):
        text = write(f"{' '.join(statement)} = conv 8 3x3")
        if len(statement) > 2:
            text = write(" = conv 8 3x3", after(span_of(statement[-1])))
        return stop.found("a definition needs `=` and what it stands for", text, back=len(statement))
    if statement[0].type == "DEF":
        return stop.found("a definition needs a layer after its `=`", write("= conv 8 3x3"))
    if stop.kind() == "EQUALS":
        name = stop.word(-1) or last
        written = f"{name} = 8" if len(statement) == 2 else f"{name}={_example(name)}"
        return stop.found("a value must follow `=`", write(written), back=1)
    if stop.kind() == "AS":
        return stop.found("a name must follow `as`", write("as stem", more=", or remove it"))
    if stop.kind() == "AT":
        return stop.found("a label's name must follow `@`", write("@stem"))
    if stop.kind() == "STAR":
        more = ", or write what is repeated: `3 * (conv 8 3x3 -> relu)`"
        return stop.found("nothing follows `*`", remove(more=more), back=1)
    if len(statement) == 1 and stop.kind() in _NUMBERS:
        return stop.found(
            f"`{last}` is not a layer", write(f"dense {last}", more=", or another layer's name before it")
        )
    return stop.found(f"something is missing after `{last}`", remove(more=f" ({_wanted(stop.expected)})"))


_IN_WORDS = {
    "ARROW": "`->`", "NAME": "a name", "INT": "a number", "EQUALS": "`=`", "RPAR": "`)`", "RSQB": "`]`",
    "RBRACE": "`}`", "COMMA": "`,`", "BAR": "`|`", "STAR": "`*`",
}  # fmt: skip


def _wanted(expected: Set[str]) -> str:
    words = [text for kind, text in _IN_WORDS.items() if kind in expected]
    return "here can stand " + ", ".join(words) if words else "a new line begins here"
