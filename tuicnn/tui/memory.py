"""Keeping a screen's memory from growing with every dialog that was opened in it."""

from __future__ import annotations

import gc

from textual._styles_cache import StylesCache

__all__ = ["forget_closed_screens"]


def forget_closed_screens() -> None:
    """Let go of the widgets that were removed, and of all lines that they were drawn with.

    Textual remembers two colours for each widget's cache of lines, with that cache as the key
    (https://github.com/Textualize/textual/issues/6665): some 300 kB for each dialog, of a thousand dialogs. What else
    there is of them refers to itself in circles, which Python looks for only when there are many.
    """
    StylesCache.get_inner_outer.cache_clear()
    gc.collect()
