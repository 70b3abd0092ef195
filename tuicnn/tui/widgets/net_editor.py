"""The text of a net, in which one types: coloured, with what each line gives, and the problems under their lines."""

from __future__ import annotations

from collections.abc import Callable

from textual.events import Blur, Click, Focus, Key, MouseDown, MouseMove, MouseScrollDown, MouseScrollUp, MouseUp, Paste
from textual.message import Message
from textual.strip import Strip

from tuicnn.display.terminal import TerminalProfile
from tuicnn.tui.editor.analysis import Analysis
from tuicnn.tui.editor.buffer import Buffer, Position
from tuicnn.tui.editor.cells import cells, column_at
from tuicnn.tui.widgets.lines import LineWidget
from tuicnn.tui.widgets.net_page import Page

__all__ = ["NetEditor"]

_WHEEL = 3  # rows
_UNNAMED = ("minus", "plus")  # keys of bindings for which Textual knows no character


class NetEditor(LineWidget, can_focus=True):
    """Edits `buffer`. Every key that writes or moves is its own while it has the focus.

    `tab` is what the tab key does.
    """

    class Changed(Message):
        """The text or the cursor is another one (`text`: the text is)."""

        def __init__(self, text: bool) -> None:
            super().__init__()
            self.text = text

    class Refused(Message):
        """Something was not done; `why` says so."""

        def __init__(self, why: str) -> None:
            super().__init__()
            self.why = why

    def __init__(self, terminal: TerminalProfile, tab: Callable[[], object], *, id: str | None = None) -> None:
        super().__init__(terminal, id=id)
        self.buffer = Buffer()
        self.analysis = Analysis()
        self.colours = False  # whether the language is imported, whose lexer colours the text
        self._tab = tab
        self._clipboard = ""
        self._top = self._left = 0
        self._follows = True  # whether the cursor is to be kept in sight
        self._selecting = False
        self._rows: list[int] = []  # the row of the text on each line of the screen

    def show(self, buffer: Buffer, analysis: Analysis, *, colours: bool) -> None:
        """Show a text, what is known of it, and whether it can be coloured."""
        if buffer is not self.buffer:
            self._top = self._left = 0
        self.buffer, self.analysis, self.colours = buffer, analysis, colours
        self.repaint()

    def go(self, to: Position) -> None:
        """Put the cursor at a place and bring it into sight."""
        self._follows = True
        self.buffer.move(to)
        self._changed(text=False)

    # -- keys

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        """Letters and digits type: nothing else that they mean elsewhere is offered."""
        return (character is not None and character.isprintable()) or key in _UNNAMED

    async def on_key(self, event: Key) -> None:
        """Type, move, or delete. Esc leaves the text before the next key is looked at, however close that comes."""
        if self.screen.focused is not self:
            return
        if event.key == "escape":
            self.screen.set_focus(None)
            event.stop()
            event.prevent_default()
        elif (do := self._move(event.key)) is not None:
            do()
            self._after(text=False, event=event)
        elif (change := self._change(event.key, event.character if event.is_printable else None)) is not None:
            self.change(change)
            event.stop()
            event.prevent_default()

    def _after(self, *, text: bool, event: Key) -> None:
        event.stop()
        event.prevent_default()
        self._follows = True
        self._changed(text=text)

    def change(self, change: Callable[[], object]) -> None:
        """Make a change of the buffer, and show it; one that would make the text too large is refused."""
        before = list(self.buffer.lines)
        try:
            change()
        except ValueError as error:
            self.post_message(self.Refused(str(error)))
        self._follows = True
        self._changed(text=self.buffer.lines != before)

    def _changed(self, *, text: bool) -> None:
        if text:
            self.analysis = self.analysis.carried(self.buffer.lines)
        self.repaint()
        self.post_message(self.Changed(text))

    def _move(self, key: str) -> Callable[[], None] | None:
        """What a key does that moves the cursor; with Shift it selects."""
        buffer, page = self.buffer, max(1, self.content_size.height - 2)
        *held, name = key.split("+")
        if not set(held) <= {"shift", "ctrl"}:
            return None
        select, far = "shift" in held, "ctrl" in held
        end = (len(buffer.lines) - 1, len(buffer.lines[-1]))
        moves: dict[tuple[str, bool], Callable[[], None]] = {
            ("left", False): lambda: buffer.left(select=select),
            ("right", False): lambda: buffer.right(select=select),
            ("left", True): lambda: buffer.word(-1, select=select),
            ("right", True): lambda: buffer.word(1, select=select),
            ("up", False): lambda: buffer.down(-1, select=select),
            ("down", False): lambda: buffer.down(1, select=select),
            ("pageup", False): lambda: buffer.down(-page, select=select),
            ("pagedown", False): lambda: buffer.down(page, select=select),
            ("home", False): lambda: buffer.home(select=select),
            ("end", False): lambda: buffer.end(select=select),
            ("a", True): lambda: buffer.home(select=select),
            ("e", True): lambda: buffer.end(select=select),
            ("home", True): lambda: buffer.move((0, 0), select=select),
            ("end", True): lambda: buffer.move(end, select=select),
        }
        return moves.get((name, far))

    def _change(self, key: str, character: str | None) -> Callable[[], object] | None:
        """What a key does that changes the text."""
        buffer = self.buffer
        keys: dict[str, Callable[[], object]] = {
            "enter": buffer.newline,
            "tab": self._tab,
            "backspace": lambda: buffer.delete(-1),
            "ctrl+h": lambda: buffer.delete(-1),
            "delete": lambda: buffer.delete(1),
            "ctrl+d": lambda: buffer.delete(1),
            "alt+backspace": lambda: buffer.delete_word(-1),
            "ctrl+backspace": lambda: buffer.delete_word(-1),
            "ctrl+delete": lambda: buffer.delete_word(1),
            "ctrl+k": self._cut,
            "ctrl+x": self._cut,
            "ctrl+v": lambda: buffer.insert(self._clipboard),
        }
        if key in keys:
            return keys[key]
        return (lambda: buffer.insert(character)) if character is not None else None

    def _cut(self) -> None:
        self._clipboard = self.buffer.cut()
        self.app.copy_to_clipboard(self._clipboard)

    def on_paste(self, event: Paste) -> None:
        """Put in what the terminal pastes."""
        event.stop()
        self.change(lambda: self.buffer.insert(event.text))

    # -- mouse

    def _place(self, x: int, y: int) -> Position:
        row = self._rows[y] if y < len(self._rows) else len(self.buffer.lines) - 1
        return row, column_at(
            cells(self.buffer.lines[row], self.terminal)[1], max(0, x - self._page.gutter) + self._left
        )

    def on_mouse_down(self, event: MouseDown) -> None:
        """Put the cursor there, and begin to select."""
        self._selecting = True
        self.capture_mouse()
        self.buffer.move(self._place(event.x, event.y), select=event.shift)
        self._changed(text=False)

    def on_mouse_move(self, event: MouseMove) -> None:
        """Select up to there."""
        if self._selecting:
            self.buffer.move(self._place(max(0, event.x), max(0, event.y)), select=True)
            self._changed(text=False)

    def on_mouse_up(self, _: MouseUp) -> None:
        """End of selecting."""
        self._selecting = False
        self.release_mouse()

    def on_click(self, event: Click) -> None:
        """A click is for the text alone."""
        event.stop()

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Show what is below; the cursor stays."""
        self._wheel(event, _WHEEL)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Show what is above."""
        self._wheel(event, -_WHEEL)

    def _wheel(self, event: MouseScrollDown | MouseScrollUp, by: int) -> None:
        event.stop()
        self._follows = False
        self._top = max(0, min(self._top + by, len(self.buffer.lines) - 1))
        self.repaint()

    def on_focus(self, _: Focus) -> None:
        """Show the cursor."""
        self.repaint()

    def on_blur(self, _: Blur) -> None:
        """Show that no key types."""
        self.repaint()

    # -- what is drawn

    @property
    def _page(self) -> Page:
        return Page(self, self.buffer, self.analysis, focused=self.has_focus)

    def paint(self, width: int, height: int) -> list[Strip]:
        """The lines in sight, each with its number, mark and hint, and its problems below."""
        page = self._page
        if self._follows:
            self._keep_in_sight(page, width, height)
        self._top = max(0, min(self._top, len(self.buffer.lines) - 1))
        painted = page.lines(self._top, self._left, width, height, coloured=self.colours)
        self._rows = [row for row, _ in painted]
        return [strip for _, strip in painted]

    def _keep_in_sight(self, page: Page, width: int, height: int) -> None:
        """Scroll as little as it takes to have the cursor's line and its problems in sight."""
        row, column = self.buffer.cursor
        room = max(1, width - page.gutter)
        cell = cells(self.buffer.lines[row], self.terminal)[1][column]
        if cell < room - 1:
            self._left = 0
        elif not self._left <= cell < self._left + room - 1:
            self._left = max(0, cell - room * 2 // 3)
        top, taken = row, 1 + len(page.problems(row, self._left, width))
        while top > self._top:
            taken += 1 + len(page.problems(top - 1, self._left, width))
            if taken > height:
                break
            top -= 1
        self._top = top
