from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.trained_feed import TrainedFeed


@pytest.fixture
def trained(tmp_path: Path) -> TrainedFeed:
    """A run whose network really learns."""
    return TrainedFeed(tmp_path)
