"""A person before the Explain view: goes there, types addresses, and reads which number is open."""

from __future__ import annotations

from tests.tui.pictures import Picture
from tests.tui.trained_feed import TrainedFeed
from tuicnn.observing.image import PinnedImage
from tuicnn.observing.specimen import SpecimenState
from tuicnn.specimen.specimen import Specimen
from tuicnn.tui.views import TABS

__all__ = ["EXPLAIN", "SIZES", "at", "number", "opened", "specimen", "stands", "typed"]

SIZES = [(80, 24), (120, 40)]
EXPLAIN = next(tab.key for tab in TABS if tab.mode == "explain")


def specimen(feed: TrainedFeed, image: int = 0) -> Specimen:
    return SpecimenState.of(feed.trainer, PinnedImage(image), next_step=True).specimen()


async def opened(screen: Picture, address: str = "") -> None:
    """Go to the view, and to an address."""
    await screen.press(EXPLAIN)
    await screen.sees("frozen")
    if address:
        await typed(screen, address)
        await stands(screen, address)


async def typed(screen: Picture, address: str) -> None:
    await screen.press("colon", *("space" if c == " " else c for c in address), "enter")


async def stands(screen: Picture, address: str) -> None:
    """Wait until this number is open and in sight."""
    brief = address.replace(", ", ",")
    await screen.until(lambda: any(line.startswith(f" {brief} = ") for line in screen.lines))


async def at(screen: Picture, name: str) -> None:
    """Wait until a number of this name is open."""
    await screen.until(lambda: number(screen).startswith(name))


def number(screen: Picture) -> str:
    """The address of the open number."""
    line = next(line for line in screen.lines if ", frozen;" in line or "after epoch" in line)
    return line.split(" = ")[0].strip()
