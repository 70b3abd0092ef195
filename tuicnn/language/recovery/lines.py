"""How lines begin out of habit: comments of other languages, bullets, `let w = 1`, `data = mnist`, `f(c) = …`."""

from __future__ import annotations

from lark import Token

from tuicnn.language.diagnostics import Code
from tuicnn.language.elsewhere import BINDERS, DEFINERS, NETWORK_NAMES, SETTINGS
from tuicnn.language.names import option_owner, setting_names
from tuicnn.language.recovery.token_fixes import NUMBERS, Recovery, Rules, TokenFix, removed, replaced

__all__ = ["COMMENTS", "read_heading"]


# --- comments ---------------------------------------------------------------------------------------------------------


def _begins(r: Recovery, i: int) -> bool:
    return r.kind(i - 1) in ("", "NEWLINE")


def _comment(r: Recovery, i: int) -> TokenFix | None:
    """`//`, `--`, `%`, `!` and `;` before what is said of a network, `/* … */`, and lines of marks."""
    if r.kind(i) == "SLASH" and r.kind(i + 1) == "STAR" and r.touches(i + 1):
        return _block_comment(r, i)
    count = _comment_mark(r, i)
    end = r.line_end(i) if count or _begins(r, i) else i
    if count:
        message = f"`{r.text(i, i + count)}` does not begin a comment"
        found = replaced(message, i, i + count - 1, "#", read="")
        del r.tokens[i + count : end]
        return found
    kind = r.kind(i)
    if end > i and all(t.type == kind for t in r.tokens[i:end]):
        if kind == "STRING":
            return removed("a text alone says nothing", i, end - 1, more=", or begin it with `#`", safe=False)
        if kind in ("MINUS", "EQUALS", "STAR") and end - i > 2:
            return removed("a line of marks says nothing", i, end - 1, more=", or begin it with `#`")
    return None


def _comment_mark(r: Recovery, i: int) -> int:
    """How many tokens make the mark of a comment that begins here."""
    kind = r.kind(i)
    if kind == "DOUBLESLASH":
        return 0 if r.depth(i) else 1
    if _begins(r, i) and (kind in ("PERCENT", "SEMICOLON") or r.word(i) == "!"):
        return 1 if r.kind(i + 1) == "NAME" else 0
    if kind == "MINUS" and r.kind(i + 1) == "MINUS" and r.touches(i + 1):
        spaced = r.kind(i + 2) in ("", "NEWLINE") or not r.touches(i + 2)
        return 2 if spaced and (_begins(r, i) or not r.depth(i)) else 0
    return 0


def _block_comment(r: Recovery, i: int) -> TokenFix | None:
    j = i + 2
    while j + 1 < len(r.tokens) and not (r.kind(j) == "STAR" and r.kind(j + 1) == "SLASH" and r.touches(j + 1)):
        j += 1
    last = min(j + 1, len(r.tokens) - 1)
    message = "`/*` does not begin a comment"
    if r.tokens[i].line == r.tokens[last].line and r.kind(last + 1) in ("", "NEWLINE"):
        return replaced(message, i, last, f"# {r.text(i + 2, j)}")
    r.report.error(
        Code.SYNTAX, message, r.span(i, i + 1), help="begin each of its lines with `#`, and remove the marks"
    )
    del r.tokens[i : last + 1]
    return None


COMMENTS: Rules = dict.fromkeys(
    ("SLASH", "DOUBLESLASH", "PERCENT", "SEMICOLON", "OTHER", "MINUS", "STRING", "EQUALS", "STAR"), (_comment,)
)


# --- headings ---------------------------------------------------------------------------------------------------------


def read_heading(r: Recovery, i: int) -> None:
    """Fix how a line outside of brackets begins: each rule in turn, as one may lead to the next."""
    for rule in (_bullet, _python, _let, _setting, _constant, _chain_with_name, _definition):
        found = rule(r, i, r.line_end(i))
        if found is not None:
            r.fix(found)
        if r.kind(i) in ("", "NEWLINE"):
            return


def _bullet(r: Recovery, i: int, end: int) -> TokenFix | None:
    count = 1 if r.kind(i) in ("MINUS", "STAR", "PLUS") or r.word(i) in ("•", "·", "◦", "▪") else 0
    if r.kind(i) == "FLOAT" and r.word(i).endswith("."):
        count = 1
    if r.kind(i) == "INT" and (r.kind(i + 1) in ("RPAR", "COLON") or r.word(i + 1) == "."):
        count = 2
    if count and r.is_step(i + count):
        return removed("a line of the network needs no mark before it", i, i + count - 1)
    return None


def _python(r: Recovery, i: int, end: int) -> TokenFix | None:
    if r.word(i) == "import" and r.kind(i + 1) == "STRING":
        return replaced("no setting `import`. Did you mean `include:`?", i, i, "include:")
    if r.word(i) in ("import", "from") and r.kind(i + 1) == "NAME":
        return removed("a network needs no imports", i, end - 1)
    colon = next((j for j in range(i, end) if r.kind(j) == "COLON"), 0) if r.word(i) == "for" else 0
    number = next((r.word(j) for j in range(i, colon) if r.kind(j) == "INT"), "")
    if number and colon + 1 < end:
        edits = ((i, colon + 1, f"{number} * ("), (end, end, ")"))
        return TokenFix("a step is repeated by a number before it", i, end - 1, edits)
    return None


