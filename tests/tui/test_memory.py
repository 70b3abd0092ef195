"""What keeps the memory of a screen small: caches of other packages are emptied, while threads compute."""

from __future__ import annotations

import gc
import threading
from functools import _lru_cache_wrapper
from time import monotonic

import pytest
from rich.cells import get_character_cell_size
from textual.color import Color

from tests.tui.pictures import app_of, showing
from tests.worker.fake_feed import FakeFeed
from tuicnn.tui.memory import clear_caches


async def test_caches_of_functions_methods_and_properties_are_emptied(feed: FakeFeed) -> None:
    app = app_of(feed)
    async with showing(app):
        assert Color(1, 2, 3).rich_color
        get_character_cell_size("x")
        clear_caches(app)
        full = [
            thing
            for thing in gc.get_objects()
            if type(thing) is _lru_cache_wrapper
            and (thing.__module__ or "").partition(".")[0] in ("rich", "textual")
            and thing.cache_info().currsize
        ]
        assert not full


async def test_what_a_thread_makes_meanwhile_is_left_alone(feed: FakeFeed) -> None:
    app, failed, over = app_of(feed), list[BaseException](), threading.Event()

    def compute() -> None:
        while not over.is_set():
            try:
                tuple(number for number in range(100_000))
            except SystemError as error:
                failed.append(error)

    gc.unfreeze()  # as many objects as a screen has: looking at them takes long enough for a thread to go on
    async with showing(app) as screen:
        thread = threading.Thread(target=compute)
        thread.start()
        for _ in range(10):
            await screen.pause(0.005)
            clear_caches(app)
        over.set()
        thread.join()
    gc.freeze()
    assert not failed


async def test_all_is_tidied_after_a_dialog_as_soon_as_nobody_presses_a_key(
    feed: FakeFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes a tenth of a second, in which a key would wait."""
    pressed, quiet = list[float](), list[float]()  # when each key that was handled was pressed; how long ago, then
    monkeypatch.setattr("tuicnn.tui.memory.clear_caches", lambda _: quiet.append(monotonic() - pressed[-1]))
    monkeypatch.setattr("tuicnn.tui.memory.QUIET", 0.3)
    async with showing(feed) as screen:
        await screen.watches()
        for key in ("question_mark", "escape", *["down"] * 8):
            now = monotonic()
            await screen.press(key)
            pressed.append(now)
            await screen.pause(0.1)
        await screen.until(lambda: quiet)
        assert quiet[0] >= 0.3
