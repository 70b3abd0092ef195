"""Keeping a screen's memory from growing, however long it is watched and however many dialogs are opened in it."""

from __future__ import annotations

import ctypes
import gc
from typing import Any

from rich.cells import cached_cell_len
from rich.style import Style
from textual._styles_cache import StylesCache
from textual.app import App
from textual.widget import Widget

from tuicnn.tui.widgets.lines import LineWidget

__all__ = ["TIDY_PERIOD", "tidy"]

TIDY_PERIOD = 20.0  # seconds


def tidy(app: App[Any]) -> None:
    """Let go of what is remembered of things that were drawn once: removed widgets, old numbers, their colours.

    Textual remembers two colours for each widget's cache of lines, with that cache as the key
    (https://github.com/Textualize/textual/issues/6665): some 300 kB for each dialog, of a thousand dialogs. Rich
    remembers the widths of the last 4,096 texts and the last 1,024 sums of styles, which are different ones ten times a
    second. What else is left of a dialog refers to itself in circles, which Python looks for only when there are many.
    The strips of lines that never change remember every way in which they were ever cut. It takes some 20 ms.
    """
    for screen in app.screen_stack:
        for widget in screen.walk_children(with_self=True):
            if isinstance(widget, LineWidget):
                widget.forget()
            if isinstance(widget, Widget):
                widget._styles_cache.clear()
    StylesCache.get_inner_outer.cache_clear()
    cached_cell_len.cache_clear()
    Style._add.cache_clear()
    gc.collect()
    if (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:  # the GNU C library's
        trim(0)
