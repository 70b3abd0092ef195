"""The rules in the two forms that editors read: TextMate's JSON, and Sublime Text's YAML, which bat reads."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from tuicnn.language.textmate.rules import Match, Rule, rules

__all__ = ["FILES", "sublime_syntax", "textmate_grammar"]

_NAME, _SCOPE = "tuicnn", "source.net"
_MADE = "Written by python -m tuicnn.language.textmate; change the rules there, or the words themselves, not this."


def textmate_grammar() -> str:
    """The grammar for VS Code, GitHub and whatever else reads TextMate's JSON."""
    main, *others = rules().items()
    grammar = {
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "comment": _MADE,
        "name": _NAME,
        "scopeName": _SCOPE,
        "fileTypes": ["net"],
        "patterns": [_textmate(rule) for rule in main[1]],
        "repository": {name: {"patterns": [_textmate(rule) for rule in own]} for name, own in others},
    }
    return json.dumps(grammar, indent=2, ensure_ascii=False) + "\n"


def _textmate(rule: Rule) -> dict[str, Any]:
    if isinstance(rule, Match):
        return {"match": rule.pattern, "captures": _groups(rule.scopes)}
    return {
        "begin": rule.begin,
        "beginCaptures": _groups(rule.scopes),
        "end": rule.end,
        "endCaptures": _groups(rule.end_scopes),
        "patterns": [{"include": f"#{name}"} for name in rule.inside],
    }


def _groups(scopes: Mapping[int, str]) -> dict[str, dict[str, str]]:
    return {str(group): {"name": scope} for group, scope in scopes.items()}


def sublime_syntax() -> str:
    """The same for bat and Sublime Text. JSON is YAML, but for the keys, which may be numbers."""
    syntax = {
        "name": _NAME,
        "file_extensions": ["net"],
        "scope": _SCOPE,
        "contexts": {name: [_sublime(rule) for rule in own] for name, own in rules().items()},
    }
    text = json.dumps(syntax, indent=2, ensure_ascii=False)
    text = re.sub(r'^( *)"(\d)":', r"\1\2:", text, flags=re.MULTILINE)  # a group's number is no text
    return f"%YAML 1.2\n---\n# {_MADE}\n{text}\n"


def _sublime(rule: Rule) -> dict[str, Any]:
    if isinstance(rule, Match):
        return {"match": rule.pattern, "captures": dict(rule.scopes)}
    end = {"match": rule.end, "captures": dict(rule.end_scopes), "pop": True}
    inside: list[dict[str, Any]] = [{"include": name} for name in rule.inside]
    return {"match": rule.begin, "captures": dict(rule.scopes), "push": [end, *inside]}


#: the files for editors in the folder `grammars`, and what is in them
FILES: Mapping[str, Callable[[], str]] = {
    "vscode/syntaxes/net.tmLanguage.json": textmate_grammar,
    "bat/net.sublime-syntax": sublime_syntax,
}
