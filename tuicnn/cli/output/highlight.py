"""Text of the language in colours, for Rich consoles; plain where there are none."""

from __future__ import annotations

from rich.syntax import Syntax
from rich.text import Text

from tuicnn.language.highlighting import NetLexer

__all__ = ["highlighted"]


def highlighted(text: str) -> Text:
    """A `.net` text, or a piece of one, in the terminal's own sixteen colours, on its own background."""
    shown = Syntax(text, NetLexer(), theme="ansi_dark", background_color="default").highlight(text)
    shown.rstrip()
    return shown
