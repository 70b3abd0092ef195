"""Whoever waits for a data set is told how many of its pictures are read: a count that rises to their number."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.test_cifar import pictures
from tuicnn.data import Cifar10
from tuicnn.data import pictures as decoding
from tuicnn.data.counting import counted


def test_the_count_rises_to_the_number_of_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUICNN_DATA", str(tmp_path))
    monkeypatch.setattr(decoding, "_PORTION", 7)
    for name, content in pictures().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    told: list[tuple[int, int]] = []
    with counted(lambda done, total: told.append((done, total))):
        Cifar10().load()
    assert [total for _, total in told] == [30] * len(told)
    done = [count for count, _ in told]
    assert done == sorted(set(done))
    assert done[-1] == 30
