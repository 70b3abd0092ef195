"""The base of the widgets that draw by lines, of which only those that changed are sent.

A subclass takes values (`show…`) and paints its lines (`paint`). The base compares them with the lines on the screen
and refreshes those that differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS, Console
from rich.segment import Segment
from rich.style import Style
from textual.filter import LineFilter
from textual.geometry import Region, Spacing
from textual.strip import Strip
from textual.widget import Widget

from tuicnn.display.terminal import Role, TerminalProfile

__all__ = ["LeanStrip", "LineWidget", "Part", "fitted"]

#: a piece of a line: its text and what its colour is for
Part = tuple[str, Role]


_PLAIN = ("", "", "")  # attributes, foreground, background as SGR codes: what a reset leaves


class LeanStrip(Strip):
    """A strip that sends only what changes from one segment to the next, and resets once, at its end."""

    __slots__ = ("_lean",)

    def __init__(self, segments: Sequence[Segment], cell_length: int | None = None) -> None:
        super().__init__(segments, cell_length)
        self._lean: dict[ColorSystem, str] = {}

    def render(self, console: Console) -> str:
        """Render the strip into terminal sequences (as `Strip.render`, in a third of the bytes)."""
        system = COLOR_SYSTEMS.get(console.color_system or "", ColorSystem.TRUECOLOR)
        if (sequences := self._lean.get(system)) is None:
            sequences = self._lean[system] = _render(self, system)
        return sequences


def _render(segments: Strip, system: ColorSystem) -> str:
    parts: list[str] = []
    append = parts.append
    now = _PLAIN
    for text, style, _ in segments:
        wanted = _PLAIN if style is None else _codes(style, system)
        if wanted != now:
            ends_background = now[2] and not wanted[2]  # for which a reset is shortest
            if not (wanted[0] or now[0] or ends_background) and text.isspace():
                wanted = ("", now[1], wanted[2])  # a blank shows no foreground
            if change := _change(now, wanted):
                append(f"\x1b[{change}m")
            now = wanted
        append(text)
    if now != _PLAIN:
        append("\x1b[0m")
    return "".join(parts)


@lru_cache(256)
def _change(now: tuple[str, str, str], wanted: tuple[str, str, str]) -> str:
    """The SGR codes from one state of the terminal to another, the shorter of a reset and the differences."""
    if now == wanted:
        return ""
    anew = ";".join(["0", *filter(None, wanted)])
    if now[0] and now[0] != wanted[0]:
        return anew  # there is no short way to end an attribute
    differences = [new or none for old, new, none in zip(now, wanted, ("", "39", "49"), strict=True) if old != new]
    return min(";".join(differences), anew, key=len)


@lru_cache(256)
def _codes(style: Style, system: ColorSystem) -> tuple[str, str, str]:
    """A style as SGR codes: its attributes, foreground and background."""
    attributes = [
        code
        for code, on in (
            ("1", style.bold),
            ("2", style.dim),
            ("3", style.italic),
            ("4", style.underline),
            ("7", style.reverse),
            ("9", style.strike),
        )
        if on
    ]
    foreground = style.color.downgrade(system).get_ansi_codes(True) if style.color else ()
    background = style.bgcolor.downgrade(system).get_ansi_codes(False) if style.bgcolor else ()
    return ";".join(attributes), ";".join(foreground), ";".join(background)


class LineWidget(Widget):
    """A widget that paints all of its lines at once, and sends those that changed."""

    def __init__(self, terminal: TerminalProfile, *, id: str | None = None) -> None:
        self._sheet: Style | None = None
        super().__init__(id=id)
        self.terminal = terminal
        self._base: Style | None = None
        self._painted: list[Strip] = []
        self._painted_for: tuple[int, int, Style] | None = None
        self._leaned: dict[int, tuple[Strip | None, LeanStrip]] = {}

    def paint(self, width: int, height: int) -> list[Strip]:
        """The lines of the content from its top, strips of `width` cells; lines that are missing are blank."""
        raise NotImplementedError

    def painted(self, width: int, height: int) -> list[Strip]:
        """All lines of the content, `height` strips of `width` cells."""
        self._base = self._by_sheet()  # once for all lines: it is slow to compute
        lines = self.paint(width, height)[:height]
        return lines + [Strip.blank(width, self.base)] * (height - len(lines))

    def line(self, parts: Iterable[Part], width: int) -> Strip:
        """A line of `width` cells."""
        return fitted([Segment(text, self.style(role)) for text, role in parts if text], width, self.base)

    @property
    def base(self) -> Style:
        """The style under everything: the widget's own by its style sheet; nothing where there are no colours."""
        return self._base if self._base is not None else self._by_sheet()

    def style(self, role: Role) -> Style:
        """The style of a role on the widget's background."""
        return self.base + self.terminal.style(role)

    def _by_sheet(self) -> Style:
        """Textual works it out anew each time, from all widgets that this one is in; here, once until it changes."""
        if self.terminal.colours == "none":
            return Style()
        if self._sheet is None:
            self._sheet = self.rich_style
        return self._sheet

    def notify_style_update(self) -> None:
        """Work the style out anew."""
        self._sheet = None
        super().notify_style_update()

    def _paint(self) -> bool:
        """Paint; whether the size and the colours are still those of the lines before."""
        width, height = self.content_size
        self._painted, before = self.painted(width, height), self._painted_for
        self._painted_for = (width, height, self.base)
        return self._painted_for == before

    def repaint(self) -> None:
        """Paint anew and refresh the lines that differ from those on the screen; hidden, nothing is painted."""
        if not self.is_attached or not self.content_size.area:
            self._painted_for = None
            self.refresh()
            return
        before = self._painted
        if not self._paint():
            self.refresh()
            return
        regions = []
        for y, (old, new) in enumerate(zip(before, self._painted, strict=True)):
            if old is not new and old != new:
                regions.append(Region(0, y, self.content_size.width, 1))
            else:
                self._painted[y] = old
        if regions:
            self.refresh(*regions)

    def forget(self) -> None:
        """Drop the caches of the lines."""
        self._painted = [Strip(list(strip), strip.cell_length) for strip in self._painted]
        self._leaned.clear()

    def repaint_later(self) -> None:
        """Paint anew when the screen is drawn next: once, however often it is asked for."""
        self._painted_for = None
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the content; paints first where the size or the colours changed."""
        self._keep_painted()
        return self._painted[y] if 0 <= y < len(self._painted) else Strip.blank(self.content_size.width, self.base)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of a region as `LeanStrip`s, each made once: the content with its padding; there is no border.

        Textual's own way takes several times as long, as it works out all styles of the widget at each update.
        """
        self._keep_painted()
        width, padding, leaned = self.region.width, self.styles.padding, self._leaned
        found: list[Strip] = []
        for y in crop.line_range:
            inner = y - padding.top
            strip = self._painted[inner] if 0 <= inner < len(self._painted) else None
            known = leaned.get(y)
            if known is None or known[0] is not strip or known[1].cell_length != width:
                known = leaned[y] = (strip, self._lean(strip, width, padding))
            found.append(known[1])
        if crop.column_span != (0, width):
            found = [LeanStrip(list(strip.crop(*crop.column_span)), crop.width) for strip in found]
        return found

    def _lean(self, strip: Strip | None, width: int, padding: Spacing) -> LeanStrip:
        """A line of the content, or where there is none a blank one, as it is sent."""
        base = self.base
        segments = [Segment(" " * width, base)] if strip is None else list(strip)
        if strip is not None and padding.left:
            segments.insert(0, Segment(" " * padding.left, base))
        if strip is not None and padding.right:
            segments.append(Segment(" " * padding.right, base))
        whole = Strip(segments, width)
        for line_filter in self.get_line_filters():
            whole = whole.apply_filter(line_filter, self.background_colors[1])
        return LeanStrip(list(whole), width)

    def _keep_painted(self) -> None:
        if self._painted_for != (*self.content_size, self._by_sheet()):
            self._paint()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """No filters where there are colours: they would rewrite the palette's colours to longer ones."""
        return super().get_line_filters() if self.terminal.colours == "none" else []


def fitted(segments: Sequence[Segment], width: int, style: Style) -> Strip:
    """A strip of exactly `width` cells out of segments: cut, or filled with blanks."""
    # given here, since Rich caches each text that it measures
    length = sum(len(text) if text.isascii() else cell_len(text) for text, _, _ in segments)
    return Strip(segments, length).adjust_cell_length(max(0, width), style)
