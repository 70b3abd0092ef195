"""Runs in the background that train for ever, and a place for their sockets."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import start_worker
from tests.faults.terminal import Terminal
from tests.faults.waiting import steps
from tuicnn.runs.creation import create_run
from tuicnn.runs.folder import RunFolder
from tuicnn.training.options import Options

TEXT = "data: mnist val=50 limit=100\ntrain: batch=20\nflatten -> dense 10\n"

FOR_EVER = Options(epochs=100_000, threads=1)

Begin = Callable[..., tuple[RunFolder, "subprocess.Popen[bytes]"]]
Shell = Callable[..., Terminal]
Sweep = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(autouse=True)
def sockets(runtime: Path) -> None:
    """Each test here has a folder for sockets of its own."""


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Starts workers, and sees to it that none is left."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(
        options: Options = FOR_EVER, parent: Path = tmp_path, text: str = "", wait: bool = True
    ) -> tuple[RunFolder, subprocess.Popen[bytes]]:
        folder = create_run(parent, "tiny", text or TEXT)
        process = start_worker(folder, options, tmp_path / "tiny.net")
        started.append(process)
        if wait:
            steps(folder, more=20)
        return folder, process

    yield begin
    for process in started:
        process.kill()
        process.wait(10)


@pytest.fixture
def sweep(tmp_path: Path, environment: dict[str, str]) -> Iterator[Sweep]:
    """Starts `tuicnn sweep … --json`."""
    started = []

    def begin(*arguments: str | Path) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tuicnn", "sweep", *arguments, "--json"],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def terminals(tmp_path: Path, runtime: Path, environment: dict[str, str]) -> Iterator[Shell]:
    """Starts `tuicnn …` in terminals of their own."""
    with contextlib.ExitStack() as stack:

        def shell(*arguments: str | Path, program: tuple[str | Path, ...] = (), **more: str) -> Terminal:
            command = program or (sys.executable, "-m", "tuicnn")
            here = {**environment, "XDG_RUNTIME_DIR": str(runtime), **more}
            return stack.enter_context(Terminal([*command, *arguments], tmp_path, here))

        yield shell


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that everybody may enter, so that what is closed in it is closed by the run itself."""
    path = Path(tempfile.mkdtemp(prefix="tuicnn-public-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)
