"""`tuicnn fmt`, as a user, an editor or a script runs it."""

from __future__ import annotations

import errno
import os
import pty
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.conftest import Run
from tuicnn.cli.output.diff import diff_lines
from tuicnn.cli.program import main

MESSY = "optim: adam\ndata:mnist\nconv 8  3x3 → relu # why\nflatten -> dense 10"
TIDY = "optim: adam\ndata:  mnist\nconv 8 3x3 -> relu  # why\nflatten -> dense 10\n"


def fmt(*arguments: object, input: bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["fmt", *map(str, arguments)], input=input)


@pytest.fixture
def messy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "messy.net"
    path.write_text(MESSY)
    return path


def test_a_file_is_written_in_form_once(messy: Path) -> None:
    done = fmt("messy.net")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "formatted messy.net\n", "")
    assert messy.read_text() == TIDY
    before = messy.stat()
    done = fmt("messy.net")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "nothing to change\n", "")
    assert (messy.stat().st_ino, messy.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert [p.name for p in messy.parent.iterdir()] == ["messy.net"]


def test_line_ends_and_byte_order_marks_count_as_changes(messy: Path) -> None:
    for written in (TIDY.replace("\n", "\r\n"), "\ufeff" + TIDY, TIDY.removesuffix("\n")):
        messy.write_bytes(written.encode())
        assert fmt("--check", messy).exit_code == 1
        assert fmt(messy).exit_code == 0
        assert messy.read_bytes() == TIDY.encode()


def test_mode_and_link_are_kept(messy: Path, tmp_path: Path) -> None:
    messy.chmod(0o754)
    link = tmp_path / "far" / "link.net"
    link.parent.mkdir()
    link.symlink_to("../messy.net")
    assert fmt(link).exit_code == 0
    assert link.is_symlink()
    assert messy.read_text() == TIDY
    assert stat.S_IMODE(messy.stat().st_mode) == 0o754
    assert [p.name for p in link.parent.iterdir()] == ["link.net"]


def test_check_lists_what_would_change_and_writes_nothing(messy: Path) -> None:
    Path("tidy.net").write_text(TIDY)
    done = fmt("--check", "tidy.net", "messy.net")
    assert (done.exit_code, done.stdout) == (1, "messy.net\n")
    assert messy.read_text() == MESSY
    done = fmt("--check", "tidy.net")
    assert (done.exit_code, done.stdout) == (0, "")


def test_diff_shows_what_would_change_and_writes_nothing(messy: Path) -> None:
    done = fmt("--diff", "messy.net")
    assert done.exit_code == 0
    assert done.stdout == (
        "--- messy.net\n+++ messy.net\n@@ -1,4 +1,4 @@\n optim: adam\n"
        "-data:mnist\n-conv 8  3x3 → relu # why\n-flatten -> dense 10\n\\ No newline at end of file\n"
        "+data:  mnist\n+conv 8 3x3 -> relu  # why\n+flatten -> dense 10\n"
    )
    assert messy.read_text() == MESSY
    both = fmt("--diff", "--check", "messy.net")
    assert (both.exit_code, both.stdout) == (1, done.stdout)
    messy.write_text(TIDY)
    assert (fmt("--diff", "--check", "messy.net").exit_code, fmt("--diff", "messy.net").stdout) == (0, "")


def test_a_diff_has_the_lines_of_the_files() -> None:
    """Other characters that some programs take for the end of a line are part of theirs."""
    assert list(diff_lines("a", "x\x0c\u2028y\r\n", "")) == [
        "--- a\n", "+++ a\n", "@@ -1 +0,0 @@\n", "-x\x0c\u2028y\r\n",
    ]  # fmt: skip


def test_standard_input_goes_to_standard_output(messy: Path) -> None:
    done = fmt("-", input=MESSY.encode())
    assert (done.exit_code, done.stdout, done.stderr) == (0, TIDY, "")
    assert fmt("-", input=TIDY.encode()).stdout == TIDY
    assert fmt("-", input=b"").stdout == ""
    done = fmt("--check", "-", input=MESSY.encode())
    assert (done.exit_code, done.stdout) == (1, "-\n")
    broken = fmt("-", input=b"relu ->")
    assert (broken.exit_code, broken.stdout) == (1, "")
    assert "standard input:1:6" in broken.stderr
    assert "standard input is not in UTF-8" in fmt("-", input=b"\xff").stderr


def test_a_file_with_syntax_errors_is_left_and_the_others_are_formatted(messy: Path) -> None:
    broken = Path("broken.net")
    broken.write_text("conv 8  3x3 ->\n")
    done = fmt("broken.net", "messy.net")
    assert (done.exit_code, done.stdout) == (1, "formatted messy.net\n")
    assert "broken.net:1:13" in done.stderr
    assert broken.read_text() == "conv 8  3x3 ->\n"
    assert messy.read_text() == TIDY


def test_a_file_that_cannot_be_trained_is_formatted(messy: Path) -> None:
    messy.write_text("covn  8 3x3 -> dense 10")
    done = fmt("messy.net")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "formatted messy.net\n", "")
    assert messy.read_text() == "covn 8 3x3 -> dense 10\n"


def test_what_is_no_text_is_told_in_a_sentence(messy: Path) -> None:
    Path("nul.net").write_bytes(b"relu\0")
    Path("nets").mkdir()
    done = fmt("missing.net", "nul.net", "nets", "messy.net")
    assert (done.exit_code, done.stdout) == (1, "formatted messy.net\n")
    for said in ("no file missing.net", "nul.net is not a text", "nets is a folder", "tuicnn fmt nets/*.net"):
        assert said in done.stderr
    assert fmt("--check", "missing.net").exit_code == 1


def test_a_file_is_whole_when_the_disk_is_full(messy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for call in ("write", "fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, call, full)
            done = fmt("messy.net")
        assert done.exit_code == 1, call
        assert done.stderr == "tuicnn: messy.net cannot be written: the disk is full\n"
        assert messy.read_text() == MESSY
        assert [p.name for p in messy.parent.iterdir()] == ["messy.net"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_read_only_file_is_left(messy: Path) -> None:
    messy.chmod(0o444)
    done = fmt("messy.net")
    assert done.exit_code == 1
    assert "messy.net cannot be written" in done.stderr
    assert messy.read_text() == MESSY


@pytest.mark.parametrize("arguments", [[], ["--wat", "a.net"], ["-", "-"]])
def test_bad_usage_exits_with_2(arguments: list[str]) -> None:
    done = fmt(*arguments)
    assert done.exit_code == 2
    assert "Usage: " in done.stderr


def test_output_is_utf_8_whatever_the_locale(tuicnn: Run, tmp_path: Path) -> None:
    (tmp_path / "work" / "a.net").write_text("relu   # größer → 3×3\n")
    done = tuicnn("fmt", "--diff", "a.net", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert (done.returncode, done.stderr) == (0, "")
    assert "+relu  # größer → 3×3\n" in done.stdout


def test_a_diff_is_coloured_in_a_terminal(messy: Path, environment: dict[str, str]) -> None:
    """And what is in the file does not steer the terminal."""
    messy.write_text("relu   # \x1b[2J\n")
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tuicnn", "fmt", "--diff", "messy.net"],
            stdout=theirs, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, env=environment, timeout=60, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, b"")
        shown = os.read(ours, 65536).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert "\x1b[31m-relu" in shown
    assert "\x1b[32m+relu" in shown
    assert "\x1b[2J" not in shown
