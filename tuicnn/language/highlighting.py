"""A Pygments lexer for the `.net` language, for whatever shows its text: Rich, the language server, web pages.

It goes by shape and place alone (the first word of a step, the word before a colon), so it needs no registry and
no NumPy, and it colours a text that is half written as it will colour the whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from pygments.lexer import RegexLexer, bygroups, default, include, words
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Whitespace

__all__ = ["NAME", "NUMBERS", "PLAIN_NAME", "NetLexer"]

_groups: Callable[..., Any] = bygroups
NAME = r"[^\W\d]\w*(?:-[^\W\d]\w*)*"
#: in arithmetic a hyphen subtracts
PLAIN_NAME = r"[^\W\d]\w*"
#: times, sizes, numbers with a point or an exponent, whole numbers: the first that fits
NUMBERS = (
    r"(?<==)[0-9]+(?:\.[0-9]+)?[smh](?![\w.-])",
    r"[0-9]+(?:[xX×][0-9]+)+",
    r"[0-9]+\.[0-9]*(?:[eE][-+]?[0-9]+)?|\.[0-9]+(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+",
    r"[0-9]+",
)
_BLANK = r"[^\S\n]*"


class NetLexer(RegexLexer):
    """Tokens of a `.net` text. Their texts joined are the text; what the language does not know is `Error`."""

    name = "tuicnn"
    aliases: ClassVar[list[str]] = ["tuicnn", "net"]
    filenames: ClassVar[list[str]] = ["*.net"]
    mimetypes: ClassVar[list[str]] = ["text/x-tuicnn"]

    def __init__(self, **options: Any) -> None:
        # a text is shown as it is: no newline added at its end, none taken from its start
        options.setdefault("ensurenl", False)
        options.setdefault("stripnl", False)
        super().__init__(**options)

    tokens: ClassVar[dict[str, list[Any]]] = {
        # where a statement or a step begins
        "root": [
            (r"\n", Whitespace),
            include("blank"),
            (rf"(def)\b({_BLANK})({NAME})?", _groups(Keyword.Declaration, Whitespace, Name.Function), "definition"),
            (rf"({NAME})({_BLANK})(:)", _groups(Keyword, Whitespace, Punctuation), ("setting", "choice")),
            (rf"({NAME})({_BLANK})(=)(?!>)", _groups(Name.Variable, Whitespace, Operator), "value"),
            (rf"(@)({_BLANK})({NAME})", _groups(Punctuation, Whitespace, Name.Label), "rest"),
            include("repeat"),
            (rf"{NAME}(?=\()", Name.Function, ("rest", "call")),
            (NAME, Name.Function, "rest"),
            include("arrow"),
            (r"[{|(]", Punctuation),
            (r"[)}]", Punctuation, "rest"),
            include("number"),
            (r"[-+*/%,]", Operator),
        ],
        # `3 *`, `n *`, `(2*n) *`: how often a step is repeated
        "repeat": [
            (rf"([0-9]+)({_BLANK})(\*)", _groups(Number.Integer, Whitespace, Operator)),
            (rf"({PLAIN_NAME})({_BLANK})(\*)", _groups(Name.Variable, Whitespace, Operator)),
            (rf"(\()(?=[^()\n{{}}|>]*\){_BLANK}\*)", Punctuation, "parentheses"),
        ],
        # what follows the name of a step
        "rest": [
            (r"\n", Whitespace, "#pop"),
            include("blank"),
            (r"as\b", Keyword, "label"),
            include("option"),
            include("value_parts"),
            (r"->|→|[{|]", Punctuation, "#pop"),
            (r"[)}]", Punctuation),
        ],
        "label": [
            include("blank_in_line"),
            (NAME, Name.Label, "#pop"),
            default("#pop"),
        ],
        "setting": [
            (r"\n", Whitespace, "#pop"),
            include("blank"),
            include("option"),
            include("value_parts"),
        ],
        # the word that a setting chooses: `adam`
        "choice": [
            include("blank_in_line"),
            (rf"{NAME}(?!{_BLANK}=)(?![\w-])", Name.Builtin, "#pop"),
            default("#pop"),
        ],
        # a constant: arithmetic, which may go on after `=`
        "value": [
            (rf"(?<==)({_BLANK}\n)+", Whitespace),
            (r"\n", Whitespace, "#pop"),
            include("blank"),
            include("computed"),
        ],
        # `(param, param=value) =` of a block
        "definition": [
            (r"\n", Whitespace, "#pop"),
            include("blank"),
            (r"\(", Punctuation, "parameters"),
            (r"=", Operator, "#pop"),
            (r"(?=->|→|[{}|])", Whitespace, "#pop"),
        ],
        "parameters": [
            (r"\)", Punctuation, "#pop"),
            (r"(?=->|→|[{}|])", Whitespace, "#pop"),
            (rf"({PLAIN_NAME})(?=\s*[,)=])(?!\()", Name.Variable),
            (r"=", Operator),
            (r"\n", Whitespace),
            include("blank"),
            include("computed"),
        ],
        # the arguments of a call
        "call": [
            (r"\(", Punctuation, ("#pop", "arguments")),
            default("#pop"),
        ],
        "arguments": [
            include("option"),
            include("parentheses"),
        ],
        # arithmetic in parentheses, which may run over lines
        "parentheses": [(r"\)", Punctuation, "#pop"), include("inside")],
        "list": [(r"\]", Punctuation, "#pop"), include("inside")],
        "inside": [
            (r"(?=->|→|[{}|])", Whitespace, "#pop"),
            (r"\n", Whitespace),
            include("blank"),
            include("computed"),
        ],
        "option": [(rf"({NAME})({_BLANK})(=)(?!>)", _groups(Name.Attribute, Whitespace, Operator), "option_value")],
        "option_value": [
            include("blank_in_line"),
            (words(("true", "false"), suffix=r"\b"), Keyword.Constant, "#pop"),
            (rf"{NAME}(?!\()(?![\w-])", Name.Constant, "#pop"),
            default("#pop"),
        ],
        "literal": [
            (words(("true", "false"), suffix=r"\b"), Keyword.Constant),
            include("number"),
            (r'"(?:\\[^\n]|[^"\\\n])*"', String.Double),
            (r"\(", Punctuation, "parentheses"),
            (r"\[", Punctuation, "list"),
        ],
        "value_parts": [
            include("literal"),
            (rf"{NAME}(?=\()", Name.Builtin, "call"),
            (NAME, Name.Variable),
            (r"-(?!>)", Operator),
        ],
        "computed": [
            include("literal"),
            (rf"{PLAIN_NAME}(?=\()", Name.Builtin, "call"),
            (PLAIN_NAME, Name.Variable),
            (r"//|[-+*/%]", Operator),
            (r",", Punctuation),
        ],
        "number": list(zip(NUMBERS, (Number, Number, Number.Float, Number.Integer), strict=True)),
        "arrow": [(r"->|→", Punctuation)],
        "blank": [
            (r"\A\ufeff", Whitespace),
            (r"#[^\n]*", Comment.Single),
            (r"\\\r?\n", Whitespace),
            (r"[^\S\n]+", Whitespace),
        ],
        "blank_in_line": [(r"[^\S\n]+", Whitespace)],
    }
