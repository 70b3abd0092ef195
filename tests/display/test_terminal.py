"""What is believed of a terminal by its environment."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tuicnn.display.glyphs import ASCII, CONSOLE, UNICODE, Glyphs
from tuicnn.display.palettes import palette
from tuicnn.display.terminal import Colours, Role, TerminalProfile, detect
from tuicnn.display.text import displayable

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("environ", "ascii"),
    [
        ({}, False),  # a bare container
        ({"LANG": "en_US.UTF-8"}, False),
        ({"LANG": "de_DE.utf8"}, False),
        ({"LANG": "C.UTF-8"}, False),
        ({"LANG": "C"}, True),
        ({"LANG": "POSIX"}, True),
        ({"LANG": "en_US.ISO-8859-1"}, True),
        ({"LANG": "en_US"}, True),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "C"}, True),
        ({"LANG": "C", "LC_ALL": "en_US.UTF-8"}, False),
        ({"LANG": "C", "LC_CTYPE": "en_US.UTF-8"}, False),
        ({"LANG": "en_US.UTF-8", "LC_CTYPE": "C"}, True),
        ({"LANG": "en_US.UTF-8", "LC_ALL": ""}, False),  # set to nothing is not set
        ({"LANG": "en_US.UTF-8", "TUICNN_ASCII": "1"}, True),
        ({"LANG": "en_US.UTF-8", "TUICNN_ASCII": "0"}, False),
    ],
)
def test_the_locale_says_which_characters_there_are(environ: dict[str, str], ascii: bool) -> None:
    assert detect({"TERM": "xterm-256color", **environ}).ascii is ascii


@pytest.mark.parametrize(
    ("environ", "light"),
    [
        ({}, False),
        ({"COLORFGBG": "15;0"}, False),
        ({"COLORFGBG": "0;15"}, True),
        ({"COLORFGBG": "0;default;15"}, True),
        ({"COLORFGBG": "15;8"}, False),
        ({"COLORFGBG": "default;default"}, False),
        ({"TUICNN_LIGHT": "1"}, True),
        ({"TUICNN_LIGHT": "1", "COLORFGBG": "15;0"}, True),
        ({"TUICNN_LIGHT": "0", "COLORFGBG": "0;15"}, False),
    ],
)
def test_the_ground_is_dark_unless_it_is_told_to_be_light(environ: dict[str, str], light: bool) -> None:
    assert detect({"TERM": "xterm-256color", **environ}).light is light


@pytest.mark.parametrize(
    ("environ", "colours"),
    [
        ({"TERM": "xterm-256color"}, "256"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "truecolor"),
        ({"TERM": "xterm-256color", "COLORTERM": "24bit"}, "truecolor"),
        ({"TERM": "xterm-direct"}, "truecolor"),
        ({"TERM": "tmux-256color"}, "256"),
        ({"TERM": "screen-256color"}, "256"),
        ({"TERM": "xterm-kitty"}, "256"),
        ({"TERM": "alacritty"}, "256"),
        ({"TERM": "xterm"}, "16"),
        ({"TERM": "screen"}, "16"),
        ({"TERM": "linux"}, "16"),
        ({"TERM": "linux", "COLORTERM": "truecolor"}, "16"),
        ({"TERM": "vt100-color"}, "16"),
        ({"TERM": "vt100"}, "none"),
        ({"TERM": "vt220"}, "none"),
        ({"TERM": "dumb"}, "none"),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, "none"),
        ({"TERM": "unknown"}, "none"),
        ({}, "none"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, "none"),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, "256"),
    ],
)
def test_the_terminal_says_which_colours_there_are(environ: dict[str, str], colours: str) -> None:
    assert detect(environ).colours == colours


def test_the_user_has_the_last_word() -> None:
    terminal = detect({"TERM": "xterm-256color", "LANG": "en_US.UTF-8", "NO_COLOR": "1"}, ascii=True)
    assert terminal == TerminalProfile(ascii=True, colours="none")


@pytest.mark.parametrize(
    ("locale", "ascii"),
    [({"LANG": "C"}, True), ({"LC_CTYPE": "C"}, True), ({}, False), ({"LC_CTYPE": "C.UTF-8"}, False)],
)
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs Linux's /proc")
def test_what_python_puts_into_the_locale_is_not_the_users(locale: dict[str, str], ascii: bool) -> None:
    path = {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    said = subprocess.run(
        [sys.executable, "-c", "from tuicnn.display.terminal import detect; print(detect().ascii)"],
        env={"TERM": "xterm", **path, **locale},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == str(ascii)


def test_only_a_console_of_linux_has_the_old_font() -> None:
    assert detect({"TERM": "linux"}).glyphs is CONSOLE
    assert detect({"TERM": "xterm"}).glyphs is UNICODE
    assert detect({"TERM": "linux"}, ascii=True).glyphs is ASCII


def texts(glyphs: Glyphs) -> str:
    return "".join(v for v in dataclasses.asdict(glyphs).values() if isinstance(v, str))


def test_no_glyph_asks_for_more_than_the_font_has() -> None:
    assert texts(ASCII).isascii()
    arrows = str.maketrans(
        "", "", "►→←↑↓"
    )  # in the font at the places of control characters, which the codec leaves out
    assert texts(CONSOLE).translate(arrows).encode("cp437")
    assert not CONSOLE.braille
    assert not ASCII.braille


@pytest.mark.parametrize("glyphs", [UNICODE, CONSOLE, ASCII])
def test_ramps_have_the_steps_that_widgets_count_on(glyphs: Glyphs) -> None:
    assert len(glyphs.levels) == len(glyphs.eighths) == 8
    assert glyphs.ramp[0] == " "
    assert len(set(glyphs.ramp)) == len(glyphs.ramp)
    assert len(set(glyphs.points)) == len(glyphs.points) == 3
    assert len(set(glyphs.traces)) == len(glyphs.traces) == 3


def test_names_from_outside_cannot_write_escapes() -> None:
    assert displayable("Müller\x1b[2J\n猫", TerminalProfile()) == "Müller?[2J ?"
    assert displayable("Müller", TerminalProfile(ascii=True)) == "M?ller"


@pytest.mark.parametrize("colours", ["truecolor", "256", "16"])
def test_a_colour_of_a_role_has_one_meaning(colours: Colours) -> None:
    terminal = TerminalProfile(colours=colours)
    coloured: tuple[Role, ...] = ("accent", "second", "good", "warn", "bad")
    numbers = [terminal.style(role).color for role in coloured]
    assert len(set(numbers)) == len(numbers)
    maps = {
        code for signed in (True, False) for code in (*palette(terminal, signed).codes, palette(terminal, signed).bad)
    }
    second = terminal.style("second").color
    assert second is not None
    assert second.number not in maps
