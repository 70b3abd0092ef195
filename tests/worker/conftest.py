"""A run's folder, a place for its socket, and a server with a pretended run behind it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import end_all
from tests.worker.pretend import PretendRun
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.lock import identity_of
from tuicnn.worker.address import address_for
from tuicnn.worker.server import Server


@pytest.fixture(autouse=True)
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A short folder for sockets, of this test alone."""
    path = Path(tempfile.mkdtemp(prefix="t"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(path))
    yield path
    end_all(path)
    shutil.rmtree(path)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """A new run."""
    return RunFolder.create(tmp_path, "tiny", "dense 10\n")


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
