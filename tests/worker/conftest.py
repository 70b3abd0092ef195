"""A run's folder, a place for its socket, and a server with a pretended run behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worker.pretend import PretendRun
from tuicnn.runs.creation import create_run
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.lock import identity_of
from tuicnn.worker.address import address_for
from tuicnn.worker.server import Server


@pytest.fixture(autouse=True)
def sockets(runtime: Path) -> None:
    """Each test here has a folder for sockets of its own."""


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """A new run."""
    return create_run(tmp_path, "tiny", "dense 10\n")


@pytest.fixture
def run() -> PretendRun:
    """What the server serves."""
    return PretendRun()


@pytest.fixture
def server(folder: RunFolder, run: PretendRun) -> Iterator[Server]:
    """A server that listens, with the run's lock held as a worker holds it."""
    with folder.lock():
        made = Server(run, identity_of(folder.path), lambda: address_for(folder.path))
        yield made
        made.close()
