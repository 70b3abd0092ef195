"""Three screens come and go on one run, for as long as one likes: `python -m tests.faults.soak --minutes 30`.

Each screen is the real one, in a terminal of its own; one stays from the first minute to the end. Measured are the
memory that is a process's own, and its open files, of the run's process and of the screen that stays: after the first
minute the memory may grow by 2 %, and the files by none. Exit code 1 where they did more, or anything else went wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import start_worker
from tests.faults.looking import descriptors, resident
from tests.faults.terminal import Terminal, plain
from tuicnn.runs.creation import create_run
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.status import summary
from tuicnn.training.options import Options
from tuicnn.worker.stopping import stop as stop_run

SETTLED = 60.0  # seconds after which nothing may grow any more
EVERY = 2.0  # seconds between two looks, and two keys
HURRIED = 0.4  # seconds between two keys at first: all panes, layers and dialogs are to be seen before it is judged
ALLOWED = 0.02
ROOT = Path(__file__).resolve().parent.parent.parent
#: what a person does on a screen, and then again
KEYS = ("\t", "n", "?", "\x1b", "f", "f", "\x1b[B", "\x1b[B", "\x1b[A", " ", " ", "\t")


@dataclass
class Watched:
    """A process's memory (bytes) and open files over time."""

    name: str
    pid: int
    memory: list[tuple[float, int]] = field(default_factory=list)
    files: list[tuple[float, int]] = field(default_factory=list)

    def look(self, now: float) -> None:
        self.memory.append((now, resident(self.pid)))
        self.files.append((now, descriptors(self.pid)))

    def verdict(self) -> tuple[str, bool]:
        """A line of the summary, and whether it is good.

        Of the memory, medians: one look may fall into the middle of an answer. Of the files, what nine looks in ten do
        not go beyond, over a longer time: each screen that is there is one more, and all three are there often enough.
        """
        end = self.memory[-1][0]
        short, long = (min(seconds, (end - SETTLED) / 3) for seconds in (30.0, 120.0))
        first, last = (
            (_quantile(self.memory, 0.5, a, a + short), _quantile(self.files, 0.9, b, b + long))
            for a, b in ((SETTLED, SETTLED), (end - short, end - long))
        )
        growth = last[0] / first[0] - 1
        good = growth < ALLOWED and last[1] <= first[1]
        return (
            f"{self.name:<24} memory {first[0] / 2**20:7.1f} MB -> {last[0] / 2**20:7.1f} MB ({growth:+.2%}), "
            f"files {first[1]:.0f} -> {last[1]:.0f}: {'good' if good else 'IT GROWS'}\n"
            f"  MB over time: {' '.join(self._series())}",
            good,
        )

    def _series(self) -> list[str]:
        """Some sixteen of the looks at the memory."""
        return [f"{memory / 2**20:.1f}" for _, memory in self.memory[:: max(1, len(self.memory) // 16)]]


def _quantile(looks: list[tuple[float, int]], share: float, begin: float, end: float) -> float:
    found = sorted(value for at, value in looks if begin <= at <= end)
    return found[int(share * len(found))]


class Guest:
    """A screen that comes, looks around, and goes in one way or another."""

    def __init__(self, folder: RunFolder, chance: random.Random) -> None:
        self._folder, self._chance = folder, chance
        self.visits = {"leaves": 0, "closes its terminal": 0, "is killed": 0}
        self._shown: Terminal | None = None
        self._until = 0.0

    def live(self) -> None:
        """Be there or not, and press a key where it is."""
        now = time.monotonic()
        if self._shown is None:
            if now > self._until:
                self._shown, self._until = _screen(self._folder), now + self._chance.uniform(5, 20)
            return
        self._shown.read(0)
        if now < self._until:
            self._shown.press(self._chance.choice(KEYS[:-2]))
            return
        how = self._chance.choice(sorted(self.visits))
        self.visits[how] += 1
        if how == "is killed":
            self._shown.process.kill()
        elif how == "closes its terminal":
            self._shown.close()
        end = time.monotonic() + 20
        while self._shown.process.poll() is None and time.monotonic() < end:
            if how == "leaves":  # the first one asks, the second one is the answer
                self._shown.press("\x03")
                self._shown.read(0.5)
            else:
                time.sleep(0.05)
        assert self._shown.process.poll() is not None, f"a screen that {how} does not end"
        self._shown.__exit__()
        self._shown, self._until = None, now + self._chance.uniform(1, 5)

    def go(self) -> None:
        if self._shown is not None:
            self._shown.__exit__()


def _screen(folder: RunFolder) -> Terminal:
    environment = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}
    return Terminal([sys.executable, "-m", "tuicnn", "attach", folder.path], ROOT, environment, rows=40)


@contextlib.contextmanager
def running(net: Path) -> Iterator[tuple[RunFolder, int]]:
    """A run in the background, in a folder that is removed in the end."""
    place = Path(tempfile.mkdtemp(prefix="tuicnn-soak-"))
    process = None
    try:
        folder = create_run(place, net.stem, net.read_text(encoding="utf-8"))
        process = start_worker(folder, Options(epochs=100_000), net)
        while folder.holder is None:
            assert process.poll() is None, folder.log.read_text()[-2000:]
            time.sleep(0.05)
        yield folder, process.pid
        stop_run(folder)
    finally:
        if process is not None:
            process.kill()
            process.wait()
        shutil.rmtree(place)


def main() -> int:
    """Soak, print a summary; 0 where all was well."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--net", type=Path, default=ROOT / "nets/mnist.net")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    seconds = given.minutes * 60
    if seconds < 1.5 * SETTLED:
        parser.error("--minutes must be 1.5 at least: what happens in the first minute is not judged")
    with running(given.net) as (folder, pid):
        guests = [Guest(folder, random.Random(given.seed + number)) for number in range(2)]
        with _screen(folder) as stays:
            watched = [Watched("the run's process", pid), Watched("the screen that stays", stays.process.pid)]
            stays.until("training")
            began = looked = pressed = time.monotonic()
            keys = 0
            while (now := time.monotonic()) < began + seconds:
                stays.read(0.2)
                stays.said = stays.said[-(1 << 16) :]
                for guest in guests:
                    guest.live()
                if now - pressed >= (HURRIED if now < began + SETTLED else EVERY):
                    pressed = now
                    stays.press(KEYS[keys % len(KEYS)])
                    keys += 1
                if now - looked >= EVERY:
                    looked = now
                    for one in watched:
                        one.look(now - began)
            last = plain(stays.said)[-300:]
            assert stays.process.poll() is None, f"the screen that was to stay has left: {last}"
        for guest in guests:
            guest.go()
        lines = [one.verdict() for one in watched]
        visits = {how: sum(guest.visits[how] for guest in guests) for how in guests[0].visits}
        steps = summary(folder)
        log = folder.log.read_text().partition("\n")[2]  # it begins with a line that says so
    print(f"{seconds / 60:g} minutes of {given.net.name}, {steps.epochs} epochs; the other two screens:", visits)
    for line, _ in lines:
        print(line)
    if log:
        print("the process's log ends with:", log[-1000:])
    return 0 if all(good for _, good in lines) and not log else 1


if __name__ == "__main__":
    raise SystemExit(main())
