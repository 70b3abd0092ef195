from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from tests.tui.fake_feed import FakeFeed
from tuicnn.tui.app import TrainApp
from tuicnn.tui.look import Look
from tuicnn.worker.feed import Feed


@pytest.fixture
def feed() -> FakeFeed:
    """A run that has trained a hundred steps, and goes on when told to."""
    made = FakeFeed()
    made.advance(100)
    return made


@pytest.fixture
def make_app() -> Callable[..., TrainApp]:
    """Makes an app that shows a feed."""

    def make(feed: Feed, look: Look | None = None) -> TrainApp:
        async def connect() -> Feed:
            return feed

        connecting: Callable[[], Awaitable[Feed]] = connect
        return TrainApp(connecting, look or Look(), title="mnist")

    return make
