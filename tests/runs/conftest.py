"""A run that was stopped on its way, to be copied."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.runs.small import a_run, stop_after, train
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.status import summary


@pytest.fixture(scope="session")
def stopped_run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run that was stopped after its fourth step, with checkpoints of the third and the fourth. To be copied."""
    folder = a_run(tmp_path_factory.mktemp("stopped"))
    train(folder, report=stop_after(4))
    assert summary(folder).state == "stopped"
    assert folder.checkpoints.steps() == [4, 3]
    return folder


@pytest.fixture
def left(stopped_run: RunFolder, tmp_path: Path) -> RunFolder:
    """A copy of it."""
    return RunFolder(Path(shutil.copytree(stopped_run.path, tmp_path / "left")))
