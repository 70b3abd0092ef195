"""What every widget that draws by lines does on a screen: send what changed, and nothing else."""

from __future__ import annotations

import re
from typing import Self

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.geometry import Region
from textual.strip import Strip

from tuicnn.display.terminal import TerminalProfile
from tuicnn.tui.widgets.lines import LeanStrip, LineWidget, fitted
from tuicnn.tui.widgets.maps import Maps

colours = st.one_of(st.none(), st.sampled_from(["red", "color(8)", "color(203)", "default", "#123456"]))
styles = st.builds(
    lambda front, back, bold, reverse: Style(color=front, bgcolor=back, bold=bold or None, reverse=reverse or None),
    colours,
    colours,
    st.booleans(),
    st.booleans(),
)
segments = st.lists(st.builds(Segment, st.text("ab ▀█", min_size=1, max_size=4), st.one_of(st.none(), styles)))


def seen(sequences: str) -> list[tuple[str, str, str, frozenset[str]]]:
    """The cells that a terminal shows: character, foreground (none of a blank cell), background, attributes."""
    front = back = "default"
    attributes: set[str] = set()
    found = []
    for escape, character in re.findall(r"\x1b\[([\d;]*)m|(.)", sequences):
        if character:
            bare = character == " " and not attributes
            found.append((character, "" if bare else front, back, frozenset(attributes)))
            continue
        codes = escape.split(";")
        while codes:
            code = codes.pop(0)
            number = int(code or 0)
            if number == 0:
                front, back, attributes = "default", "default", set()
            elif number in (38, 48):
                count = 1 if codes[0] == "5" else 3
                value = " ".join([codes.pop(0) for _ in range(count + 1)])
                front, back = (value, back) if number == 38 else (front, value)
            elif number in (39, 49):
                front, back = ("default", back) if number == 39 else (front, "default")
            elif 30 <= number <= 37 or 90 <= number <= 97:
                front = code
            elif 40 <= number <= 47 or 100 <= number <= 107:
                back = str(number - 10)
            else:
                attributes.add(code)
    assert (front, back, attributes) == ("default", "default", set()), "colours leak into what follows"
    return found


@given(segments, st.sampled_from(["truecolor", "256", "standard"]))
@example([Segment("a", Style(color="red", bgcolor="red")), Segment(" ")], "standard")
@example([Segment("a", Style(color="red", bgcolor="red")), Segment(" "), Segment("a", Style(bgcolor="red"))], "256")
def test_a_lean_strip_shows_the_same_in_no_more_bytes(parts: list[Segment], system: str) -> None:
    console = Console(color_system=system, force_terminal=True)  # type: ignore[arg-type]
    lean, plain = LeanStrip(parts).render(console), Strip(parts).render(console)
    assert seen(lean) == seen(plain)
    assert len(lean) <= len(plain)


@given(st.text("abc", max_size=9), st.integers(0, 12))
def test_fitted_cuts_or_fills(text: str, width: int) -> None:
    strip = fitted([Segment(text, Style())], width, Style())
    assert strip.text == text[:width].ljust(width)


class Lines(LineWidget):
    """Shows texts, and remembers what was painted and what was drawn."""

    def __init__(self) -> None:
        super().__init__(TerminalProfile())
        self.texts = ["a", "b", "c", "d"]
        self.paints = 0
        self.drawn: list[int] = []

    def paint(self, width: int, height: int) -> list[Strip]:
        self.paints += 1
        return [
            fitted([Segment(self.texts[y] if y < len(self.texts) else "", self.base)], width, self.base)
            for y in range(height)
        ]

    def refresh(self, *regions: Region, **more: bool) -> Self:
        self.drawn += [region.y for region in regions]
        return super().refresh(*regions, **more)


class Shown(App[None]):
    CSS = "Lines { height: 1fr; padding: 1; } Maps { height: 1fr; }"

    def __init__(self, widget: LineWidget) -> None:
        super().__init__()
        self.widget = widget

    def compose(self) -> ComposeResult:
        with Vertical():
            yield self.widget


def screen(app: App[None]) -> list[str]:
    """The lines of the screen."""
    return [strip.text for strip in app.screen._compositor.render_strips()]


async def test_only_lines_that_changed_are_drawn() -> None:
    widget = Lines()
    async with Shown(widget).run_test(size=(20, 8)) as pilot:
        await pilot.pause()
        widget.drawn.clear()
        widget.repaint()
        await pilot.pause()
        assert widget.drawn == []
        widget.texts[2] = "new"
        widget.repaint()
        await pilot.pause()
        assert widget.drawn == [2]
        assert screen(pilot.app)[3].startswith(" new ")


async def test_is_whole_after_a_resize_and_a_change_of_colours() -> None:
    widget = Lines()
    async with Shown(widget).run_test(size=(20, 6)) as pilot:
        for size in ((31, 4), (9, 9), (3, 2), (20, 6)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            lines = screen(pilot.app)
            assert [len(line) for line in lines] == [size[0]] * size[1]
            inside = [line[1:-1] for line in lines[1:-1]]
            assert inside == [t.ljust(size[0] - 2) for t in [*"abcd", *[""] * 9][: size[1] - 2]]
        before = widget.base
        pilot.app.theme = "textual-light"
        await pilot.pause()
        assert widget.base != before
        assert widget.render_line(0)._segments[0].style == widget.base


async def test_nothing_is_painted_while_hidden_and_the_newest_is_shown_after() -> None:
    widget = Lines()
    async with Shown(widget).run_test(size=(20, 8)) as pilot:
        pane = pilot.app.query_one(Vertical)
        pane.display = False
        await pilot.pause()
        widget.paints = 0
        widget.texts[0] = "new"
        widget.repaint()
        await pilot.pause()
        assert widget.paints == 0
        pane.display = True
        await pilot.pause()
        assert screen(pilot.app)[1].startswith(" new ")


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (1, 1)])
async def test_maps_turn_pages_on_a_screen(size: tuple[int, int]) -> None:
    maps = Maps(TerminalProfile())
    async with Shown(maps).run_test(size=size) as pilot:
        values = np.random.default_rng(0).normal(size=(200, 14, 14)).astype(np.float32)
        maps.show(values)
        await pilot.pause()
        first, last = maps.on_screen
        assert first == 0
        maps.show(values, chosen=last)
        await pilot.pause()
        assert maps.on_screen[0] == last
        maps.show(values, chosen=199)
        await pilot.pause()
        assert maps.on_screen[1] == 200
