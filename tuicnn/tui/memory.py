"""Keeps the memory of a screen from growing with time and with the number of dialogs that were opened."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable, Iterator
from functools import _lru_cache_wrapper
from time import monotonic
from typing import Any

from textual.app import App
from textual.dom import DOMNode
from textual.widget import Widget

from tuicnn.system.process import release_memory
from tuicnn.tui.widgets.lines import LineWidget

__all__ = ["Memory", "clear_caches"]

NEW_PERIOD = 30.0  # seconds between two collections of what is new
WHOLE_PERIOD = 60.0  # … and of everything, and the caches
QUIET = 1.0  # seconds without a key before everything is collected, which would delay what a key does
MOST_DELAY = 20.0  # … for so long at most
LARGE = 32 << 10  # bytes; larger arrays, such as curves, get mappings of their own instead of heap memory
_CACHING = ("rich", "textual")  # packages whose caches are emptied
_M_MMAP_THRESHOLD = -3  # <malloc.h>


class Memory:
    """Limits the memory of an app whose process does nothing else, without delaying what a person does.

    Python collects reference cycles (removed widgets, lines and their caches) only when a quarter more objects exist.
    How many there are then depends on chance, and freed memory is not returned. A collection looks at each object, and
    there are some hundred thousand, most of them code, which takes 70 ms: therefore those that outlive a collection are
    frozen, and the next ones look only at what is new. All are looked at once a minute and after dialogs.
    """

    def __init__(self, app: App[Any], quiet_for: Callable[[], float]) -> None:
        """`quiet_for` tells for how many seconds nobody has pressed a key."""
        self._app, self._quiet_for = app, quiet_for
        self._whole = False
        self._wanted_since: float | None = None

    def limit(self, *, whole: bool) -> None:
        """Limit the memory from now on: of the `whole` process, where it is not somebody else's too."""
        self._whole = whole
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # the GNU C library's
        if mallopt is not None and self._whole:
            mallopt(_M_MMAP_THRESHOLD, LARGE)
        self._app.set_interval(NEW_PERIOD, self._collect)
        self._app.set_interval(WHOLE_PERIOD, self.tidy_soon)

    def tidy_soon(self) -> None:
        """Collect everything and empty the caches, as soon as nobody presses a key."""
        if self._wanted_since is None:
            self._wanted_since = monotonic()
            self._app.set_timer(QUIET, self._tidy)

    def _tidy(self) -> None:
        assert self._wanted_since is not None
        if self._quiet_for() < QUIET and monotonic() - self._wanted_since < MOST_DELAY:
            self._app.set_timer(QUIET, self._tidy)
            return
        self._wanted_since = None
        if self._whole:
            gc.unfreeze()
        clear_caches(self._app)
        if self._whole:
            gc.freeze()

    def _collect(self) -> None:
        gc.collect()
        if self._whole:
            gc.freeze()


def clear_caches(app: App[Any]) -> None:
    """Empty the caches of Textual and Rich, and return freed memory to the system. It takes some 20 ms.

    Textual caches two colours by each widget's cache of lines (https://github.com/Textualize/textual/issues/6665): some
    300 kB for each of up to a thousand dialogs; also the last 4,096 intersections of regions, and queries for widgets.
    Rich caches the widths of 4,096 texts and 1,024 sums of styles, which change all the time. A strip keeps every
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
