"""What all tests share: the command as a user runs it, and a home of their own."""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from tests.program import Program
from tuicnn.system.machine import processors
from tuicnn.system.process import ONE_THREAD

if TYPE_CHECKING:
    from tests.worker.fake_feed import FakeFeed
    from tuicnn.runs.folder import RunFolder
    from tuicnn.training.options import Options

# before NumPy and PyTorch are imported: threads of several tests that wait for each other take several times as long
os.environ.update(ONE_THREAD)

# how long an example takes says more of what else the machine does than of the code
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# a shell starts its background jobs with SIGINT ignored, and what the tests start would inherit that
for _number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP):
    if signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _number == signal.SIGINT else signal.SIG_DFL)

ROOT = Path(__file__).resolve().parent.parent

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def start_worker(folder: RunFolder, options: Options, net: Path | None = None, **more: Any) -> subprocess.Popen[bytes]:
    """Start the process of a run that was begun with some options; see `tuicnn.worker.launch.start`."""
    from tuicnn.runs.origin import Origin
    from tuicnn.worker.launch import start

    Origin(net, None, options).keep(folder)
    return start(folder, **more)


def end_all(runtime: Path) -> None:
    """End the processes of a test that are still there, also in sessions of their own; they know its `runtime`."""
    mark = b"XDG_RUNTIME_DIR=" + os.fsencode(runtime)
    for name in os.listdir("/proc"):  # noqa: PTH208 - numbers, no paths
        with contextlib.suppress(ValueError, OSError):
            if mark in Path(f"/proc/{name}/environ").read_bytes().split(b"\0") and int(name) != os.getpid():
                os.kill(int(name), signal.SIGKILL)


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A bare environment: an empty home, no settings of whoever runs the tests. What is left in it is ended."""
    home = tmp_path / "home"
    home.mkdir()
    runtime = tmp_path / "r"
    runtime.mkdir(mode=0o700)
    yield {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(runtime),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "TUICNN_MIRROR": "none",  # no test waits for a network
        "PYTHONPATH": str(ROOT),
        # what the tests import is compiled once
        **({"PYTHONPYCACHEPREFIX": os.environ["PYTHONPYCACHEPREFIX"]} if "PYTHONPYCACHEPREFIX" in os.environ else {}),
    }
    end_all(runtime)


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A short folder for sockets, of this test alone."""
    path = Path(tempfile.mkdtemp(prefix="t"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(path))
    yield path
    end_all(path)
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def program() -> Iterator[Program]:
    """What commands are forked from."""
    started = Program()
    yield started
    started.close()


@pytest.fixture
def tuicnn(tmp_path: Path, environment: dict[str, str], program: Program) -> Run:
    """Run `tuicnn …` in an empty folder, without a terminal."""
    folder = tmp_path / "work"
    folder.mkdir()

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        if all(name.startswith(("TUICNN_", "XDG_")) for name in more):
            return program.run(arguments, folder, {**environment, **more})
        # what Python and the C library read at their start
        return subprocess.run(
            [sys.executable, "-m", "tuicnn", *arguments],
            cwd=folder,
            env={**environment, **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def usage_error(*arguments: str) -> str:
    """What `tuicnn …` says, within this process, where it is typed wrongly."""
    from click.testing import CliRunner

    from tuicnn.cli.program import main

    done = CliRunner().invoke(main, arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    return done.stderr


@pytest.fixture
def stopped(tuicnn: Run, tmp_path: Path) -> RunFolder:
    """A run of `my.net` that was stopped after its fourth step, in the folder where the commands are run."""
    from tests.runs.small import NET, made_data, stop_after, train
    from tuicnn.runs.creation import create_run
    from tuicnn.runs.origin import Origin
    from tuicnn.training.options import Options

    work = tmp_path / "work"
    text = NET.format(data=made_data(tmp_path), optim="optim: adam lr=0.01")
    (work / "my.net").write_text(text)
    folder = create_run(work, "my", text)
    Origin(work / "my.net", work, Options(threads=1)).keep(folder)
    train(folder, report=stop_after(4))
    return folder


@pytest.fixture
def feed(monkeypatch: pytest.MonkeyPatch) -> FakeFeed:
    """A run that has trained a hundred steps, and goes on when told to; what it does is seen sooner than usually."""
    from tests.worker.fake_feed import FakeFeed
    from tuicnn.worker import watcher

    for period in ("NUMBERS_PERIOD", "CROWDED_PERIOD"):
        monkeypatch.setattr(watcher, period, 0.1)
    made = FakeFeed()
    made.advance(100)
    return made


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """No test leaves a signal with another handler, or blocked: the next one would get it, or not."""

    def now() -> list[object]:
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1)
        return [signal.pthread_sigmask(signal.SIG_BLOCK, ()), *map(signal.getsignal, numbers)]

    before = now()
    yield
    assert now() == before


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Two workers for each processor with `-n auto`: tests of a screen or of a process wait for much of their time."""
    return 2 * processors()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that start the program: `-m "not processes"` leaves them out."""
    for item in items:
        if "environment" in getattr(item, "fixturenames", ()) or "faults" in item.path.parts:
            item.add_marker("processes")


def pytest_collection_finish() -> None:
    """Leave what was imported and collected out of garbage collection: it stays, and looking through it takes long."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many tests there were of either kind, how long they took, and the ten slowest."""
    seconds: dict[str, float] = defaultdict(float)
    slow: set[str] = set()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[report.nodeid] += report.duration
                if "processes" in report.keywords:
                    slow.add(report.nodeid)
    if len(seconds) < 100:
        return
    terminalreporter.section("how long the tests took, one after the other")
    for kind, names in (("within one process", seconds.keys() - slow), ("that start processes", slow)):
        terminalreporter.line(f"{len(names):6,} tests {kind}: {sum(seconds[name] for name in names):7.1f} s")
    for name in sorted(seconds, key=lambda name: -seconds[name])[:10]:
        terminalreporter.line(f"{seconds[name]:8.1f} s  {name}")
