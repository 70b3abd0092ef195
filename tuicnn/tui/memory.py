"""Keeping a screen's memory from growing, however long it is watched and however many dialogs are opened in it."""

from __future__ import annotations

import ctypes
import gc
from functools import _lru_cache_wrapper, partial
from typing import Any

from textual.app import App
from textual.dom import DOMNode
from textual.widget import Widget

from tuicnn.system.process import release_memory
from tuicnn.tui.widgets.lines import LineWidget

__all__ = ["clear_caches", "limit_memory"]

CLEAR_PERIOD = 20.0  # seconds
COLLECT_PERIOD = 5.0  # seconds
LARGE = 32 << 10  # bytes of an array that has memory of its own: a curve that is drawn anew each second
_FORGETFUL = ("rich", "textual")  # packages whose caches are emptied
_M_MMAP_THRESHOLD = -3  # <malloc.h>


def limit_memory(app: App[Any]) -> None:
    """See to the memory of an app from now on.

    Python looks for what refers to itself in circles (widgets that were removed, lines and their caches) only when
    there is a quarter more of everything; how much there is then is chance, and the memory never becomes less again.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # the GNU C library's
    if mallopt is not None and not app.is_headless:  # the process has nothing else to do than to show this
        mallopt(_M_MMAP_THRESHOLD, LARGE)
    app.set_interval(COLLECT_PERIOD, _collect)
    app.set_interval(CLEAR_PERIOD, partial(clear_caches, app))


def _collect() -> None:
    gc.collect()


def clear_caches(app: App[Any]) -> None:
    """Let go of what is remembered of things that were drawn once: removed widgets, old numbers, their colours.

    Textual remembers two colours for each widget's cache of lines, with that cache as the key
    (https://github.com/Textualize/textual/issues/6665): some 300 kB for each dialog, of a thousand dialogs. Rich
    remembers the widths of the last 4,096 texts and the last 1,024 sums of styles, which are different ones ten times a
    second; Textual, where the last 4,096 rectangles met, and which widget was found by which name before the last
    thousand changes. What else is left of a dialog refers to itself in circles, which Python looks for only when there
    are many. The strips of lines that never change remember every way in which they were ever cut. It takes some 20 ms.
    """
    for screen in app.screen_stack:
        for node in screen.walk_children(DOMNode, with_self=True):
            node._query_one_cache.clear()
            if isinstance(node, LineWidget):
                node.forget()
            if isinstance(node, Widget):
                node._styles_cache.clear()
                node._box_model_cache.clear()
                node._arrangement_cache.clear()
    app._query_one_cache.clear()
    for thing in gc.get_objects():
        # not isinstance: that would wake what other packages load when it is asked for
        if type(thing) is _lru_cache_wrapper and (thing.__module__ or "").partition(".")[0] in _FORGETFUL:
            thing.cache_clear()
    gc.collect()
    release_memory()
