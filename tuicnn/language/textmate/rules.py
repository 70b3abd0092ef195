"""The rules by which editors colour a net line by line: what `NetLexer` tells by shape, with the registry's words.

A rule is a match, or a region from its beginning to its end with rules of its own. Editors try them in order at each
place of a line, and go on in the region that they are in on the next one. So no region may run on where a text is half
written: each also ends where only a step can.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tuicnn.language.highlighting import NAME, NUMBERS, PLAIN_NAME
from tuicnn.language.names import CHOICES, all_arguments, all_words, setting_names
from tuicnn.language.vocabularies import fill_vocabularies
from tuicnn.vocabulary import vocabulary

__all__ = ["Match", "Region", "Rule", "rules"]


@dataclass(frozen=True)
class Match:
    """A pattern, and the scopes of its groups by number; 0 is all of it."""

    pattern: str
    scopes: Mapping[int, str]


@dataclass(frozen=True)
class Region:
    """From what `begin` matches to what `end` does; inside, the rule sets of these names."""

    begin: str
    scopes: Mapping[int, str]
    end: str
    inside: tuple[str, ...]
    end_scopes: Mapping[int, str] = field(default_factory=dict)


Rule = Match | Region

_BLANK = r"[^\S\n]*"
#: where a step cannot go on, however the text before it stands
_STEP_ENDS = r"(?=->|→|[{}|])"
#: the end of a line that does not go on below
_LINE_ENDS = r"(?<!\\)$|(?=#)"
_OPERATOR, _MARK = "keyword.operator.net", "punctuation.separator.net"
_CONSTANT, _FUNCTION = "constant.language.net", "support.function.net"
_LAYER, _BLOCK = "support.function.layer.net", "entity.name.function.net"


def rules() -> dict[str, tuple[Rule, ...]]:
    """The rule sets by name; `main` is where a text begins."""
    fill_vocabularies()
    layers = _words([*vocabulary("layer"), "residual"])
    options = _words({argument.name for _, argument in all_arguments()})
    values = _words({*all_words(), "true", "false"})
    initialisers = _words(vocabulary("init"))
    choices = _words(word for setting in CHOICES for word in vocabulary(setting))
    return {
        "main": (
            *_comments(),
            *_settings(choices, layers),
            Region(rf"^{_BLANK}({NAME}){_BLANK}(=)(?!>)", {1: "variable.other.net", 2: _OPERATOR},
                   rf"(?<![\\=])$|(?=#)|{_STEP_ENDS}", ("value",)),
            Region(rf"\b(def)\b(?:{_BLANK}({NAME}))?", {1: "storage.type.block.net", 2: _BLOCK},
                   rf"(=)|{_LINE_ENDS}|{_STEP_ENDS}", ("comments", "parameters"), {1: _OPERATOR}),
            Match(rf"([0-9]+){_BLANK}(\*)", {1: "constant.numeric.net", 2: _OPERATOR}),
            Match(rf"({PLAIN_NAME}){_BLANK}(\*)", {1: "variable.other.net", 2: _OPERATOR}),
            Region(rf"(\()(?=[^()\n{{}}|>]*\){_BLANK}\*)", {1: _MARK}, rf"(\)){_BLANK}(\*)", ("value",),
                   {1: _MARK, 2: _OPERATOR}),
            *_label(),
            Region(rf"(@){_BLANK}({NAME})?", {1: _MARK, 2: "entity.name.label.net"},
                   rf"{_LINE_ENDS}|{_STEP_ENDS}|(?=\))", ("rest",)),
            Region(rf"({layers})(?![\w-])", {1: _LAYER}, rf"{_LINE_ENDS}|{_STEP_ENDS}|(?=\))", ("rest",)),
            Region(rf"({NAME})", {1: _BLOCK}, rf"{_LINE_ENDS}|{_STEP_ENDS}|(?=\))", ("use",)),
            Match(r"->|→", {0: "keyword.operator.arrow.net"}),
            Match(r"[{}|()]", {0: _MARK}),
        ),
        # what follows the name of a step, or of a setting
        "rest": (
            *_comments(),
            *_label(),
            *_options(options, values),
            Match(rf"({NAME}){_BLANK}(=)(?!>)", {1: "variable.other.net", 2: _OPERATOR}),
            *_value(initialisers, values, inside="rest"),
        ),
        # of a block, whose parameters are its options
        "use": (*_comments(), *_label(), *_options(NAME, values), *_value(initialisers, values, inside="use")),
        # arithmetic, without options
        "value": (*_comments(), *_value(initialisers, values, inside="value")),
        "comments": _comments(),
        # of a block
        "parameters": (
            Region(r"(\()", {1: _MARK}, rf"(\))|{_STEP_ENDS}", ("parameter", "value"), {1: _MARK}),
        ),
        "parameter": (
            Match(rf"({PLAIN_NAME})(?=\s*(?:[,)=]|$))", {1: "variable.parameter.block.net"}),
            Match(r"=", {0: _OPERATOR}),
        ),
    }  # fmt: skip


def _words(words: Iterable[str]) -> str:
    """Any of these words; the longer ones first, since a word may go on with a hyphen."""
    return "|".join(sorted(words, key=lambda word: (-len(word), word)))


def _comments() -> tuple[Rule, ...]:
    return Match(r"#.*$", {0: "comment.line.number-sign.net"}), Match(r"\\$", {0: "punctuation.separator.net"})


def _settings(choices: str, layers: str) -> tuple[Rule, ...]:
    """A line such as `optim: sgd lr=0.1`; `default:` names a layer."""
    names = _words(set(setting_names()) - {"default"})
    ends = rf"{_LINE_ENDS}|{_STEP_ENDS}"

    def line(name: str, scope: str, chosen: str, chosen_scope: str) -> Region:
        begin = rf"^{_BLANK}({name}){_BLANK}(:)(?:{_BLANK}({chosen})(?![\w-])(?!{_BLANK}=))?"
        return Region(begin, {1: scope, 2: _MARK, 3: chosen_scope}, ends, ("rest",))

    return (
        line("default", "keyword.other.setting.net", layers, _LAYER),
        line(names, "keyword.other.setting.net", choices, "support.type.net"),
        line(NAME, "invalid.illegal.setting.net", choices, "support.type.net"),
    )


def _label() -> tuple[Rule, ...]:
    return (Match(rf"\b(as)\b(?:{_BLANK}({NAME}))?", {1: "keyword.other.as.net", 2: "entity.name.label.net"}),)


def _options(options: str, values: str) -> tuple[Rule, ...]:
    """`pad=same`, `lr=0.1`: a name that no layer or setting has is coloured as any other name."""
    known = "variable.parameter.net"
    return (
        Match(rf"({options}){_BLANK}(=)(?!>){_BLANK}({values})(?![\w(-])", {1: known, 2: _OPERATOR, 3: _CONSTANT}),
        Match(rf"({options}){_BLANK}(=)(?!>)", {1: known, 2: _OPERATOR}),
    )


def _value(initialisers: str, values: str, *, inside: str) -> tuple[Rule, ...]:
    """Numbers, texts, lists, calls and names; brackets have the rule set `inside`. In arithmetic a hyphen subtracts."""
    name = PLAIN_NAME if inside == "value" else NAME
    return (
        *(Match(pattern, {0: "constant.numeric.net"}) for pattern in NUMBERS),
        Match(r'"(?:\\.|[^"\\])*"?', {0: "string.quoted.double.net"}),
        Region(r"(\()", {1: _MARK}, rf"(\))|{_STEP_ENDS}", (inside,), {1: _MARK}),
        Region(r"(\[)", {1: _MARK}, rf"(\])|{_STEP_ENDS}", (inside,), {1: _MARK}),
        Match(rf"({initialisers})(?=\()", {1: _FUNCTION}),
        Match(rf"({values})(?![\w-])", {1: _CONSTANT}),
        Match(name, {0: "variable.other.net"}),
        Match(r"//|[-+*/%](?!>)", {0: _OPERATOR}),
        Match(r",", {0: _MARK}),
    )
