"""Marks that stand where `->` belongs: `=>`, `>`, a comma between layers, an arrow that nothing follows."""

from __future__ import annotations

from lark import Token

from tuicnn.language.fixes import write
from tuicnn.language.habits.handwork import Handwork, borrow, text_of, touches

__all__ = ["read_arrows"]

_JOINS = ("add", "concat", "residual")
#: marks that are read as an arrow where a layer follows
_FALSE = frozenset({"MINUS", "EQUALS", "COLON", "COMMA", "PLUS", "SLASH", "PERCENT"})
#: those of them that may be part of something else
_OTHER_USES = frozenset({"=", ":", ".", "+", "-", "/", "%", "&", "!"})
_FALSE_TEXTS = frozenset({">", ".", "&", "–", "—", "−", "~", "<", "!", "^"})


def read_arrows(stream: list[Token], work: Handwork) -> list[Token]:
    """Marks between two layers that stand for an arrow, or in braces for the `|` between branches."""
    out: list[Token] = []
    stack: list[str] = []
    start = 0  # where the line begins in `out`
    i = 0
    while i < len(stream):
        token = stream[i]
        if token.type in ("LPAR", "LSQB", "LBRACE"):
            call = token.type == "LPAR" and bool(out) and out[-1].type == "NAME" and touches(out[-1], token)
            step = Handwork.at_step(out)
            stack.append("call" if call or not (step or token.type == "LBRACE") else token.type)
        elif token.type in ("RPAR", "RSQB", "RBRACE") and stack:
            stack.pop()
        elif token.type == "NEWLINE":
            start = len(out) + 1
        j, text = _mark(stream, i)
        following = stream[j] if j < len(stream) else None
        inside = stack[-1] if stack else ""
        good = (
            j > i
            and len(out) > start
            and out[-1].type not in ("ARROW", "BAR", "LBRACE", "NEWLINE")
            and inside != "call"
            and (work.is_step(following) or (j > i + 1 and following is not None and following.type == "NAME"))
            and not (stream[i].type in ("EQUALS", "COLON") and (len(out) == start + 1 or touches(out[-1], token)))
            and not (j + 1 < len(stream) and stream[j + 1].type in ("EQUALS", "COLON"))
        )
        header = len(out) > start and out[start].type == "DEF" and token.type == "EQUALS"
        if (
            good
            and not header
            and not (out[start].type == "NAME" and len(out) > start + 1 and out[start + 1].type in ("COLON",))
        ):
            if text in (",", "/", "&") and inside == "LBRACE":
                work.error(f"`{text}` does not part branches", token, stream[j - 1], write("|"))
                out.append(borrow("BAR", "|", token))
            else:
                work.error(f"`{text}` is not an arrow", token, stream[j - 1], write("->"), sure=text not in _OTHER_USES)
                out.append(borrow("ARROW", "->", token))
            i = j
            continue
        pipe = token.type == "BAR" and not stack and work.is_step(stream[i + 1] if i + 1 < len(stream) else None)
        if (
            pipe
            and len(out) > start
            and out[-1].type != "ARROW"
            and not any(t in _JOINS for t in out[start : start + 40])
        ):
            work.error("`|` is not an arrow: it stands between branches in braces", token, token, write("->"))
            out.append(borrow("ARROW", "->", token))
            i += 1
            continue
        if (
            token.type == "BAR"
            and i + 1 < len(stream)
            and stream[i + 1].type == "BAR"
            and touches(token, stream[i + 1])
        ):
            work.error("`||` does not part branches", token, stream[i + 1], write("|"))
            i += 1
        out.append(token)
        i += 1
    return out


def _mark(stream: list[Token], i: int) -> tuple[int, str]:
    """Where the marks that begin at a token end, and their text; the token's own number where there are none."""
    j = i
    while j < len(stream) and j - i < 4:
        token = stream[j]
        part = token.type in _FALSE or (token.type == "OTHER" and token in _FALSE_TEXTS)
        part = part or (token.type in ("ARROW", "WRONG_ARROW", "BAR") and _beside(stream, i, j))
        if not part:
            break
        j += 1
    if j == i or all(t.type == "ARROW" for t in stream[i:j]):
        return i, ""
    return j, text_of(stream[i:j])


def _beside(stream: list[Token], i: int, j: int) -> bool:
    """Whether an arrow or a bar at `j` is part of a longer mark, as in `->>`, `- ->` and `|>`."""
    token = stream[j]
    following = stream[j + 1] if j + 1 < len(stream) else None
    if token.type == "BAR":
        return following is not None and following == ">" and touches(token, following)
    if j > i:
        return stream[j - 1].type == "MINUS"
    return following is not None and following.type == "OTHER" and following in (">", "<") and touches(token, following)
