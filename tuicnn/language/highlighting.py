"""A Pygments lexer for the `.net` language, for whatever shows its text: Rich, the language server, web pages.

It goes by shape and place alone (the first word of a step, the word before a colon), so it needs no registry and
no NumPy, and it colours a text that is half written as it will colour the whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from pygments.lexer import RegexLexer, bygroups, default, include, words
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Whitespace

__all__ = ["NetLexer"]

_groups: Callable[..., Any] = bygroups
_NAME = r"[^\W\d]\w*(?:-[^\W\d]\w*)*"
#: in arithmetic a hyphen subtracts
_PLAIN_NAME = r"[^\W\d]\w*"
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
            (rf"(def)\b({_BLANK})({_NAME})?", _groups(Keyword.Declaration, Whitespace, Name.Function), "definition"),
            (rf"({_NAME})({_BLANK})(:)", _groups(Keyword, Whitespace, Punctuation), ("setting", "choice")),
            (rf"({_NAME})({_BLANK})(=)(?!>)", _groups(Name.Variable, Whitespace, Operator), "value"),
            (rf"(@)({_BLANK})({_NAME})", _groups(Punctuation, Whitespace, Name.Label), "rest"),
            include("repeat"),
            (rf"{_NAME}(?=\()", Name.Function, ("rest", "call")),
            (_NAME, Name.Function, "rest"),
            include("arrow"),
            (r"[{|(]", Punctuation),
            (r"[)}]", Punctuation, "rest"),
            include("number"),
            (r"[-+*/%,]", Operator),
        ],
        # `3 *`, `n *`, `(2*n) *`: how often a step is repeated
        "repeat": [
            (rf"([0-9]+)({_BLANK})(\*)", _groups(Number.Integer, Whitespace, Operator)),
            (rf"({_PLAIN_NAME})({_BLANK})(\*)", _groups(Name.Variable, Whitespace, Operator)),
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
            (_NAME, Name.Label, "#pop"),
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
            (rf"{_NAME}(?!{_BLANK}=)(?![\w-])", Name.Builtin, "#pop"),
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
            (rf"({_PLAIN_NAME})(?=\s*[,)=])(?!\()", Name.Variable),
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
        "option": [(rf"({_NAME})({_BLANK})(=)(?!>)", _groups(Name.Attribute, Whitespace, Operator), "option_value")],
        "option_value": [
            include("blank_in_line"),
            (words(("true", "false"), suffix=r"\b"), Keyword.Constant, "#pop"),
            (rf"{_NAME}(?!\()(?![\w-])", Name.Constant, "#pop"),
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
            (rf"{_NAME}(?=\()", Name.Builtin, "call"),
            (_NAME, Name.Variable),
            (r"-(?!>)", Operator),
        ],
        "computed": [
            include("literal"),
            (rf"{_PLAIN_NAME}(?=\()", Name.Builtin, "call"),
            (_PLAIN_NAME, Name.Variable),
            (r"//|[-+*/%]", Operator),
            (r",", Punctuation),
        ],
        "number": [
            (r"(?<==)[0-9]+(?:\.[0-9]+)?[smh](?![\w.-])", Number),
            (r"[0-9]+(?:[xX×][0-9]+)+", Number),
            (r"[0-9]+\.[0-9]*(?:[eE][-+]?[0-9]+)?|\.[0-9]+(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+", Number.Float),
            (r"[0-9]+", Number.Integer),
        ],
        "arrow": [(r"->|→", Punctuation)],
        "blank": [
            (r"\A\ufeff", Whitespace),
            (r"#[^\n]*", Comment.Single),
            (r"\\\r?\n", Whitespace),
            (r"[^\S\n]+", Whitespace),
        ],
        "blank_in_line": [(r"[^\S\n]+", Whitespace)],
    }
