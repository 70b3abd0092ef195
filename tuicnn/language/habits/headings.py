"""How lines begin out of habit: comments of other languages, bullets, `let w = 1`, `data = mnist`, `f(c) = …`."""

from __future__ import annotations

from lark import Token

from tuicnn.language.checks.unknown_names import ELSEWHERE, option_owner, setting_names
from tuicnn.language.fixes import remove, write
from tuicnn.language.habits.handwork import Handwork, borrow, text_of, touches

__all__ = ["read_heading", "without_comments"]

_LET = frozenset({"let", "const", "var", "set", "val", "auto", "int", "float", "local"})
_DEF = frozenset({"function", "func", "fn", "fun", "block", "define", "macro", "module", "class", "let", "sub", "proc"})
_NETWORK = frozenset(
    {
        "layers",
        "layer",
        "network",
        "net",
        "model",
        "architecture",
        "arch",
        "body",
        "cnn",
        "main",
        "forward",
        "nn",
        "graph",
    }
)
_NUMBERS = ("INT", "FLOAT", "SIZE")


def without_comments(stream: list[Token], work: Handwork) -> list[Token]:
    """Comments of other languages, reported and left out."""
    out: list[Token] = []
    depth = 0
    i = 0
    while i < len(stream):
        token = stream[i]
        following = stream[i + 1] if i + 1 < len(stream) else None
        depth += token.type in ("LPAR", "LSQB")
        depth -= token.type in ("RPAR", "RSQB")
        begins = not out or out[-1].type == "NEWLINE"
        if token.type == "SLASH" and following is not None and following.type == "STAR" and touches(token, following):
            i = _block_comment(stream, i, work)
            continue
        mark = _comment_mark(stream, i, begins, depth)
        if mark:
            message = f"`{text_of(stream[i : i + mark])}` does not begin a comment"
            work.error(message, token, stream[i + mark - 1], write("#"))
            i = _line_end(stream, i)
            continue
        end = _line_end(stream, i) if begins and token.type in ("STRING", "MINUS", "EQUALS", "STAR") else 0
        if end and _only(stream[i:end], token.type):
            alone = "a text alone says nothing" if token.type == "STRING" else "a line of marks says nothing"
            work.error(alone, token, stream[end - 1], remove(more=", or begin it with `#`"))
            i = end
            continue
        out.append(token)
        i += 1
    return out


def _line_end(stream: list[Token], i: int) -> int:
    return next((j for j in range(i, len(stream)) if stream[j].type == "NEWLINE"), len(stream))


def _only(tokens: list[Token], kind: str) -> bool:
    return all(t.type == kind for t in tokens) and (kind == "STRING" or len(tokens) > 2)


def _comment_mark(stream: list[Token], i: int, begins: bool, depth: int) -> int:
    """How many tokens make the mark of a comment that begins here."""
    token = stream[i]
    following = stream[i + 1] if i + 1 < len(stream) else None
    third = stream[i + 2] if i + 2 < len(stream) else None
    if token.type == "DOUBLESLASH" and not depth:
        return 1
    if begins and (token.type in ("PERCENT", "SEMICOLON") or token == "!") and following is not None:
        return 1 if following.type == "NAME" else 0
    if token.type == "MINUS" and following is not None and following.type == "MINUS" and touches(token, following):
        spaced = third is None or third.type == "NEWLINE" or not touches(following, third)
        return 2 if (begins or not depth) and spaced else 0
    return 0


def _block_comment(stream: list[Token], i: int, work: Handwork) -> int:
    j = i + 2
    while j + 1 < len(stream) and not (
        stream[j].type == "STAR" and stream[j + 1].type == "SLASH" and touches(stream[j], stream[j + 1])
    ):
        j += 1
    last = min(j + 1, len(stream) - 1)
    inner = text_of(stream[i + 2 : j]) if j > i + 2 else ""
    one = stream[i].line == stream[last].line
    ends = last + 1 >= len(stream) or stream[last + 1].type == "NEWLINE"
    help = write(f"# {inner}") if one and ends else remove(more=", or begin each of its lines with `#`")
    work.error("`/*` does not begin a comment", stream[i], stream[last] if one else stream[i + 1], help)
    return last + 1


