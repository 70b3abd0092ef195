"""What a screen costs, in a real terminal on a run that trains: `python -m tests.tui.cost`.

For each size and view: the bytes a second that are sent while it trains, the processor time that the screen takes
meanwhile, and the time from a key to what it shows. Then the start, the share of the training that a screen takes, and,
with `--minutes`, how the memory of a screen that goes through all views grows. What is not as `docs/contributing.md`
promises is marked with `!`; the exit code tells nothing, for times depend on what else the machine does. Processor time
depends least on it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import numpy as np

from tests.faults.looking import processor_seconds, resident
from tests.faults.soak import ROOT, running
from tests.faults.terminal import Terminal, plain
from tuicnn.runs.folder import RunFolder
from tuicnn.tui.views import TABS
from tuicnn.worker.client import RemoteFeed

SIZES = ((80, 24), (120, 40), (200, 60))
SETTLED = 2.0  # seconds after which a view is measured
MOST_BYTES = 20_000  # a second
MOST_DELAY = 0.040  # seconds from a key to the screen, at the 95th percentile
MOST_SHARE = 0.02  # of the training
MOST_BUSY = 0.02  # of a processor
MOST_START = 0.6  # seconds of processor time
MOST_GROWTH = 0.02
PATIENCE = 20.0
UNDO, ESCAPE, HOME = "\x15", "\x1b", "\x1b[H"


def screen_of(folder: RunFolder, size: tuple[int, int]) -> Terminal:
    """A screen in a terminal of its own."""
    environment = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}
    command = [sys.executable, "-m", "tuicnn", "attach", str(folder.path)]
    return Terminal(command, ROOT, environment, rows=size[1], columns=size[0])


def seconds_until(terminal: Terminal, come: Callable[[str], bool]) -> float:
    """How long it takes until what is printed from now on is as wanted."""
    began = time.monotonic()
    while not come(plain(terminal.said)):
        if time.monotonic() - began > PATIENCE:
            raise AssertionError(f"it did not come, but:\n{plain(terminal.said)[-2000:]}")
        terminal.wait(0.5)
    return time.monotonic() - began


def press(terminal: Terminal, key: str, *marks: str) -> float:
    """Seconds from a key until all of some texts are printed."""
    terminal.read(0.02)
    terminal.forget()
    terminal.press(key)
    return seconds_until(terminal, lambda said: all(mark in said for mark in marks))


def at_rest(terminal: Terminal, seconds: float) -> tuple[float, float]:
    """While nobody presses a key: the bytes a second that are sent, and the share of a processor that it takes."""
    terminal.read(SETTLED)
    terminal.forget()
    began, spent = time.monotonic(), processor_seconds(terminal.process.pid)
    terminal.read(seconds)
    spent, took = processor_seconds(terminal.process.pid) - spent, time.monotonic() - began
    sent = len(terminal.said)
    terminal.forget()
    return sent / took, spent / took


def of_size(folder: RunFolder, size: tuple[int, int], seconds: float, times: int) -> None:
    """The figures of all views in one terminal."""
    with screen_of(folder, size) as terminal:
        started = seconds_until(terminal, lambda said: f"[1 {TABS[0].label}]" in said)
        spent = processor_seconds(terminal.process.pid)
        terminal.until("training")
        told(f"{size[0]}x{size[1]}  start", f"{started:.2f} s, of the processor {spent:.2f} s", spent > MOST_START)
        for tab in TABS:
            other = TABS[0] if tab is not TABS[0] else TABS[-1]
            sent, busy = at_rest(show(terminal, tab.key, tab.label), seconds)
            delays = []
            for _ in range(times):
                if tab.label == "Edit":  # where letters are typed
                    delays.append(press(terminal, "Q", "Q"))
                    terminal.press(UNDO)
                    terminal.read(0.3)
                else:
                    delays.append(press(terminal, "?", "Keys and words"))
                    press(terminal, "?", f"[{tab.key} {tab.label}]")  # not escape, which would change the next key
                if tab.label == "Explain":  # where each key opens another number
                    delays.append(press(terminal, "\r", "< logits["))
                    delays.append(press(terminal, HOME, "of the exps"))
                if other is not tab and tab.label != "Edit" and other.label != "Edit":
                    press(terminal, other.key, f"[{other.key} {other.label}]")
                    delays.append(press(terminal, tab.key, f"[{tab.key} {tab.label}]"))
            if tab.label == "Edit":
                terminal.press(ESCAPE)
                terminal.read(0.5)
            slow = float(np.percentile(delays, 95)) if delays else float("nan")
            told(f"{size[0]}x{size[1]}  {tab.label}", f"{sent / 1000:6.1f} kB/s", sent > MOST_BYTES)
            told("", f"{100 * busy:6.1f} % of a processor", busy > MOST_BUSY)
            told("", f"{1000 * slow:6.0f} ms from key to screen", slow > MOST_DELAY)


def show(terminal: Terminal, key: str, label: str) -> Terminal:
    """Go to a view."""
    terminal.press(key)
    terminal.read(1.0)
    return terminal


def told(name: str, text: str, bad: bool) -> None:
    """Print a figure."""
    print(f"{name:<20}{'!' if bad else ' '} {text}", flush=True)


def drain(terminal: Terminal, seconds: float) -> None:
    """Read what is printed, and keep none of it."""
    terminal.read(seconds)
    terminal.forget()


def steps_a_second(folder: RunFolder, seconds: float) -> float:
    """How fast the run trains."""

    async def measure() -> float:
        feed = await RemoteFeed.connect(folder)
        first, began = (await feed.poll(1 << 60, 1 << 30)).progress, time.monotonic()
        await asyncio.sleep(seconds)
        last = (await feed.poll(1 << 60, 1 << 30)).progress
        await feed.close()
        return (last.step - first.step) / (time.monotonic() - began)

    return asyncio.run(measure())


def share(folder: RunFolder, seconds: float, turns: int) -> None:
    """What a screen takes of the training, by turns without and with it."""
    without, beside = [], []
    for _ in range(turns):
        without.append(steps_a_second(folder, seconds))
        with screen_of(folder, (120, 40)) as terminal:
            terminal.until("training")
            drain(terminal, SETTLED)
            with ThreadPoolExecutor() as pool:
                measured = pool.submit(steps_a_second, folder, seconds)
                while not measured.done():
                    drain(terminal, 0.1)
            beside.append(measured.result())
    lost = 1 - float(np.median(beside)) / float(np.median(without))
    told("training", f"{100 * lost:.1f} % slower beside a screen of 120x40", lost > MOST_SHARE)


def memory(folder: RunFolder, minutes: float, keys: Sequence[str]) -> None:
    """How much more memory a screen has after some minutes of going through all views than after the first tenth."""
    with screen_of(folder, (120, 40)) as terminal:
        terminal.until("training")
        looks, began, pressed = [], time.monotonic(), 0
        while (now := time.monotonic() - began) < 60 * minutes:
            terminal.press(keys[pressed % len(keys)])
            pressed += 1
            drain(terminal, 0.5)
            looks.append((now, resident(terminal.process.pid)))
        tenth = [size for at, size in looks if 0.1 < at / (60 * minutes) < 0.2]
        last = [size for at, size in looks if at / (60 * minutes) > 0.9]
        grown = float(np.median(last)) / float(np.median(tenth)) - 1
        told(
            "memory",
            f"{np.median(last) / 2**20:.0f} MB, {100 * grown:+.1f} % in {minutes:g} minutes",
            grown > MOST_GROWTH,
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--net", type=Path, default=ROOT / "nets/mnist.net")
    parser.add_argument("--seconds", type=float, default=5.0, help="that each view is watched")
    parser.add_argument("--times", type=int, default=10, help="that each key is pressed")
    parser.add_argument("--turns", type=int, default=3, help="of training without and with a screen; 0: none")
    parser.add_argument("--minutes", type=float, default=0.0, help="that the memory is watched")
    given = parser.parse_args()
    with running(given.net) as (folder, _):
        for size in SIZES:
            of_size(folder, size, given.seconds, given.times)
        if given.turns:
            share(folder, given.seconds, given.turns)
        if given.minutes:
            keys = [[tab.key, "Q", UNDO, ESCAPE] if tab.label == "Edit" else [tab.key] for tab in TABS]
            memory(folder, given.minutes, [*chain.from_iterable(keys), "?", "?"])


if __name__ == "__main__":
    main()
