"""SIGKILL at random moments, and what comes after it. The long campaign is `python -m tests.faults.kills`."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.kills import Campaign


@pytest.fixture(autouse=True)
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A short folder for sockets, of this test alone."""
    path = Path(tempfile.mkdtemp(prefix="t"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(path))
    yield
    shutil.rmtree(path)


def test_a_run_that_is_killed_three_times_ends_with_the_same_bits(tmp_path: Path) -> None:
    with closing(Campaign(tmp_path, epochs=60)) as campaign:
        met = campaign.run(3)
    assert met.total() == 3, met  # it was not killed after its end
