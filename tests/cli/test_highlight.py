"""Colours of the language on a console."""

from __future__ import annotations

import io

from hypothesis import given
from rich.console import Console

from tests.strategies import networks
from tuicnn.cli.output.highlight import highlighted


@given(networks())
def test_colours_change_no_character(made: tuple[str, tuple[int, int, int]]) -> None:
    text = made[0].strip()
    assert highlighted(text).plain == text


def test_kinds_of_words_differ_on_a_terminal_and_nowhere_else() -> None:
    text = "optim: adam lr=0.1  # how"
    terminal, pipe = io.StringIO(), io.StringIO()
    Console(file=terminal, force_terminal=True, color_system="standard").print(highlighted(text))
    Console(file=pipe).print(highlighted(text))
    assert terminal.getvalue().count("\x1b[") >= 6
    assert pipe.getvalue() == text + "\n"
