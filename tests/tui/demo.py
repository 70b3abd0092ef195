"""The screen on a made-up run: `python -m tests.tui.demo [--ascii] [--rate STEPS] [--reading SECONDS]`.

`--svg FILE COLUMNSxROWS` writes a picture after a moment instead.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from tests.worker.fake_feed import OVERVIEW, FakeFeed
from tuicnn.display.summary import print_summary
from tuicnn.display.terminal import detect
from tuicnn.runs.folder import RunFolder
from tuicnn.tui.app import TrainApp
from tuicnn.worker.feed import Feed


async def _picture(app: TrainApp, path: Path, size: tuple[int, int], keys: list[str]) -> None:
    async with app.run_test(size=size) as pilot:
        await pilot.pause(0.6)
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.2)
        await pilot.pause(0.5)
        path.write_text(app.export_screenshot(), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--ascii", action="store_true")
    parser.add_argument("--rate", type=float, default=190.0)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--reading", type=float, default=0.5)
    parser.add_argument("--svg", nargs=2, metavar=("FILE", "SIZE"))
    parser.add_argument("--keys", default="")
    options = parser.parse_args()
    feed = FakeFeed(rate=options.rate, reading=options.reading)
    feed.advance(options.start)

    async def connect() -> Feed:
        return feed

    terminal = detect(ascii=options.ascii)
    app = TrainApp(connect, terminal, title="mnist")
    if options.svg:
        columns, rows = map(int, options.svg[1].split("x"))
        asyncio.run(_picture(app, Path(options.svg[0]), (columns, rows), options.keys.split()))
        return 0
    outcome = app.run()
    if outcome is not None:
        print_summary(outcome, RunFolder(Path(OVERVIEW.run)), terminal)
    return app.return_code or 0


if __name__ == "__main__":
    sys.exit(main())