def read_heading(line: list[Token], work: Handwork, defined: frozenset[str]) -> list[Token]:
    """The tokens of a line that stands outside of brackets; `defined` are the blocks."""
    for rule in (_bullet, _python, _let, _setting, _constant, _chain_with_name, _definition):
        line = rule(line, work, defined)
        if not line:
            return line
    return line


def _type(line: list[Token], i: int) -> str:
    return line[i].type if i < len(line) else ""


def _bullet(line: list[Token], work: Handwork, defined: frozenset[str]) -> list[Token]:
    first = line[0]
    count = 1 if first.type in ("MINUS", "STAR") or first in ("•", "·", "◦", "▪", "+") or first.type == "PLUS" else 0
    if first.type == "FLOAT" and first.endswith("."):
        count = 1
    if first.type == "INT" and len(line) > 1 and (line[1].type in ("RPAR", "COLON") or line[1] == "."):
        count = 2
    if count and len(line) > count and work.is_step(line[count]):
        work.error("a line of the network needs no mark before it", first, line[count - 1], remove())
        return line[count:]
    return line


def _python(line: list[Token], work: Handwork, defined: frozenset[str]) -> list[Token]:
    if line[0] == "import" and _type(line, 1) == "STRING":
        work.error("no setting `import`. Did you mean `include:`?", line[0], line[0], write("include:"))
        return [borrow("NAME", "include", line[0]), borrow("COLON", ":", line[0]), *line[1:]]
    if line[0] in ("import", "from") and _type(line, 1) == "NAME":
        work.error("a network needs no imports", line[0], line[-1], remove())
        return []
    if line[0] == "for" and any(t.type == "COLON" for t in line):
        colon = next(i for i, t in enumerate(line) if t.type == "COLON")
        number = next((t for t in line[:colon] if t.type == "INT"), None)
        rest = line[colon + 1 :]
        if number is not None and rest:
            body = text_of(rest)
            work.error("a step is repeated by a number before it", line[0], line[-1], write(f"{number} * ({body})"))
            star = borrow("STAR", "*", number)
            return [number, star, borrow("LPAR", "(", rest[0]), *rest, borrow("RPAR", ")", rest[-1])]
    return line


def _let(line: list[Token], work: Handwork, defined: frozenset[str]) -> list[Token]:
    if line[0] in _LET and _type(line, 1) == "NAME" and _type(line, 2) == "EQUALS":
        work.error(f"a constant needs no `{line[0]}`", line[0], line[0], remove())
        return line[1:]
    if _type(line, 0) == "NAME" and _type(line, 1) == "COLON" and _type(line, 2) == "EQUALS" and len(line) > 3:
        work.error("a constant is written with `=`", line[1], line[2], write("="))
        return [line[0], *line[2:]]
    return line


def _setting(line: list[Token], work: Handwork, defined: frozenset[str]) -> list[Token]:
    """`data mnist`, `data = mnist`, `epochs 3`."""
    if line[0].type != "NAME" or len(line) < 2 or str(line[0]) in defined:
        return line
    text = str(line[0])
    known = {n.casefold(): n for n in setting_names()} | ELSEWHERE
    name = known.get(text.casefold())
    values = ("NAME", "SIZE", "STRING", "INT", "FLOAT")
    colon = borrow("COLON", ":", line[0])
    if name is not None and line[1].type == "EQUALS" and _type(line, 2) in ("NAME", "SIZE", "STRING"):
        if text == name:
            work.error("settings are written with `:`, not with `=`", line[1], line[1], write(":"))
        else:
            work.error(f"no setting `{text}`. Did you mean `{name}:`?", line[0], line[1], write(f"{name}:"))
        return [borrow("NAME", name, line[0]), borrow("COLON", ":", line[1]), *line[2:]]
    if name is not None and line[1].type in values and not touches(line[0], line[1]):
        called = (
            f"`{text}` is a setting: it needs a `:`"
            if text == name
            else f"no setting `{text}`. Did you mean `{name}:`?"
        )
        work.error(called, line[0], line[0], write(f"{name}:"))
        return [borrow("NAME", name, line[0]), colon, *line[1:]]
    alone = len(line) == 2 and line[1].type in _NUMBERS
    if alone and not work.is_step(line[0]) and option_owner(text) and text not in work.constants:
        return [line[0], colon, line[1]]  # what it belongs to is said of it as a setting
    return line


