"""A title and what belongs to it, in one line."""

from __future__ import annotations

import pytest

from tests.tui.drawn import TERMINALS, drawn
from tuicnn.display.terminal import TerminalProfile
from tuicnn.tui.widgets.heading import Heading


@pytest.mark.parametrize("terminal", TERMINALS)
@pytest.mark.parametrize("titles", [("image",), ("layers", "charts", "maps", "sample")])
def test_a_name_that_is_cut_is_seen_to_be(terminal: TerminalProfile, titles: tuple[str, ...]) -> None:
    heading = Heading(terminal, *titles)
    heading.show(("1/5  ", "dim"), ("says cat", "bad"), (", it is airplane", "text"))
    whole = drawn(heading, 120, 1)[0]
    needed = whole.index("airplane") + len("airplane")
    for width in range(8, 120):
        (line,) = drawn(heading, width, 1)
        if width < needed:
            assert line.endswith(terminal.glyphs.ellipsis)
            assert whole.startswith(line.removesuffix(terminal.glyphs.ellipsis))
        else:
            assert line == whole[:width].ljust(width)
            assert "airplane" in line
