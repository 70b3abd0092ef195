"""Says in words what is wrong where the grammar cannot read on."""

from __future__ import annotations

from collections.abc import Set

from lark import Token

__all__ = ["explain"]

_OPERATORS = ("STAR", "PLUS", "SLASH", "PERCENT", "MINUS", "DOUBLESLASH")


def explain(token: Token, statement: list[Token], expected: Set[str]) -> tuple[str, Token, str, str]:
    """The message, the token to point at, the label beside the caret and the help."""
    end = token.type == "$END"
    at = next((i for i, t in enumerate(statement) if t is token), len(statement))
    before = statement[at - 1] if at else None
    after = statement[at + 1] if at + 1 < len(statement) else None
    if end:
        return _ended(statement, expected)
    if at == 1 and before is not None and before.type in ("INT", "FLOAT") and token.type == "NAME":
        help = f"begin with a layer's name, or write `{before} * {token}` to repeat it"
        return f"`{before}` is not a layer", before, "", help
    shown = "the line's end" if token.type == "NEWLINE" else f"`{token}`"
    for rule in (_colon, _equals, _operator, _place):
        found = rule(token, before, after, expected, statement)
        if found is not None:
            message, help = found
            return message, token, "", help
    return f"{shown} does not belong here", token, "", _wanted(expected)


_Found = tuple[str, str] | None


def _colon(token: Token, before: Token | None, after: Token | None, expected: Set[str], all_: list[Token]) -> _Found:
    if token.type != "COLON":
        return None
    if before is not None and before.type == "NAME" and after is not None:
        return "`:` belongs to settings, each on a line of its own", f"write `{before}={after}` for an option"
    return "`:` belongs to settings, each on a line of its own", "write `name: value` on its own line"


def _equals(token: Token, before: Token | None, after: Token | None, expected: Set[str], all_: list[Token]) -> _Found:
    if token.type != "EQUALS":
        return None
    if before is not None and before.type == "EQUALS":
        return "`==` has no meaning", "write one `=`"
    return "`=` needs a name before it", "write `name=value`, such as `pad=1`"


def _operator(token: Token, before: Token | None, after: Token | None, expected: Set[str], all_: list[Token]) -> _Found:
    if token.type == "DOUBLESLASH":
        return "`//` does not begin a comment", "a comment begins with `#`"
    if token.type not in _OPERATORS:
        return None
    if token.type == "SLASH" and all_[0] in ("data", "include"):
        return "a path stands in double quotes", 'write `"photos/cats"`'
    if before is not None and before.type in ("INT", "FLOAT", "NAME", "RPAR") and after is not None:
        example = f"({before}{token}{after})" if before.type != "RPAR" and after.type in ("INT", "NAME") else "(2*w)"
        return "arithmetic stands in parentheses", f"write `{example}`"
    return f"`{token}` has nothing to compute with here", "write arithmetic in parentheses, such as `(2*w)`"


def _place(token: Token, before: Token | None, after: Token | None, expected: Set[str], all_: list[Token]) -> _Found:
    step_wanted = "LGROUP" in expected
    if token.type in ("INT", "FLOAT", "SIZE", "STRING") and ("NAME" not in expected or step_wanted):
        if step_wanted:
            return f"`{token}` is not a layer", "begin with a layer's name: `conv 8 3x3`"
        if "COMMA" in expected:
            return f"a comma is missing before `{token}`", "values in parentheses and lists are separated by commas"
    if token.type == "STAR" or (before is not None and before.type == "STAR" and step_wanted):
        return f"`{token}` cannot be repeated", "write a layer, a block or a group: `3 * (conv 8 3x3 -> relu)`"
    if token.type == "LBRACE":
        if step_wanted:
            return "braces belong to `add`, `concat` and `residual`", "write a group as `( … )`"
        return "`{` does not belong here", "braces follow `add`, `concat` or `residual`"
    if token.type == "BAR":
        return "`|` stands between branches", "write branches in braces: `add { … | … }`"
    if token.type == "DEF":
        return "a definition begins its own line", "begin a new line with `def`"
    if token.type == "AT" and not step_wanted:
        return "`@label` begins a branch", "write `add { … | @label }`"
    if token.type == "AS":
        return "`as` follows a step", "write `conv 8 3x3 as name`"
    if token.type in ("ARROW", "NEWLINE") and before is not None:
        if before.type == "AS":
            return "a name must follow `as`", "write `conv 8 3x3 as stem`"
        if before.type == "EQUALS":
            return "a value must follow `=`", "write `name=value`, such as `pad=1`"
    if token.type == "NAME" and "COMMA" in expected:
        return f"a comma is missing before `{token}`", "values in parentheses and lists are separated by commas"
    return None


def _ended(statement: list[Token], expected: Set[str]) -> tuple[str, Token, str, str]:
    last = statement[-1]
    if statement[0].type == "DEF":
        if len(statement) == 1:
            return "a definition needs a name", last, "", "write `def basic(c) = conv c 3x3 -> relu`"
        if all(t.type != "EQUALS" for t in statement):
            return (
                "a definition needs `=` and what it stands for",
                last,
                "",
                f"write `def {statement[1]} = conv 8 3x3 -> relu`",
            )
    if last.type == "EQUALS":
        return "a value must follow `=`", last, "", "write `name=value`, such as `pad=1`"
    if last.type == "AS":
        return "a name must follow `as`", last, "", "write `conv 8 3x3 as stem`"
    if last.type == "AT":
        return "a label's name must follow `@`", last, "", "write `@stem`"
    if last.type == "STAR":
        return "nothing follows `*`", last, "", "write what is repeated: `3 * (conv 8 3x3 -> relu)`"
    if len(statement) == 1 and last.type in ("INT", "FLOAT"):
        return f"`{last}` is not a layer", last, "", "begin with a layer's name: `conv 8 3x3`"
    return f"something is missing after `{last}`", last, "", _wanted(expected)


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
    return "here can stand " + ", ".join(words) if words else "begin a new line"
