"""The Python of docs/runs.md is executed, in an empty folder with the network that it names."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.runs.small import NET, made_data, stop_after, train
from tuicnn.runs.creation import create_run
from tuicnn.training.divergence import MOST_HALVINGS

PAGE = (ROOT / "docs" / "runs.md").read_text()
PREDICTS, CONTROLS = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_the_page_tells_after_how_many_halvings_a_run_gives_up() -> None:
    assert f"after {MOST_HALVINGS} halvings in one epoch" in PAGE


def test_the_file_of_weights_alone_predicts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = create_run(tmp_path, "mnist", NET.format(data=made_data(tmp_path), optim=""))
    train(folder, report=stop_after(1))
    monkeypatch.chdir(tmp_path)
    exec(compile(PREDICTS, "docs/runs.md", "exec"), {})
    assert capsys.readouterr().out in ("0\n", "1\n", "2\n")


@pytest.mark.processes
@pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")  # the page lets it go
def test_a_run_is_begun_stopped_resumed_and_discarded(
    tmp_path: Path, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "nets", tmp_path / "nets")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(compile(CONTROLS.replace("discard(run.folder)", ""), "docs/runs.md", "exec"), names)
    assert '"event":"resumed"' in names["run"].folder.journal.read_text()
    names["discard"](names["run"].folder)
    assert list((tmp_path / "runs").iterdir()) == []