def _constant(line: list[Token], work: Handwork, defined: frozenset[str]) -> list[Token]:
    """`w: 16`, `w 16`."""
    if line[0].type != "NAME" or work.is_step(line[0]):
        return line
    text = str(line[0])
    elsewhere = work.written.get(text, 0) > 1
    is_setting = text in setting_names() or text.casefold() in ELSEWHERE or option_owner(text)
    if not elsewhere or is_setting:
        return line
    equals = borrow("EQUALS", "=", line[0])
    if len(line) == 3 and line[1].type == "COLON" and line[2].type in _NUMBERS:
        work.error("a constant is written with `=`", line[1], line[1], write("="))
        return [line[0], equals, line[2]]
    if len(line) == 2 and line[1].type in _NUMBERS:
        work.error(
            f"no layer called `{text}`: a constant is written with `=`", line[0], line[1], write(f"{text} = {line[1]}")
        )
        return [line[0], equals, line[1]]
    return line


def _chain_with_name(line: list[Token], work: Handwork, defined: frozenset[str]) -> list[Token]:
    """`net = conv 8 3x3 -> relu`, `layers: conv …`, `stem: conv …`, `dropout = 0.5`."""
    if line[0].type != "NAME" or _type(line, 1) not in ("EQUALS", "COLON"):
        return line
    text, colon = str(line[0]), line[1].type == "COLON"
    if text in work.steps and not colon and len(line) > 2 and line[2].type in _NUMBERS and text not in defined:
        rest = text_of(line[2:3])
        work.error(f"`{text}` takes its value without `=`", line[0], line[2], write(f"{text} {rest}"))
        return [line[0], *line[2:]]
    settings = text in setting_names() or text.casefold() in ELSEWHERE
    if settings or (colon and (option_owner(text) or text in work.steps)):
        return line
    if colon and len(line) == 2 and text.casefold() in _NETWORK:
        work.error("the network needs no heading", line[0], line[1], remove())
        return []
    step = (
        _type(line, 2) == "NAME" and work.is_step(line[2]) and _type(line, 3) not in ("EQUALS", "PLUS", "STAR", "MINUS")
    )
    if not step or (not colon and str(line[2]) in work.constants and str(line[2]) not in work.steps):
        return line
    if text.casefold() in _NETWORK or (not colon and not _used(text, work)):
        sure = text.casefold() in _NETWORK
        work.error("the network needs no name before it", line[0], line[1], remove(), sure=sure)
        return line[2:]
    if not colon:
        work.error(f"a block is defined with `def`: `{text}` stands for layers", line[0], line[0], write(f"def {text}"))
        return [borrow("DEF", "def", line[0]), *line]
    if any(t.type in ("ARROW", "LBRACE") for t in line):
        work.error(
            f"no setting `{text}:`",
            line[0],
            line[1],
            remove(more=" (a label is written behind a step: `relu as stem`)"),
        )
        return line[2:]
    step_text = text_of(line[2:])
    work.error("a label is written behind its step", line[0], line[-1], write(f"{step_text} as {text}"))
    return [*line[2:], borrow("AS", "as", line[-1]), borrow("NAME", text, line[-1])]


def _used(text: str, work: Handwork) -> bool:
    return work.written.get(text, 0) == 2


def _definition(line: list[Token], work: Handwork, defined: frozenset[str]) -> list[Token]:
    """`f(c) = …` and `function f(c) = …`."""
    if line[0].type != "NAME":
        return line
    if line[0] in _DEF and _type(line, 1) == "NAME" and any(t.type in ("EQUALS", "LBRACE", "COLON") for t in line[2:]):
        work.error("a block is defined with `def`", line[0], line[0], write("def"))
        return [borrow("DEF", "def", line[0]), *line[1:]]
    if _type(line, 1) == "LPAR" and touches(line[0], line[1]):
        close = next((i for i, t in enumerate(line) if t.type == "RPAR"), 0)
        if close and _type(line, close + 1) == "EQUALS":
            work.error("a block is defined with `def`", line[0], line[0], write(f"def {line[0]}"))
            return [borrow("DEF", "def", line[0]), *line]
    return line
