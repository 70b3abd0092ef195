"""The foot of a screen: the keys that matter most, at most six of them, read off the bindings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from textual.app import App
from textual.binding import ActiveBinding, Binding
from textual.dom import DOMNode
from textual.events import Click
from textual.strip import Strip

from tuicnn.tui.widgets.lines import LineWidget, Part

__all__ = ["KeyLine", "Shortcut", "described", "shortcuts"]

MOST = 6

NAMES = {
    "question_mark": "?",
    "slash": "/",
    "greater_than_sign": ">",
    "less_than_sign": "<",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "escape": "esc",
    "minus": "-",
    "plus": "+",
    "colon": ":",
    "equals_sign": "=",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
}


@dataclass(frozen=True)
class Shortcut:
    """One action with all of its keys, as words: `down j`."""

    keys: tuple[str, ...]
    binding: Binding
    node: DOMNode


def shortcuts(active: Iterable[ActiveBinding]) -> list[Shortcut]:
    """The actions that can be had now and say what they do (`tooltip`), each once: the app's, then the view's."""
    found: dict[str, list[ActiveBinding]] = {}
    for known in sorted((a for a in active if a.enabled), key=lambda a: not isinstance(a.node, App)):
        found.setdefault(known.binding.action, []).append(known)
    return [
        Shortcut(tuple(NAMES.get(a.binding.key, a.binding.key) for a in all_), all_[0].binding, all_[0].node)
        for all_ in found.values()
        if all_[0].binding.tooltip
    ]


def described(shortcut: Shortcut) -> str:
    """What the key does now, where the app says so by the action's name (`said`), else always."""
    said: dict[str, str] = getattr(shortcut.node, "said", {})
    return said.get(shortcut.binding.action, shortcut.binding.description)


def _width(shortcut: Shortcut) -> int:
    return len(shortcut.keys[0]) + len(described(shortcut)) + 4


class KeyLine(LineWidget):
    """One line of keys, each with what it does."""

    DEFAULT_CSS = "KeyLine { height: 1; dock: bottom; }"

    def on_mount(self) -> None:
        """Follow the bindings, which come and go with the layout and the state."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.repaint_later())

    def shown(self) -> Sequence[Shortcut]:
        """The shortcuts on the line: at most six; first what the screen says matters most, help and leaving last."""
        first: Sequence[str] = getattr(self.screen, "footer", ())
        every = shortcuts(self.screen.active_bindings.values())
        every = [s for s in every if s.binding.show or s.binding.action in first]
        every.sort(key=lambda s: first.index(s.binding.action) if s.binding.action in first else len(first))
        last = [s for s in every if s.binding.action in ("help", "leave")]
        return [s for s in every if s not in last][: MOST - len(last)] + last

    def _fitting(self, width: int) -> list[Shortcut]:
        """Those that fit; the others are left out from the middle."""
        found = list(self.shown())
        while len(found) > 1 and sum(map(_width, found)) > width + 2:
            del found[-3 if len(found) > 2 else 0]
        return found

    async def on_click(self, event: Click) -> None:
        """A click on a key does what the key does."""
        right = 0
        for shortcut in self._fitting(self.content_size.width):
            right += _width(shortcut)
            if event.x < right:
                await self.app.run_action(shortcut.binding.action, shortcut.node)
                return

    def paint(self, width: int, height: int) -> list[Strip]:
        """The line."""
        parts: list[Part] = []
        for shortcut in self._fitting(width):
            parts += [(f" {shortcut.keys[0]}", "accent"), (f" {described(shortcut)}  ", "dim")]
        return [self.line(parts, width)]
