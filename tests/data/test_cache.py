"""The cache of decoded images only ever saves time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tuicnn.data.cache import decoded_once
from tuicnn.data.splits import Split, Splits

from .made import images


def splits(seed: int = 0) -> Splits:
    return Splits(Split(images(5, 3, 3, 1, seed=seed), np.arange(5)), Split(images(2, 3, 3, 1), np.arange(2)))


def same(one: Splits, other: Splits) -> bool:
    pairs = ((one.train, other.train), (one.test, other.test))
    return all(
        a is not None and b is not None and np.array_equal(a.images, b.images) and np.array_equal(a.labels, b.labels)
        for a, b in pairs
    )


def kept(data: Path) -> Path:
    (found,) = (data.parent / "cache" / "tuicnn" / "decoded").iterdir()
    return found


@pytest.mark.parametrize("whole", [True, False])
def test_a_second_time_it_is_read(data: Path, whole: bool) -> None:
    source = data / "source"
    source.write_text("1")
    made = splits() if whole else Splits(splits().train, None)
    decoded_once("a", source, [source], lambda: made)
    again = decoded_once("a", source, [source], lambda: splits(1))
    np.testing.assert_array_equal(again.train.images, made.train.images)
    assert (again.test is None) is (made.test is None)
    source.write_text("22")
    assert same(decoded_once("a", source, [source], lambda: splits(1)), splits(1))
    assert kept(data).stat().st_mode & 0o077 == 0


@given(st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_one_is_made_anew(data: Path, draw: st.DataObject) -> None:
    source = data / "source"
    source.write_text("1")
    decoded_once("a", source, [source], splits)
    path = kept(data)
    altered = bytearray(path.read_bytes())
    altered[draw.draw(st.integers(0, len(altered) - 1))] ^= draw.draw(st.integers(1, 255))
    path.write_bytes(altered[: draw.draw(st.integers(0, len(altered)))] if draw.draw(st.booleans()) else altered)
    assert same(decoded_once("a", source, [source], splits), splits())


def test_one_that_cannot_be_written_does_no_harm(data: Path) -> None:
    source = data / "source"
    source.write_text("1")
    (data.parent / "cache").write_text("a file where the folder should be")
    assert same(decoded_once("a", source, [source], splits), splits())