def _let(r: Recovery, i: int, end: int) -> TokenFix | None:
    if r.word(i) in BINDERS and r.kind(i + 1) == "NAME" and r.kind(i + 2) == "EQUALS":
        return removed(f"a constant needs no `{r.word(i)}`", i, i)
    if r.kind(i) == "NAME" and r.kind(i + 1) == "COLON" and r.kind(i + 2) == "EQUALS" and end - i > 3:
        return replaced("a constant is written with `=`", i + 1, i + 2, "=")
    return None


def _setting(r: Recovery, i: int, end: int) -> TokenFix | None:
    """`data mnist`, `data = mnist`, `epochs 3`."""
    text, following = r.word(i), r.kind(i + 1)
    if r.kind(i) != "NAME" or end - i < 2 or text in r.blocks:
        return None
    name = ({n.casefold(): n for n in setting_names()} | SETTINGS).get(text.casefold())
    asked = f"no setting `{text}`. Did you mean `{name}:`?"
    if name is not None and following == "EQUALS" and r.kind(i + 2) in ("NAME", "SIZE", "STRING"):
        if text == name:
            return replaced("settings are written with `:`, not with `=`", i + 1, i + 1, ":")
        return replaced(asked, i, i + 1, f"{name}:")
    if name is not None and following in ("NAME", "STRING", *NUMBERS) and not r.touches(i + 1):
        return replaced(f"`{text}` is a setting: it needs a `:`" if text == name else asked, i, i, f"{name}:")
    alone = end - i == 2 and following in NUMBERS and not r.is_step(i) and text not in r.constants
    if alone and option_owner(text, {})[0]:  # what it belongs to is said of it as a setting
        r.tokens.insert(i + 1, Token.new_borrow_pos("COLON", ":", r.tokens[i]))
    return None


def _constant(r: Recovery, i: int, end: int) -> TokenFix | None:
    """`w: 16`, `w 16`."""
    text = r.word(i)
    if r.kind(i) != "NAME" or r.is_step(i) or r.written.get(text, 0) < 2 or r.kind(end - 1) not in NUMBERS:
        return None
    if text in setting_names() or text.casefold() in SETTINGS or option_owner(text, {})[0]:
        return None
    if end - i == 3 and r.kind(i + 1) == "COLON":
        return replaced("a constant is written with `=`", i + 1, i + 1, "=")
    if end - i == 2:
        message = f"no layer called `{text}`: a constant is written with `=`"
        return replaced(message, i, i + 1, f"{text} = {r.word(i + 1)}")
    return None


def _chain_with_name(r: Recovery, i: int, end: int) -> TokenFix | None:
    """`net = conv 8 3x3 -> relu`, `layers: conv …`, `stem: conv …`, `dropout = 0.5`."""
    if r.kind(i) != "NAME" or r.kind(i + 1) not in ("EQUALS", "COLON"):
        return None
    text, colon, whole = r.word(i), r.kind(i + 1) == "COLON", r.word(i).casefold() in NETWORK_NAMES
    if text in r.steps and not colon and r.kind(i + 2) in NUMBERS and text not in r.blocks:
        return replaced(f"`{text}` takes its value without `=`", i, i + 2, f"{text} {r.word(i + 2)}")
    settings = text in setting_names() or text.casefold() in SETTINGS
    if settings or (colon and (option_owner(text, {})[0] or text in r.steps)):
        return None
    if colon and end - i == 2 and whole:
        return removed("the network needs no heading", i, i + 1)
    step = r.is_step(i + 2) and r.kind(i + 3) not in ("EQUALS", "PLUS", "STAR", "MINUS")
    if not step or (not colon and r.word(i + 2) in r.constants and r.word(i + 2) not in r.steps):
        return None
    if whole or (not colon and r.written.get(text, 0) != 2):
        return removed("the network needs no name before it", i, i + 1, safe=whole)
    if not colon:
        message = f"a block is defined with `def`: `{text}` stands for layers"
        return replaced(message, i, i, f"def {text}")
    if any(r.kind(j) in ("ARROW", "LBRACE") for j in range(i, end)):
        more = " (a label is written behind a step: `relu as stem`)"
        return removed(f"no setting `{text}:`", i, i + 1, more=more)
    edits = ((i, i + 2, ""), (end, end, f" as {text}"))
    return TokenFix("a label is written behind its step", i, end - 1, edits)


def _definition(r: Recovery, i: int, end: int) -> TokenFix | None:
    """`f(c) = …` and `function f(c) = …`."""
    if r.kind(i) != "NAME":
        return None
    defines = any(r.kind(j) in ("EQUALS", "LBRACE", "COLON") for j in range(i + 2, end))
    if r.word(i) in DEFINERS and r.kind(i + 1) == "NAME" and defines:
        return replaced("a block is defined with `def`", i, i, "def")
    if r.kind(i + 1) == "LPAR" and r.touches(i + 1):
        close = next((j for j in range(i, end) if r.kind(j) == "RPAR"), end)
        if close + 1 < end and r.kind(close + 1) == "EQUALS":
            return replaced("a block is defined with `def`", i, i, f"def {r.word(i)}")
    return None
