"""An explanation on a terminal: what adds and what takes away in colours of their own, where there are colours."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from rich.text import Text

from tuicnn.cli.output.streams import console_for
from tuicnn.display.text import displayable
from tuicnn.specimen.text import lines

if TYPE_CHECKING:
    from tuicnn.display.terminal import TerminalProfile
    from tuicnn.specimen.explanation import Explanation

__all__ = ["print_explanation", "print_moment"]

_CONTRIBUTION = 12  # columns of what a part contributes


def print_moment(sentence: str, terminal: TerminalProfile) -> None:
    """Of which moment and image the explanations are."""
    console_for(sys.stdout).print(Text(displayable(sentence, terminal), terminal.style("dim")), soft_wrap=True)


def print_explanation(explanation: Explanation, terminal: TerminalProfile) -> None:
    """The value, formula, words and largest parts, as wide as the terminal; 80 columns where there is none."""
    console = console_for(sys.stdout)
    head, *others = lines(explanation, shutil.get_terminal_size().columns)
    name, equals, value = head.partition(" = ")
    console.print(Text.assemble((name, terminal.style("accent")), equals, (value, "bold")), soft_wrap=True)
    table = others.index("") + 2 if "" in others else len(others)  # behind the names of its columns
    for number, line in enumerate(others):
        text = Text(line)
        if number == table - 1 or (number < table and line.startswith("(")):
            text.stylize(terminal.style("dim"))
        elif number >= table:
            negative = line.lstrip().startswith("-")
            text.stylize(terminal.style("second" if negative else "accent"), 0, _CONTRIBUTION)
            if number == len(others) - 1 and line.endswith(" others"):
                text.stylize(terminal.style("dim"), _CONTRIBUTION)
        console.print(text, soft_wrap=True)
