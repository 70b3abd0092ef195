"""The log of a run's process helps, and does not fill the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuicnn.worker import log as log_module
from tuicnn.worker.log import log, log_error, log_to


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
    assert (tmp_path / "log").read_text() == "first\nsecond\n"
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600
    log_to(tmp_path / "none" / "log")
    log("lost, and nothing else")
    assert capsys.readouterr().err == ""
