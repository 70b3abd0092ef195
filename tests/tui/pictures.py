"""What stands on the screen of an app under test, as text."""

from __future__ import annotations

from collections.abc import Callable

from textual.pilot import Pilot

from tuicnn.display.summary import Outcome
from tuicnn.tui.app import TrainApp

__all__ = ["lines", "text", "until"]


def lines(app: TrainApp) -> list[str]:
    """The lines of the screen in front, each as wide as the terminal."""
    return [strip.text for strip in app.screen._compositor.render_strips()]


def text(app: TrainApp) -> str:
    """The whole screen."""
    return "\n".join(lines(app))


async def until(pilot: Pilot[Outcome], condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait until a condition holds; fail where it does not within some seconds."""
    for _ in range(int(seconds / 0.02)):
        await pilot.pause()
        if condition():
            return
        await pilot.pause(0.02)
    raise AssertionError(f"it did not come to be:\n{text(pilot.app)}")  # type: ignore[arg-type]
