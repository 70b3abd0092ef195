"""Whoever waits for a data set is told how many of its pictures are read: a count that rises to their number."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from tests.data.test_cifar import pictures
from tuicnn.cli.output.train import JsonLines, PlainLines, ProgressDisplay
from tuicnn.data import Cifar10, portions
from tuicnn.data.reading_progress import report_reading
from tuicnn.training.events import Reading


def test_the_count_rises_to_the_number_of_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUICNN_DATA", str(tmp_path))
    monkeypatch.setattr(portions, "_PORTION_FILES", 7)
    for name, content in pictures().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    told: list[tuple[int, int]] = []
    with report_reading(lambda done, total: told.append((done, total))):
        Cifar10().load()
    assert [total for _, total in told] == [30] * len(told)
    done = [count for count, _ in told]
    assert done == sorted(set(done))
    assert done[-1] == 30


def test_a_terminal_shows_the_count_and_other_outputs_do_not() -> None:
    shown, lines = StringIO(), StringIO()
    event = Reading("reading cifar10: 12,400 of 60,000 images")
    display = ProgressDisplay(Console(file=shown, force_terminal=True, width=120))
    display(event)
    display.close()
    assert event.message in shown.getvalue()
    JsonLines(lines)(event)
    PlainLines(lines)(event)
    assert lines.getvalue() == ""
