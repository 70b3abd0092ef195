"""Keeps the memory of a screen from growing with time and with the number of dialogs that were opened."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
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
LARGE = 32 << 10  # bytes; larger arrays, such as curves, get mappings of their own instead of heap memory
_CACHING = ("rich", "textual")  # packages whose caches are emptied
_M_MMAP_THRESHOLD = -3  # <malloc.h>


def limit_memory(app: App[Any]) -> None:
    """Limit the memory of an app from now on.

    Python collects reference cycles (removed widgets, lines and their caches) only when a quarter more objects exist.
    How many there are then depends on chance, and freed memory is not returned.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # the GNU C library's
    if mallopt is not None and not app.is_headless:  # the setting is for the whole process
        mallopt(_M_MMAP_THRESHOLD, LARGE)
    app.set_interval(COLLECT_PERIOD, _collect)
    app.set_interval(CLEAR_PERIOD, partial(clear_caches, app))


def _collect() -> None:
    gc.collect()


def clear_caches(app: App[Any]) -> None:
    """Empty the caches of Textual and Rich, and return freed memory to the system. It takes some 20 ms.

    Textual caches two colours by each widget's cache of lines (https://github.com/Textualize/textual/issues/6665): some
    300 kB for each of up to a thousand dialogs; also the last 4,096 intersections of regions, and queries for widgets.
    Rich caches the widths of 4,096 texts and 1,024 sums of styles, which change ten times a second. A strip keeps every
    crop of itself. The rest of a closed dialog is reference cycles.
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
    for cache in _caches():
        cache.cache_clear()
    gc.collect()
    release_memory()


def _caches() -> Iterator[_lru_cache_wrapper[Any]]:
    """The caches of functions and methods. Not by `gc.get_objects`: what a thread is just making breaks if it is held.

    (A tuple that has grown in a thread meanwhile: `SystemError: bad argument to internal function`.)
    """
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] not in _CACHING:
            continue
        for thing in list(vars(module).values()):
            # by type: isinstance would import what other packages load lazily
            members = list(vars(thing).values()) if issubclass(type(thing), type) else []
            for each in (thing, *members):
                kind = type(each)
                function = (
                    each.fget if kind is property else each.__func__ if kind in (staticmethod, classmethod) else each
                )
                if type(function) is _lru_cache_wrapper:
                    yield function
