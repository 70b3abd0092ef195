"""Numbers, sizes, times and paths as they are written elsewhere: `0,001`, `50%`, `2w`, `3 by 3`, `5 minutes`."""

from __future__ import annotations

import math
import re

from tuicnn.language.elsewhere import TIME_UNITS
from tuicnn.language.names import all_arguments
from tuicnn.language.recovery.token_fixes import NUMBERS, Recovery, Rules, TokenFix, replaced
from tuicnn.vocabulary import Duration, ListOf, Number, Padding, SizeKind, Time, arguments, vocabulary

__all__ = ["SLIPS", "read_paths", "size_wanted"]

_PATHS = frozenset({"NAME", "SLASH", "DOUBLESLASH", "INT", "MINUS", "FLOAT", "SIZE"})


def read_paths(r: Recovery, i: int, end: int) -> int:
    """`photos/cats` and `blocks.net` on the line of a setting that takes a path; where the line ends then."""
    if end - i < 3 or r.word(i) not in ("data", "include", "import", "dataset"):
        return end
    if r.kind(i + 1) not in ("COLON", "NAME"):
        return end
    at = i + 2
    while at < end:
        j = at
        while j < end and (r.kind(j) in _PATHS or r.word(j) in (".", "~")) and (j == at or r.touches(j)):
            j += 1
        if any(r.kind(n) in ("SLASH", "DOUBLESLASH") or r.word(n) in (".", "~") for n in range(at, j)):
            end -= j - at - 1
            text = f'"{r.text(at, j)}"'
            if at == i + 2 and r.word(i) in ("data", "dataset"):  # the setting says what it begins with
                r.join(at, j, "STRING", text)
            else:
                r.fix(replaced("a path stands in double quotes", at, j - 1, text))
        at += 1
    return end


def _kinds(option: str) -> list[object]:
    """The kinds of all arguments of a name."""
    return [own.kind for _, own in all_arguments() if own.name == option]


def _option(r: Recovery, i: int) -> str:
    """The option whose value stands at `i`; "" for none."""
    return r.word(i - 2) if r.kind(i - 1) == "EQUALS" and i > 1 else ""


def _time(r: Recovery, i: int) -> TokenFix | None:
    """`30 s`, `30sec`, `5 minutes` where a time is meant."""
    seconds = TIME_UNITS.get(r.word(i + 1).casefold()) if r.kind(i + 1) == "NAME" else None
    if seconds is None or not any(isinstance(kind, Duration) for kind in _kinds(_option(r, i))):
        return None
    if not 0 < float(r.word(i)) * seconds < 10**9:
        return None
    written = str(Time.of(float(r.word(i)) * seconds))
    return replaced("a time is written as a number with `s`, `m` or `h` at its end", i, i + 1, written)


def _glued(r: Recovery, i: int) -> TokenFix | None:
    """A number that something sticks to: `2w`, `3x`, `3xx3`, `1.5x3`, `0x1F`, `1_000`, `50%`, `1.0.2`."""
    if not r.touches(i + 1):
        return None
    kind, token, following = r.kind(i), r.word(i), r.word(i + 1)
    text = f"{token}{following}"
    if r.kind(i + 1) == "NAME":
        return _glued_name(r, i, text)
    if r.kind(i + 1) == "PERCENT" and not r.touches(i + 2):
        share = float(token) / 100 if kind in ("INT", "FLOAT") else math.nan
        written = f"{share:.6f}".rstrip("0") if 1e-6 <= share < 100 else "0.5"
        written += "0" * written.endswith(".")
        return replaced("a share is written as a number from 0 to 1", i, i + 1, written)
    if r.kind(i + 1) == "FLOAT" and following.startswith(".") and kind == "FLOAT":
        whole = float(token).is_integer() and float(token) < 2**53
        return replaced(f"`{text}` is no number", i, i + 1, str(int(float(token))) if whole else token, safe=False)
    if kind == "INT" and r.kind(i + 1) == "COMMA" and r.kind(i + 2) == "INT" and r.touches(i + 2):
        return _comma(r, i)
    return None


