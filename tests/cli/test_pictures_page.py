"""What docs/pictures.md tells to type works, and gives the files that it names."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import ROOT, Run
from tests.runs.small import train
from tuicnn.cli.program import main
from tuicnn.errors import UserError
from tuicnn.runs.creation import create_run

PAGE = (ROOT / "docs/pictures.md").read_text(encoding="utf-8")
COMMANDS = [line.partition("#")[0].split() for line in re.findall(r"^    tuicnn (.+)$", PAGE, re.MULTILINE)]
SHOWN = re.findall(r"^\$ tuicnn (.+)\n((?:(?!```).*\n)+)", PAGE, re.MULTILINE)
NET = "data: mnist val=50 limit=100\ntrain: epochs=2\nconv 2 3x3 -> relu -> maxpool 2 -> flatten -> dense 10\n"


@pytest.fixture(autouse=True)
def run(tuicnn: Run, tmp_path: Path) -> None:
    """The page's run, of a net that learns little and soon."""
    Image.fromarray(np.zeros((56, 40, 3), np.uint8) + 255).save(tmp_path / "work/three.png")
    train(create_run(tmp_path / "work", "mnist", NET))


def of(name: str) -> list[list[str]]:
    """The commands of the page that begin so."""
    found = [command for command in COMMANDS if command[0] == name]
    assert found
    return found


def test_reports(tuicnn: Run) -> None:
    for command in of("report"):
        done = tuicnn(*command)
        assert (done.returncode, done.stderr) == (0, ""), command


def test_figures(tuicnn: Run, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib, the extra `plot`, is not installed")
    ((shown, files),) = SHOWN
    assert tuicnn(*shown.split()).stdout == files
    for command in of("plot"):
        done = tuicnn(*command)
        assert (done.returncode, done.stderr) == (0, ""), command
    made = {path.name for path in (tmp_path / "work/figures").iterdir()}
    assert made >= {"curves.png", "curves.pdf", "maps-relu1.png", "filters-conv1.png"}


def test_without_matplotlib_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UserError, match=re.escape("pip install -e '.[plot]'")):
        main.main(["plot", "mnist-1", "-o", "figures"], standalone_mode=False)
    assert not (tmp_path / "work/figures").exists()
