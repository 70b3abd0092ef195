"""Kills real training processes at random moments with SIGKILL, resumes them, and compares the bits.

    python -m tests.faults.kills --count 200

For each kill a run is started in a process of its own, killed after a random time (in reading, steps, saving or
validation), resumed with another number of threads, killed again and again, and at last let go to its end. Its last
checkpoint and its journal must be those of a run that was never interrupted. Prints a line for each run, then counts.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, closing
from pathlib import Path

from tests.conftest import start_worker
from tests.runs.small import checkpoint_of, made_data, read_journal, same, story
from tuicnn.runs.creation import create_run
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.status import summary
from tuicnn.training.events import Start
from tuicnn.training.options import Options
from tuicnn.worker.stopping import stop as stop_run

__all__ = ["NET", "Campaign", "main"]

#: saves take a good part of its time, since it saves at the end of each of its short epochs
NET = """\
data: npz "{data}" val=10
optim: adam lr=0.003
schedule: cosine
augment: shift=1
train: epochs={epochs} batch=12 seed=4
conv 6 3x3 pad=1 -> batchnorm -> relu -> conv 6 3x3 -> relu -> dropout 0.3 -> flatten -> dense 40 -> dense 3
"""
PATIENCE = 120.0  # seconds that a run may take to its end


class Campaign:
    """One net, the run that was never interrupted, and runs that are. `seed` draws the moments. Close it in the end."""

    def __init__(self, parent: Path, *, epochs: int = 100, seed: int = 0) -> None:
        self.text = NET.format(data=made_data(parent), epochs=epochs)
        self.parent, self.dice = parent, random.Random(seed)
        self.newest: subprocess.Popen[bytes] | None = None
        self.whole = create_run(parent, "whole", self.text)
        self._to_its_end(self._process(self.whole, threads=1), self.whole)

    def close(self) -> None:
        """End the process that is left where something went wrong."""
        if self.newest is not None:
            self.newest.kill()
            self.newest.wait()

    def run(self, kills: int) -> Counter[str]:
        """Kill one run so many times; what the kills met. Raises `AssertionError` where a bit differs."""
        folder = create_run(self.parent, "killed", self.text)
        met: Counter[str] = Counter()
        for number in range(kills):
            process = self._process(folder, threads=1 + number % 2)
            self._let_it_train(process, folder)
            process.send_signal(signal.SIGKILL)
            process.wait()
            met[self._what_it_left(folder)] += 1
            if summary(folder).state == "done":  # killed after its end
                break
        else:
            self._to_its_end(self._process(folder, threads=1 + kills % 2), folder)
        assert same(checkpoint_of(folder), checkpoint_of(self.whole)), f"other bits in {folder.path}"
        assert story(folder) == story(self.whole), f"another story in {folder.path}"
        assert folder.snapshots.epochs() == self.whole.snapshots.epochs(), f"other snapshots in {folder.path}"
        assert folder.predictions.epochs() == self.whole.predictions.epochs(), f"other predictions in {folder.path}"
        return met

    def _let_it_train(self, process: subprocess.Popen[bytes], folder: RunFolder) -> None:
        """For a random time: mostly counted from its next checkpoint, else from its start."""
        checkpoints = folder.checkpoints
        before = checkpoints.steps()[:1]
        if self.dice.random() < 0.9:
            until = time.monotonic() + PATIENCE
            while checkpoints.steps()[:1] == before and process.poll() is None:
                assert time.monotonic() < until, f"{folder.path} does not go on"
                time.sleep(0.001)
            time.sleep(self.dice.uniform(0, 0.1))
        else:
            time.sleep(self.dice.uniform(0, 1.5))

    def _process(self, folder: RunFolder, threads: int) -> subprocess.Popen[bytes]:
        resume = any(isinstance(event, Start) for event in read_journal(folder.journal, steps=False).events)
        self.newest = start_worker(folder, Options(threads=threads), resume=resume)
        return self.newest

    def _what_it_left(self, folder: RunFolder) -> str:
        """In what a process was killed, as its folder tells."""
        files = list(folder.checkpoints.path.iterdir()) if folder.checkpoints.path.exists() else []
        if any(path.name.startswith(".tmp") for path in (*files, *folder.path.iterdir())):
            return "in writing a file"
        if summary(folder).state == "done":
            return "after its end"
        return "between two files" if folder.checkpoints.steps() else "before its first checkpoint"

    def _to_its_end(self, process: subprocess.Popen[bytes], folder: RunFolder) -> None:
        until = time.monotonic() + PATIENCE
        while summary(folder).state not in ("done", "failed", "diverged"):
            assert time.monotonic() < until, f"{folder.path} does not end"
            assert process.poll() is None or summary(folder).state == "done", folder.log.read_text()[-2000:]
            time.sleep(0.02)
        if folder.alive:
            stop_run(folder)
        process.wait(30)
        assert summary(folder).state == "done", folder.log.read_text()[-2000:]


def main() -> int:
    """Run a campaign; 0 where every run ended with the same bits."""
    parser = argparse.ArgumentParser(description="Kill training processes at random moments, and compare the bits.")
    parser.add_argument("--count", type=int, default=200, help="how many kills")
    parser.add_argument("--each", type=int, default=4, help="how many of them a run gets")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    survived, met, failed = 0, Counter[str](), 0
    with tempfile.TemporaryDirectory(prefix="tuicnn-kills-") as folder, ExitStack() as stack:
        campaign = stack.enter_context(closing(Campaign(Path(folder), seed=given.seed)))
        while sum(met.values()) < given.count and not failed:
            kills = min(given.each, given.count - sum(met.values()))
            try:
                found = campaign.run(kills)
            except AssertionError as error:
                failed += 1
                print(f"FAILED: {error}")
                continue
            met += found
            survived += found.total()
            print(f"{survived} kills survived: {dict(found)}", flush=True)
    print(f"{survived} of {given.count} kills survived, {failed} runs with other bits; killed {dict(met)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