def _glued_name(r: Recovery, i: int, text: str) -> TokenFix | None:
    kind, token, following = r.kind(i), r.word(i), r.word(i + 1)
    if re.fullmatch(r"(_[0-9]+)+", following) and kind == "INT":
        return replaced("the digits of a number stand together", i, i + 1, text.replace("_", ""))
    if re.fullmatch(r"0[xX][0-9a-fA-F]{1,16}", text):
        return replaced(f"`{text}` is no decimal number", i, i + 1, str(int(text, 16)))
    size = re.fullmatch(r"([0-9.]+)[xX×]+([0-9]*)", text)
    step = r.begins_step(i)
    if size and kind != "SIZE" and float(size[1]) < 2**53 and (not step or size[2]):
        if not size[2] and r.kind(i + 2) in ("INT", "NAME"):
            return None
        side = str(max(1, round(float(size[1]))))
        what = "a size is made of whole numbers" if "." in size[1] else f"`{text}` is no size"
        return replaced(what, i, i + 1, f"{side}x{size[2] or side}", safe="." not in size[1])
    if kind == "INT" and step and r.is_step(i + 1):
        return TokenFix(f"`{token}` needs `*` to repeat `{following}`", i, i, ((i, i + 1, f"{token} *"),))
    if kind == "INT" and following not in ("x", "X") and following in r.constants:
        return replaced("a product stands in parentheses, with `*`", i, i + 1, f"({token}*{following})")
    return None


def _comma(r: Recovery, i: int) -> TokenFix | None:
    """`lr=0,001`, `w = 1,000`, `classes=3,5`, `pad=1,1`: by what the option takes; a list has commas of its own."""
    if r.depth(i):
        return None
    token, third, option = r.word(i), r.word(i + 2), _option(r, i)
    kinds = _kinds(option) if option else []
    if any(isinstance(k, ListOf) for k in kinds):
        j = i
        while r.kind(j + 1) == "COMMA" and r.kind(j + 2) == "INT":
            j += 2
        items = ", ".join(r.word(n) for n in range(i, j + 1, 2))
        return replaced("a list stands in brackets", i, j, f"[{items}]")
    if any(isinstance(k, SizeKind | Padding) for k in kinds):
        return replaced("a size is written with `x`", i, i + 2, f"{token}x{third}")
    if any(isinstance(k, Number) for k in kinds) or token == "0":
        return replaced("decimals are written with a point", i, i + 2, f"{token}.{third}")
    if option and len(third) == 3:
        return replaced("the digits of a number stand together", i, i + 2, f"{token}{third}", safe=False)
    return None


def _spaced(r: Recovery, i: int) -> TokenFix | None:
    """`3 x3`, `3 by 3` where a size is meant."""
    if r.begins_step(i):
        return None
    glued = re.fullmatch(r"[xX]+([0-9]+)", r.word(i + 1))
    if r.kind(i + 1) == "NAME" and glued and not r.touches(i + 1):
        if size_wanted(r, i):
            return replaced("a size is written without spaces", i, i + 1, f"{r.word(i)}x{glued[1]}")
        if size_wanted(r, i, more=1):
            return replaced(f"`{r.word(i + 1)}` is no size", i + 1, i + 1, f"{glued[1]}x{glued[1]}", safe=False)
    if r.word(i + 1) == "by" and r.kind(i + 2) == "INT":
        return replaced("a size is written with `x`", i, i + 2, f"{r.word(i)}x{r.word(i + 2)}")
    return None


def size_wanted(r: Recovery, i: int, more: int = 0) -> bool:
    """Whether a value stands where a layer takes a size, or would with so many `more` before it."""
    begin = i
    while begin and i - begin < 30 and r.kind(begin - 1) not in ("NEWLINE", "ARROW", "BAR", "LBRACE", "STAR"):
        begin -= 1
    cls = vocabulary("layer").get(r.word(begin))
    if cls is None:
        return False
    places = [a for a in arguments(cls) if a.positional]
    number = sum(r.kind(n) in NUMBERS for n in range(begin + 1, i + 1)) - 1 + more
    named = r.kind(i - 1) == "EQUALS" and not more
    return named or (0 <= number < len(places) and isinstance(places[number].kind, SizeKind))


def _power(r: Recovery, i: int) -> TokenFix | None:
    """`w^2` and `w**2`."""
    j = i + 1
    while j < i + 3 and (r.word(j) == "^" or r.kind(j) == "STAR"):
        j += 1
    if "".join(r.tokens[i + 1 : j]) not in ("^", "**") or r.kind(j) != "INT" or not 1 <= int(r.word(j)[:3]) <= 6:
        return None
    factors = "*".join([r.word(i)] * int(r.word(j)))
    return replaced("powers are written as products", i, j, factors) if r.kind(i - 1) not in ("", "NEWLINE") else None


def _dotted(r: Recovery, i: int) -> TokenFix | None:
    """Read `nn.Conv2d` as one name."""
    while r.word(i) == "." and r.kind(i - 1) == r.kind(i + 1) == "NAME" and r.touches(i) and r.touches(i + 1):
        r.join(i - 1, i + 2, "NAME", f"{r.word(i - 1)}.{r.word(i + 1)}")
    return None


SLIPS: Rules = {
    "INT": (_time, _glued, _spaced, _power),
    "FLOAT": (_time, _glued),
    "SIZE": (_glued,),
    "NAME": (_power,),
    "OTHER": (_dotted,),
}
