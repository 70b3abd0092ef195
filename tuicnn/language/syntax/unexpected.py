"""Says in words what is wrong where the grammar cannot read on."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

from lark import Token

from tuicnn.language.checks.unknown_names import setting_names
from tuicnn.language.checks.value_fixes import example_value
from tuicnn.language.excerpts import excerpt
from tuicnn.language.fixes import Fix, after, remove, respell, write
from tuicnn.language.syntax.building import span_of
from tuicnn.vocabulary import arguments, vocabulary

__all__ = ["Unexpected", "explain"]

_OPERATORS = ("STAR", "PLUS", "SLASH", "PERCENT", "MINUS", "DOUBLESLASH")
_NUMBERS = ("INT", "FLOAT")
_BEFORE_OPTION = ("NAME", "SIZE", "STRING", "RPAR", "RSQB", *_NUMBERS)


@dataclass(frozen=True)
class Unexpected:
    """The message, the tokens from and to which it is pointed at, and the help."""

    message: str
    first: Token
    last: Token
    help: Fix | str


@dataclass(frozen=True)
class _Place:
    """A token that cannot stand where it stands, those around it, and what could."""

    token: Token
    before: Token | None
    after: Token | None
    statement: Sequence[Token]
    at: int
    expected: Set[str]

    def found(self, message: str, help: Fix | str, back: int = 0, on: int = 0) -> Unexpected:
        """A problem that begins `back` tokens earlier and ends `on` tokens later."""
        first = self.statement[max(0, self.at - back)]
        last = self.statement[min(len(self.statement) - 1, self.at + on)]
        return Unexpected(message, first, last, help)


def explain(token: Token, statement: list[Token], expected: Set[str]) -> Unexpected:
    """What to say of the token at which the grammar stopped; `expected` are the kinds of tokens it would take."""
    if token.type == "$END":
        return _ended(statement, expected)
    at = next((i for i, t in enumerate(statement) if t is token), len(statement) - 1)
    before = statement[at - 1] if at else None
    after = statement[at + 1] if at + 1 < len(statement) else None
    place = _Place(token, before, after, statement, at, expected)
    for rule in (_start, _colon, _equals, _operator, _value, _place):
        found = rule(place)
        if found is not None:
            return found
    shown = "the line's end" if token.type == "NEWLINE" else f"`{token}`"
    return place.found(f"{shown} does not belong here", remove(more=f" ({_wanted(expected)})"))


def _start(place: _Place) -> Unexpected | None:
    token, before = place.token, place.before
    if place.at == 1 and before is not None and before.type in _NUMBERS and token.type == "NAME":
        help = write(f"{before} *", more=" to repeat it, or a layer's name before it")
        return place.found(f"`{before}` is not a layer", help, back=1, on=-1)
    if before is not None and before.type == "EQUALS" and place.at == 2 and token.type in ("ARROW", "NEWLINE"):
        return place.found("a value must follow `=`", write(f"{place.statement[0]} = 8"), back=2, on=-1)
    return None


def _colon(place: _Place) -> Unexpected | None:
    token, before, after = place.token, place.before, place.after
    if token.type != "COLON":
        return None
    if before is not None and before.type == "NAME" and str(before) in setting_names():
        return place.found(f"the setting `{before}:` stands on a line of its own", "write a new line before it", back=1)
    if before is not None and before.type == "NAME" and after is not None:
        message = "`:` belongs to settings, each on a line of its own: an option has `=`"
        return place.found(
            message,
            write(f"{before}={after}", safe=place.at > 2 and place.statement[place.at - 2].type in _BEFORE_OPTION),
            back=1,
            on=1,
        )
    return place.found("`:` belongs to settings, each on a line of its own", remove())


def _equals(place: _Place) -> Unexpected | None:
    token, before, after = place.token, place.before, place.after
    if token.type != "EQUALS":
        return None
    if before is not None and before.type == "EQUALS":
        return place.found("`==` has no meaning", respell("="), back=1)
    if after is not None and after.type in ("INT", "FLOAT", "SIZE", "NAME", "STRING"):
        return place.found("`=` needs a name before it", write(f"pad={after}", more=", or what you mean by it"), on=1)
    return place.found("`=` needs a name before it", remove())


def _operator(place: _Place) -> Unexpected | None:
    token, before, after = place.token, place.before, place.after
    if token.type == "DOUBLESLASH":
        return place.found("`//` does not begin a comment", respell("#"))
    if token.type not in _OPERATORS:
        return None
    if token.type == "SLASH" and place.statement[0] in ("data", "include"):
        return place.found("a path stands in double quotes", write('"photos/cats"'))
    values = (*_NUMBERS, "NAME")
    if before is not None and before.type in values and after is not None and after.type in values:
        return place.found(
            "arithmetic stands in parentheses",
            write(f"({before}{token}{after})", safe=before.type != "NAME" != after.type),
            back=1,
            on=1,
        )
    if token.type == "MINUS" and before is not None and before.type == "MINUS" and after is not None:
        return place.found("one `-` is enough", write(str(after)), back=1, on=1)
    return place.found(f"`{token}` has nothing to compute with here", remove(more=" (arithmetic: `(2*w)`)"))


def _value(place: _Place) -> Unexpected | None:
    """Values that are missing, or one too many."""
    token, before = place.token, place.before
    if before is not None and before.type == "EQUALS" and token.type in ("ARROW", "NEWLINE", "RBRACE", "BAR", "AS"):
        name = place.statement[place.at - 2]
        return place.found("a value must follow `=`", write(f"{name}={_example(str(name))}"), back=2, on=-1)
    if token.type in (*_NUMBERS, "SIZE", "STRING", "NAME") and "COMMA" in place.expected:
        where = after(span_of(before)).to(span_of(token)) if before is not None else None
        if where is not None and excerpt(where).strip() != token:
            where = None
        return place.found(f"a comma is missing before `{token}`", write(f", {token}", where))
    constant = len(place.statement) > 2 and place.statement[1].type == "EQUALS"
    if constant and place.at > 2 and token.type in (*_NUMBERS, "SIZE", "STRING", "NAME", "COMMA"):
        on = len(place.statement) - 1 - place.at
        return place.found("a constant has one value", remove(), on=on)
    return None


def _example(option: str) -> str:
    for name in ("layer", "setting", "optim", "data", "loss", "schedule"):
        for cls in vocabulary(name).values():
            for own in arguments(cls):
                if own.name == option:
                    return example_value(cls, own) if option != "pad" else "1"
    return "1"


def _place(place: _Place) -> Unexpected | None:
    token, before, expected = place.token, place.before, place.expected
    step_wanted = "LGROUP" in expected
    if step_wanted and token.type in (*_NUMBERS, "SIZE", "STRING"):
        layer = {"SIZE": f"conv 8 {token}", "INT": f"dense {token}"}.get(token.type, "relu")
        return place.found(f"`{token}` is not a layer", write(layer, more=", or another layer"))
    if token.type == "STAR" or (before is not None and before.type == "STAR" and step_wanted):
        return place.found(
            f"`{token}` cannot be repeated", remove(more=" (`3 * (conv 8 3x3 -> relu)` repeats a group)")
        )
    if token.type == "LBRACE":
        if step_wanted:
            return place.found("braces belong to `add`, `concat` and `residual`", "write a group as `( … )`")
        return place.found("`{` does not belong here", remove(more=" (braces follow `add`, `concat` or `residual`)"))
    if token.type == "BAR":
        return place.found("`|` stands between branches", "write branches in braces: `add { … | … }`")
    if token.type == "DEF":
        return place.found("a definition begins its own line", "write a new line before it")
    if token.type == "AT" and not step_wanted:
        return place.found(
            "`@label` begins a branch", write(f"-> concat {{ identity | @{place.after or 'stem'} }}"), on=1
        )
    if token.type == "AS":
        return place.found("`as` follows a step", remove(more=" (a label: `conv 8 3x3 as stem`)"), on=1)
    if token.type in ("ARROW", "NEWLINE", "RBRACE", "BAR") and before is not None and before.type == "AS":
        return place.found("a name must follow `as`", write("as stem", more=", or remove it"), back=1, on=-1)
    return None


def _ended(statement: list[Token], expected: Set[str]) -> Unexpected:
    first, last = statement[0], statement[-1]
    if first.type == "DEF":
        if len(statement) == 1:
            return Unexpected("a definition needs a name", first, last, write("def f(c) = conv c 3x3"))
        if all(t.type != "EQUALS" for t in statement):
            text = write(" = conv 8 3x3", after(span_of(last)))
            if len(statement) == 2:
                text = write(f"{' '.join(statement)} = conv 8 3x3")
            return Unexpected("a definition needs `=` and what it stands for", first, last, text)
        return Unexpected("a definition needs a layer after its `=`", last, last, write("= conv 8 3x3"))
    if last.type == "EQUALS":
        name = statement[-2] if len(statement) > 1 else last
        value = "8" if len(statement) == 2 else _example(str(name))
        space = " " if len(statement) == 2 else ""
        return Unexpected("a value must follow `=`", name, last, write(f"{name}{space}={space}{value}"))
    if last.type == "AS":
        return Unexpected("a name must follow `as`", last, last, write("as stem", more=", or remove it"))
    if last.type == "AT":
        return Unexpected("a label's name must follow `@`", last, last, write("@stem"))
    if last.type == "STAR":
        step = statement[-2] if len(statement) > 1 else last
        return Unexpected(
            "nothing follows `*`", step, last, remove(more=", or write what is repeated: `3 * (conv 8 3x3 -> relu)`")
        )
    if len(statement) == 1 and last.type in _NUMBERS:
        help = write(f"dense {last}", more=", or another layer's name before it")
        return Unexpected(f"`{last}` is not a layer", last, last, help)
    return Unexpected(f"something is missing after `{last}`", last, last, remove(more=f" ({_wanted(expected)})"))


_IN_WORDS = {
    "ARROW": "`->`",
    "NAME": "a name",
    "INT": "a number",
    "EQUALS": "`=`",
    "RPAR": "`)`",
    "RSQB": "`]`",
    "RBRACE": "`}`",
    "COMMA": "`,`",
    "BAR": "`|`",
    "STAR": "`*`",
}


def _wanted(expected: Set[str]) -> str:
    words = [text for kind, text in _IN_WORDS.items() if kind in expected]
    return "here can stand " + ", ".join(words) if words else "a new line begins here"
