from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from tuicnn.display.terminal import TerminalProfile
from tuicnn.tui.app import TrainApp
from tuicnn.worker.feed import Feed


@pytest.fixture
def make_app() -> Callable[..., TrainApp]:
    """Makes an app that shows a feed."""

    def make(feed: Feed, terminal: TerminalProfile | None = None) -> TrainApp:
        async def connect() -> Feed:
            return feed

        connecting: Callable[[], Awaitable[Feed]] = connect
        return TrainApp(connecting, terminal or TerminalProfile(), title="mnist")

    return make
