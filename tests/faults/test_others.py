"""Who types the commands in a folder with runs of somebody else is told whose they are, not that there are none."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import TEXT, Begin
from tests.program import Program
from tuicnn.errors import UserError
from tuicnn.runs.creation import create_run
from tuicnn.runs.finding import find_run

NOBODY = 65534

AsNobody = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def as_nobody(public: Path, environment: dict[str, str], program: Program) -> AsNobody:
    """Runs `tuicnn …` in the public folder as the user nobody."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return program.run(arguments, public, environment, user=NOBODY)

    return run


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_the_runs_of_another_user(public: Path, begin: Begin, as_nobody: AsNobody) -> None:
    folder, worker = begin(parent=public)

    def told(*arguments: str) -> str:
        done = as_nobody(*arguments)
        assert (done.returncode, done.stdout) == (1, ""), arguments
        (said,) = done.stderr.splitlines()
        return said

    # as runs are made: nobody else sees as much as their names
    for arguments in (
        ["runs"], ["attach", "1"], ["stop"], ["stop", "tiny-1"], ["resume", "runs/tiny-1"], ["train", "runs/tiny-1/"],
    ):  # fmt: skip
        said = told(*arguments)
        assert "belongs to root, and nobody may not look into it" in said, arguments
        assert said.endswith("Do this as root."), arguments
    # a folder of several people, in which each has runs
    folder.path.parent.chmod(0o777)
    listed = as_nobody("runs")
    assert listed.returncode == 0
    assert listed.stderr == "Not shown: tiny-1, which nobody may not read.\n"
    said = told("stop")
    assert "is alive" in said
    assert said.endswith("Not shown: tiny-1, which nobody may not read.")
    for name in ("1", "tiny-1"):
        assert f"{public}/runs/tiny-1 belongs to root, and nobody may not look into it" in told("attach", name)
    assert "There is no run 2" in told("resume", "2")
    # and where somebody has opened all of it to be read
    subprocess.run(["chmod", "-R", "a+rX", folder.path], check=True)
    assert "tiny-1" in as_nobody("runs").stdout
    said = told("stop", "1")
    assert "The run tiny-1 is trained by root, who alone can watch and control it; do this as root." in said
    assert worker.poll() is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_run_of_ones_own_that_was_shut(tmp_path: Path) -> None:
    folder = create_run(tmp_path, "tiny", TEXT)
    folder.path.chmod(0)
    try:
        with pytest.raises(UserError, match=r"give them back with: chmod -R u\+rwX .*tiny-1$"):
            find_run("tiny-1", tmp_path)
    finally:
        folder.path.chmod(0o700)
