"""The screen on a made-up run: `python -m tests.tui.demo [--ascii] [--rate STEPS] [--start STEP] [--reading S]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.tui.pictures import app_of
from tests.worker.fake_feed import OVERVIEW, FakeFeed
from tuicnn.cli.output.summary import print_summary
from tuicnn.display.terminal import detect
from tuicnn.runs.folder import RunFolder


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--ascii", action="store_true")
    parser.add_argument("--rate", type=float, default=190.0)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--reading", type=float, default=0.5)
    options = parser.parse_args()
    feed = FakeFeed(rate=options.rate, reading=options.reading)
    feed.advance(options.start)
    terminal = detect(ascii=options.ascii)
    app = app_of(feed, terminal)
    outcome = app.show()
    if outcome is not None:
        print_summary(outcome, RunFolder(Path(OVERVIEW.run)), terminal)
    return app.return_code or 0


if __name__ == "__main__":
    sys.exit(main())
