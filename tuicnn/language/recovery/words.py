"""Names and options as they are written elsewhere: `as "stem"`, `--pad 1`, `relu = 3`, `Sequential([ … ])`."""

from __future__ import annotations

import re

from tuicnn.language.elsewhere import WRAPPERS
from tuicnn.language.recovery.token_fixes import Recovery, Rules, TokenFix, removed, replaced

__all__ = ["WORDS", "fix_hyphens"]


def fix_hyphens(r: Recovery) -> None:
    """Constants whose names have hyphens, which would be a subtraction."""
    for name in dict.fromkeys(t for t in r.tokens if t.type == "NAME" and "-" in t):
        at = [i for i, t in enumerate(r.tokens) if t.type == "NAME" and t == name]
        if any(r.kind(i - 1) in ("", "NEWLINE") and r.kind(i + 1) == "EQUALS" for i in at):
            edits = tuple((i, i + 1, name.replace("-", "_")) for i in at)
            r.fix(TokenFix("the name of a constant has no hyphen: that is a subtraction", at[0], at[0], edits))


def _label(r: Recovery, i: int) -> TokenFix | None:
    """`as "stem"`, `as 1`; `as a as b`."""
    if r.kind(i + 1) in ("STRING", "INT"):
        inner = r.word(i + 1).strip('"')
        name = inner if re.fullmatch(r"[^\W\d]\w*", inner) else f"l{re.sub(r'[^0-9a-zA-Z_]', '', inner)}"
        return replaced("a label is a name, without quotes", i + 1, i + 1, name, safe=name == inner, resume=i)
    if r.kind(i - 2) == "AS" and r.kind(i + 1):
        return removed("a step has one label", i, i + 1, safe=False)
    return None


def _equals(r: Recovery, i: int) -> TokenFix | None:
    """`relu = 3` for a step, `pad=1=2`."""
    before, following = r.word(i - 1), r.kind(i + 1)
    number = following in ("INT", "FLOAT", "SIZE")
    if before in r.steps and number and i > 1 and r.begins_step(i - 1):
        message = f"`{before}` takes its value without `=`"
        return replaced(message, i - 1, i + 1, f"{before} {r.word(i + 1)}")
    if r.kind(i - 2) == "EQUALS" and i > 2 and (number or following == "NAME"):
        return removed("a value is given once", i, i + 1, safe=False)
    return None


def _dashes(r: Recovery, i: int) -> TokenFix | None:
    """Options as on a command line, `--pad 1`."""
    j = i
    while j < i + 3 and r.kind(j) == "MINUS":
        j += 1
    if r.kind(j) != "NAME" or not r.touches(j) or r.touches(i) or r.kind(i - 1) not in ("INT", "SIZE", "NAME", "FLOAT"):
        return None
    if r.kind(j + 1) not in ("EQUALS", "INT", "SIZE", "FLOAT"):
        return None
    return removed("options are written without `-`", i, j - 1)


def _wrapped(r: Recovery, i: int) -> TokenFix | None:
    """`model = Sequential([ … ])` and `model.add( … )`."""
    end = r.match(i + 1) if r.word(i).casefold() in WRAPPERS and r.kind(i + 1) == "LPAR" else None
    if end is None:
        return None
    named = r.kind(i - 1) == "EQUALS" and r.kind(i - 2) == "NAME"
    first, last, close = i - 2 if named else i, i + 1, end
    inner = r.match(i + 2) if r.kind(i + 2) == "LSQB" else None
    if inner is not None:
        last, close = i + 2, inner
    edits = ((first, last + 1, ""), (close, end + 1, ""))
    return TokenFix("the network needs nothing around it", first, last, edits, resume=first)


WORDS: Rules = {"AS": (_label,), "EQUALS": (_equals,), "MINUS": (_dashes,), "NAME": (_wrapped,)}
