"""No text on the screen steers the terminal, whatever widget shows it."""

from __future__ import annotations

from textual.widgets import Static

from tests.tui.pictures import showing
from tests.worker.fake_feed import FakeFeed


async def test_a_widget_that_shows_a_text_as_it_is(feed: FakeFeed) -> None:
    async with showing(feed) as screen:
        await screen.watches()
        text = "before\x1b]0;title\x07\x9b2J\x7f\u202eafter"
        await screen.app.screen.mount(Static(text, markup=False), before=0)
        await screen.sees("before]0;title2Jafter")
        assert all(line.isprintable() for line in screen.lines)
