"""What docs/exporting.md shows is what the commands print today, but for the figures; its programs run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, Run
from tests.runs.small import train
from tuicnn.runs.creation import create_run
from tuicnn.runs.folder import RunFolder

PAGE = (ROOT / "docs/exporting.md").read_text(encoding="utf-8")
COMMANDS = [line.partition("#")[0].split() for line in re.findall(r"^    tuicnn (.+)$", PAGE, re.MULTILINE)]
SHOWN = re.findall(r"^\$ tuicnn (.+)\n((?:(?!```|\$ ).*\n)+)", PAGE, re.MULTILINE)
PROGRAMS = re.findall(r"^```python\n(.+?)^```", PAGE, re.MULTILINE | re.DOTALL)
NET = "data: mnist val=50 limit=100\ntrain: epochs=2\nconv 8 3x3 pad=1 -> relu -> maxpool 2 -> flatten -> dense 10\n"


@pytest.fixture
def run(tmp_path: Path, tuicnn: Run) -> RunFolder:
    """The page's run, which learns little and soon, and its nets."""
    work = tmp_path / "work"
    (work / "mnist.net").write_text(NET)
    (work / "wider.net").write_text(NET.replace("dense 10", "dense 20 -> dense 10"))
    folder = create_run(work, "mnist", NET)
    train(folder)
    return folder


def words(text: str) -> list[list[str]]:
    """Lines without figures."""
    return [re.sub(r"\b[0-9.,]+%?", "N", line).split() for line in text.strip().splitlines()]


def test_commands_work_and_print_what_is_shown(tuicnn: Run, run: RunFolder) -> None:
    pytest.importorskip("onnx", reason="the package onnx writes the file (the extra `onnx` has it)")
    assert len(COMMANDS) > 8
    shown = dict(SHOWN)
    for command in COMMANDS:
        done = tuicnn(*command)
        assert done.returncode == 0, done.stderr
        if " ".join(command) in shown:
            assert words(done.stdout) == words(shown.pop(" ".join(command)))
    assert not shown


@pytest.mark.parametrize("code", PROGRAMS, ids=["onnx", "torch"])
def test_programs_run(code: str, tuicnn: Run, run: RunFolder, tmp_path: Path) -> None:
    needed = {"onnxruntime": ["onnx", "onnxruntime"], "torch": ["torch"]}
    for package in next(names for name, names in needed.items() if f"import {name}" in code):
        pytest.importorskip(package, reason=f"{package} runs the program (the extras `onnx` and `bench` have it)")
    assert tuicnn("export", "mnist-1", "-o", "net.onnx" if "onnx" in code else "net.py").returncode == 0
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path / "work", capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"\[('\d', ){4}'\d'\]", done.stdout.strip())
