"""The tables and the pictures of mistakes fit their place, whatever they are given."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from tests.tui.drawn import drawn, sizes, terminals, unhurried
from tuicnn.display.terminal import TerminalProfile
from tuicnn.tui.widgets.confusion_matrix import MOST_CLASSES, ConfusionMatrix
from tuicnn.tui.widgets.gallery import Gallery, Tile
from tuicnn.tui.widgets.listing import Listing

words = st.text("abcxyz", max_size=30)


@given(terminals, sizes, st.lists(words, min_size=1, max_size=MOST_CLASSES), st.data())
@unhurried
def test_a_confusion_matrix(
    terminal: TerminalProfile, size: tuple[int, int], names: list[str], data: st.DataObject
) -> None:
    classes = len(names)
    counts = np.random.default_rng(classes).integers(0, data.draw(st.sampled_from([1, 9, 10**6])), (classes, classes))
    cell = st.one_of(st.none(), st.integers(0, classes - 1))
    widget = ConfusionMatrix(terminal)
    right = np.full(classes, np.nan)
    widget.show(counts, names, right, (data.draw(cell), data.draw(cell)), focused=data.draw(st.booleans()))
    drawn(widget, *size)
    least, most, rows = widget.size_for(counts, names)
    assert least <= most
    for width in (least, most):  # with so much room every number is whole
        lines = drawn(widget, width, rows)
        for label, line in enumerate(lines[1:]):
            expected = [str(n) if n or i == label else "." for i, n in enumerate(counts[label].tolist())]
            assert line.split()[-classes - 1 : -1] == expected


@given(terminals, sizes, st.lists(st.tuples(words, words, st.integers(0, 10**6))), st.data())
@unhurried
def test_a_listing(
    terminal: TerminalProfile, size: tuple[int, int], rows: list[tuple[str, str, int]], data: st.DataObject
) -> None:
    widget = Listing(terminal, ("it is", "said", "times"), 1)
    chosen = data.draw(st.integers(-1, len(rows) - 1))
    widget.show([(a, b, f"{n}") for a, b, n in rows], chosen, focused=data.draw(st.booleans()), empty="None.")
    lines = drawn(widget, *size)
    if chosen >= 0 and size[0] >= 30 and size[1] >= 2:
        row = next(line for line in lines if line.startswith(f"{terminal.glyphs.pointer} "))
        assert row.split()[-1] == str(rows[chosen][2])


@given(
    terminals,
    sizes,
    st.tuples(st.integers(1, 64), st.integers(1, 64), st.sampled_from([1, 3])),
    st.lists(st.tuples(words, words, st.booleans()), max_size=30),
    st.data(),
)
@unhurried
def test_a_gallery(
    terminal: TerminalProfile,
    size: tuple[int, int],
    shape: tuple[int, int, int],
    tiles: list[tuple[str, str, bool]],
    data: st.DataObject,
) -> None:
    widget = Gallery(terminal)
    widget.lay_out(shape[:2], max((max(len(a), len(b)) for a, b, _ in tiles), default=1))
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    made = [Tile(pixels if there else None, a, b, "98%", right=a == b) for a, b, there in tiles]
    widget.show(made, data.draw(st.integers(-1, len(tiles))))
    text = "\n".join(drawn(widget, *size))
    if tiles and size[0] >= 12 and size[1] >= 10:
        assert "98%" in text
