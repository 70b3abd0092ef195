"""No text on the screen steers the terminal, whatever widget shows it."""

from __future__ import annotations

from collections.abc import Callable

from textual.widgets import Static

from tests.tui.pictures import lines, text, until
from tests.worker.fake_feed import FakeFeed
from tuicnn.tui.app import TrainApp


async def test_a_widget_that_shows_a_text_as_it_is(make_app: Callable[..., TrainApp], feed: FakeFeed) -> None:
    app = make_app(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.watcher.snapshot.overview)
        await app.screen.mount(Static("before\x1b]0;title\x07\x9b2J\x7f\u202eafter", markup=False), before=0)
        await until(pilot, lambda: "before]0;title2Jafter" in text(app))
        assert all(line.isprintable() for line in lines(app))
