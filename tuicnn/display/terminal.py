"""What the terminal can show: its characters and its colours, found out once and handed to every widget.

No widget has a non-ASCII character or a colour of its own: it asks the `TerminalProfile` for its `Glyphs` and for the
style of a `Role`. So a terminal that can show less is one value here and not a branch everywhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.color import Color
from rich.style import Style

from tuicnn.display.glyphs import ASCII, CONSOLE, UNICODE, Glyphs

__all__ = ["Colours", "Glyphs", "Role", "TerminalProfile", "detect"]

Colours = Literal["truecolor", "256", "16", "none"]

#: what a colour is for; `accent` is the one colour that stands out, `second` is what is compared with it,
#: in a colour that neither warns nor is one of the feature maps
Role = Literal["text", "dim", "faint", "strong", "accent", "second", "good", "warn", "bad"]


def _colour(code: int) -> Style:
    return Style(color=Color.from_ansi(code))


#: each role among 256 colours, among 16, and where there are none. Greys are in the middle of the scale, to be read on
#: dark and on light backgrounds; among 16 they are dim, for some palettes make bright black the background's colour.
_STYLES: dict[Role, tuple[Style, Style, Style]] = {
    "text": (Style(), Style(), Style()),
    "dim": (_colour(245), Style(dim=True), Style(dim=True)),
    "faint": (_colour(241), Style(dim=True), Style(dim=True)),
    "strong": (Style(bold=True), Style(bold=True), Style(bold=True)),
    "accent": (_colour(36), _colour(6), Style(bold=True)),
    "second": (_colour(134), _colour(5), Style()),
    "good": (_colour(71), _colour(2), Style()),
    "warn": (_colour(172), _colour(3), Style(bold=True)),
    "bad": (_colour(167), _colour(1), Style(bold=True)),
}


#: those roles that are darker, or in the middle of the scale, on a ground that is known to be light
_ON_LIGHT: dict[Role, Style] = {
    "dim": _colour(242),
    "faint": _colour(250),
    "accent": _colour(29),
    "second": _colour(91),
    "good": _colour(28),
    "warn": _colour(130),
    "bad": _colour(124),
}


@dataclass(frozen=True)
class TerminalProfile:
    """What the terminal can show. `console`: the font has code page 437 only (the Linux console)."""

    ascii: bool = False
    colours: Colours = "256"
    console: bool = False
    light: bool = False  # whether its ground is light; it is taken to be dark where nobody says

    @property
    def glyphs(self) -> Glyphs:
        """The characters to draw with."""
        return ASCII if self.ascii else CONSOLE if self.console else UNICODE

    def style(self, role: Role) -> Style:
        """The style of a role: never with a background, and without any colour where there are none."""
        if self.light and self.colours in ("256", "truecolor") and role in _ON_LIGHT:
            return _ON_LIGHT[role]
        return _STYLES[role][{"none": 2, "16": 1}.get(self.colours, 0)]

    @property
    def half_blocks(self) -> bool:
        """Whether a cell shows two pixels, one above the other; otherwise a pixel takes two cells."""
        return self.colours != "none" and not self.ascii


def detect(environ: Mapping[str, str] | None = None, *, ascii: bool = False) -> TerminalProfile:
    """What the terminal can show, by its environment (the process's own where none is given).

    `ascii`: the user wants ASCII only. Call it before Textual's `App` is made, which takes
    `NO_COLOR` out of the environment.
    """
    if environ is None or environ is os.environ:
        environ = _as_started(os.environ, _proc_environ())
    term = environ.get("TERM", "").lower()
    return TerminalProfile(
        ascii=ascii or environ.get("TUICNN_ASCII", "") not in ("", "0") or not _utf8(environ),
        colours="none" if environ.get("NO_COLOR") else _colours(term, environ.get("COLORTERM", "").lower()),
        console=term == "linux",
        light=_light(environ),
    )


def _utf8(environ: Mapping[str, str]) -> bool:
    """Whether the locale's character set is UTF-8. With no locale at all it is taken to be: as in bare containers."""
    locale = next((environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(name)), None)
    return locale is None or re.search(r"utf-?8", locale, re.IGNORECASE) is not None


def _light(environ: Mapping[str, str]) -> bool:
    """Whether the ground is light: as `TUICNN_LIGHT` says (1 or 0), else by `COLORFGBG`.

    rxvt, Konsole and others set `COLORFGBG`: `0;15`, the ground last.
    """
    if told := environ.get("TUICNN_LIGHT", ""):
        return told != "0"
    return environ.get("COLORFGBG", "").rpartition(";")[2] in ("7", "9", "10", "11", "12", "13", "14", "15")


def _colours(term: str, colorterm: str) -> Colours:
    if term in ("", "dumb", "unknown") or (re.fullmatch(r"vt\d+.*", term) and "color" not in term):
        return "none"
    if term == "linux":
        return "16"
    if colorterm in ("truecolor", "24bit") or term.endswith("-direct"):
        return "truecolor"
    if "256" in term or re.match(r"(xterm-)?(kitty|ghostty)|alacritty|foot|wezterm|tmux-256|iterm|konsole", term):
        return "256"
    return "16"


def _proc_environ() -> dict[str, str]:
    """The environment this process was started with (Linux); empty where it cannot be read."""
    try:
        raw = Path("/proc/self/environ").read_bytes()
    except OSError:
        return {}
    return dict(item.split("=", 1) for item in os.fsdecode(raw).split("\0") if "=" in item)


def _as_started(now: Mapping[str, str], started: Mapping[str, str]) -> dict[str, str]:
    """`now` with the user's own LC_CTYPE: Python puts C.UTF-8 there itself where the locale is C (PEP 538)."""
    environ = dict(now)
    if started and environ.get("LC_CTYPE") in ("C.UTF-8", "C.utf8", "UTF-8"):
        environ.pop("LC_CTYPE")
        if "LC_CTYPE" in started:
            environ["LC_CTYPE"] = started["LC_CTYPE"]
    return environ
