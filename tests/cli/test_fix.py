"""`tuicnn check --fix` and `--diff`, as a user or a script runs them."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tuicnn.cli import rewriting
from tuicnn.cli.program import main
from tuicnn.language import Diagnostic, read_file

WRONG = "# mine\r\ntrain: epochs=1, batch=32  # short\r\nConv2d 8 3x3 => relu -> flatten\r\ndense 10 // digits\r\n"
RIGHT = "# mine\r\ntrain: epochs=1 batch=32  # short\r\nconv 8 3x3 -> relu -> flatten\r\ndense 10 # digits\r\n"


def check(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["check", *map(str, arguments)])


@pytest.fixture
def wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("my.net")
    path.write_bytes(WRONG.encode())
    return path


def test_what_is_certain_is_written_and_told(wrong: Path) -> None:
    wrong.chmod(0o754)
    done = check("--fix", wrong)
    assert done.exit_code == 0
    assert wrong.read_bytes() == RIGHT.encode()
    assert stat.S_IMODE(wrong.stat().st_mode) == 0o754
    told = [line for line in done.stdout.splitlines() if ": fixed: " in line]
    assert told == [
        "my.net:2:16: fixed: arguments are separated by spaces, not by commas",
        "my.net:3:1: fixed: no layer called `Conv2d`. Did you mean `conv`?",
        "my.net:3:14: fixed: `=>` is not an arrow",
        "my.net:4:10: fixed: `//` does not begin a comment",
    ]
    assert "dense 10" in done.stdout
    before = wrong.stat()
    assert check("--fix", wrong).exit_code == 0
    assert (wrong.stat().st_ino, wrong.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_what_is_a_choice_is_left_and_still_told(wrong: Path) -> None:
    wrong.write_text("flaten => dense 12")
    done = check("--fix", wrong)
    assert done.exit_code == 1
    assert wrong.read_text() == "flaten -> dense 12"
    assert "no layer called `flaten`" in done.stderr


def test_a_diff_writes_nothing(wrong: Path) -> None:
    done = check("--diff", wrong)
    assert done.exit_code == 0
    assert done.stdout.startswith("--- my.net\n+++ my.net\n")
    assert "\n+conv 8 3x3 -> relu -> flatten\r\n+dense 10 # digits\r\n" in done.stdout_bytes.decode()
    assert wrong.read_bytes() == WRONG.encode()
    assert check("--diff", "--json", wrong).exit_code == 2


def test_a_program_is_told_edits_and_what_was_done(wrong: Path) -> None:
    found = json.loads(check("--json", wrong).stdout)
    assert found["fixed"] == []
    arrow = next(d for d in found["diagnostics"] if "=>" in d["message"])
    place = {"file": "my.net", "line": 3, "column": 14, "end_line": 3, "end_column": 16}
    assert (arrow["fixes"], arrow["applicability"]) == ([{**place, "text": "->"}], "safe")
    fixed = json.loads(check("--json", "--fix", wrong).stdout)
    assert (fixed["ok"], len(fixed["fixed"]), fixed["diagnostics"]) == (True, 4, [])


def test_a_file_that_changed_meanwhile_is_not_written(wrong: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []

    def changing(path: Path) -> str | Diagnostic:
        if read:
            path.write_text("relu # saved by an editor")
        read.append(path)
        return read_file(path)

    monkeypatch.setattr(rewriting, "read_file", changing)
    done = check("--fix", wrong)
    assert done.exit_code == 1
    assert "was changed meanwhile" in str(done.exception)
    assert wrong.read_text() == "relu # saved by an editor"


def test_what_cannot_be_written_is_said(wrong: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    done = check("--fix", wrong)
    assert "read-only" in str(done.exception)
    assert wrong.read_bytes() == WRONG.encode()
    assert check("--fix", "missing.net").exit_code == 1
    assert "no file missing.net" in check("--fix", "missing.net").stderr


def test_a_network_of_pytorch_becomes_one_of_ours_with_its_comments(wrong: Path) -> None:
    wrong.write_text(
        "import torch.nn as nn\n\nmodel = nn.Sequential(\n    nn.Conv2d(1, 8, 3, padding=1),   # edges\n"
        "    nn.BatchNorm2d(8),\n    nn.ReLU(inplace=True),\n    nn.MaxPool2d(2),\n    nn.Flatten(),\n"
        "    nn.Linear(1568, 10)\n)\n"
    )
    assert check("--fix", wrong).exit_code == 0
    assert wrong.read_text() == (
        "\n    conv 8 3x3 pad=1   # edges\n    batchnorm\n    relu\n    maxpool(2)\n    flatten\n    dense 10\n"
    )
