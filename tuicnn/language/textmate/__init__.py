"""The language for editors that colour by TextMate grammars: VS Code, bat, Sublime Text, GitHub."""

from __future__ import annotations

from tuicnn.language.textmate.grammars import sublime_syntax, textmate_grammar

__all__ = ["sublime_syntax", "textmate_grammar"]
