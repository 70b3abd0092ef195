"""The log of a run's process helps, and does not fill the disk."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tuicnn.runs import log as log_module
from tuicnn.runs.log import entry, last_words, log, log_error, log_to


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_module, "_file", [])
    monkeypatch.setattr(log_module, "_written", set())


def test_an_error_is_written_once(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        log_error(ValueError("the same"))
    log_error(ValueError("another"))
    said = capsys.readouterr().err
    assert (said.count("the same"), said.count("another")) == (1, 1)


def test_many_different_errors_are_cut_off(capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(1000):
        log_error(ValueError(f"number {number}"))
    assert len(capsys.readouterr().err.splitlines()) == log_module.MOST_ERRORS


def test_a_file_in_the_place_of_standard_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log_to(tmp_path / "log")
    assert not (tmp_path / "log").exists()
    log("first")
    log("second")
    assert re.fullmatch(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (first|second)\n){2}", (tmp_path / "log").read_text())
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600
    log_to(tmp_path / "none" / "log")
    log("lost, and nothing else")
    assert capsys.readouterr().err == ""


#: processes that end in ways of their own, the first with what it has to say of it
ENDS = {
    "raise ValueError('the weights\\n  of conv1')": "ValueError: the weights",
    "sys.exit('The net of the run cannot be trained.')": "The net of the run cannot be trained.",
    "os.kill(os.getpid(), signal.SIGKILL)": "",
    "log('The disk is full.'); os.kill(os.getpid(), signal.SIGKILL)": "",
    "log_error(ValueError('a screen asked too much')); os.kill(os.getpid(), signal.SIGKILL)": "",
    "log('The disk is full.'); raise ValueError('no')": "ValueError: no",
}


@pytest.mark.parametrize("end", ENDS)
def test_of_a_process_that_is_gone_only_what_it_said_of_its_end_is_told(tmp_path: Path, end: str) -> None:
    log = tmp_path / "worker.log"
    program = "import os, signal, sys\nfrom tuicnn.runs.log import log, log_error\n"
    with log.open("ab") as file:
        for earlier in ("raise OSError('of an earlier process')", end):
            file.write(entry("The run's process begins."))
            file.flush()
            subprocess.run([sys.executable, "-c", program + earlier], stderr=file, check=False)
    assert last_words(log) == ENDS[end]


def test_what_a_process_said_at_last_is_one_line_that_can_be_shown(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    assert last_words(log) == ""
    log.write_bytes(b"a\n" * 5000 + b"the \x1b[31mend\xff\n\n")
    assert last_words(log) == "the \\x1b[31mend\ufffd"
