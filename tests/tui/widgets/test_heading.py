"""A title and what belongs to it, in one line."""

from __future__ import annotations

import pytest

from tests.tui.drawn import LOOKS, drawn
from tuicnn.tui.look import Look
from tuicnn.tui.widgets.heading import Heading


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("titles", [("image",), ("layers", "charts", "maps", "sample")])
def test_a_name_that_is_cut_is_seen_to_be(look: Look, titles: tuple[str, ...]) -> None:
    heading = Heading(look, *titles)
    heading.show(("1/5  ", "dim"), ("says cat", "bad"), (", it is airplane", "text"))
    whole = drawn(heading, 120, 1)[0]
    needed = whole.index("airplane") + len("airplane")
    for width in range(8, 120):
        (line,) = drawn(heading, width, 1)
        if width < needed:
            assert line.endswith(look.glyphs.ellipsis)
            assert whole.startswith(line.removesuffix(look.glyphs.ellipsis))
        else:
            assert line == whole[:width].ljust(width)
            assert "airplane" in line
