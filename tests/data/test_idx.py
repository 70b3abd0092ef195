"""IDX files: what is written is read; what is damaged is named."""

from __future__ import annotations

import gzip
import hashlib
import tempfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tuicnn.data.base import DataError
from tuicnn.data.idx import Checksum, read_idx, read_idx_header

from .made import idx_bytes, images

KINDS = ["uint8", "int8", "int16", "int32", "float32", "float64"]


@given(
    st.sampled_from(KINDS).flatmap(lambda kind: arrays.arrays(kind, arrays.array_shapes(max_dims=4, max_side=5))),
    st.booleans(),
)
@settings(deadline=None)
def test_what_is_written_is_read(array: np.ndarray, zipped: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a"
        path.write_bytes(gzip.compress(idx_bytes(array)) if zipped else idx_bytes(array))
        assert read_idx_header(path).shape == array.shape
        np.testing.assert_array_equal(read_idx(path), array)


def attempt(read: Callable[[Path], Any], path: Path) -> tuple[Any, str | None]:
    try:
        return read(path), None
    except DataError as error:
        return None, str(error)


@given(st.data())
@settings(deadline=None, max_examples=300)
def test_an_altered_file_is_named_or_read_rightly(data: st.DataObject) -> None:
    array = images(5, 4, 3)
    whole = gzip.compress(idx_bytes(array)) if data.draw(st.booleans()) else idx_bytes(array)
    altered = bytearray(whole)
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=3)):
        altered[place] ^= data.draw(st.integers(1, 255))
    altered = altered[: data.draw(st.integers(0, len(whole)))] if data.draw(st.booleans()) else altered
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "altered-file"
        path.write_bytes(altered)
        for read in (read_idx_header, read_idx):
            found, problem = attempt(read, path)
            assert found is None or problem is None
            assert problem is None or "altered-file" in problem
        if found is not None:
            assert len(altered) == len(whole)
            # without gzip's CRC a changed value cannot be noticed, but a changed shape must still agree with the size
            if whole[:2] == b"\x1f\x8b":
                np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "cut short"),
        (b"GIF89a, really", "is not an IDX file: it begins with 47 49 46 38"),
        (idx_bytes(images(3, 4, 4))[:-1], "cut short: 3x4x4 values take 64 bytes, and it has 63"),
        (idx_bytes(images(3, 4, 4)) + b"1", "too long: 3x4x4 values take 64 bytes, and it has more"),
        (gzip.compress(idx_bytes(images(3, 4, 4)) + b"1", mtime=0), "too long"),
        (gzip.compress(idx_bytes(images(3, 4, 4)), mtime=0)[:-9], "cut short"),
        (gzip.compress(bytes([0, 0, 8, 2]) + b"\xff" * 8 + bytes(1000), mtime=0), "cut short"),
        (bytes([0, 0, 8, 3, 0, 0]), "its header has 6 bytes of 16"),
    ],
    ids=range(8),
)
def test_what_is_wrong_is_said(tmp_path: Path, data: bytes, says: str) -> None:
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(DataError, match=says):
        read_idx(tmp_path / "file")


def test_a_small_file_that_unzips_to_gigabytes_is_not_unzipped(tmp_path: Path) -> None:
    """The header says 4 values; what follows must not be unpacked to find out that there is more."""
    bomb = gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 4]) + bytes(200_000_000), 1)
    (tmp_path / "bomb").write_bytes(bomb)
    del bomb
    tracemalloc.start()
    with pytest.raises(DataError, match="too long"):
        read_idx(tmp_path / "bomb")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere cannot be read: no such file"):
        read_idx(tmp_path / "nowhere")


def test_a_known_file_may_be_zipped_anew_but_not_changed(tmp_path: Path) -> None:
    plain = idx_bytes(images(3, 4, 4))
    known = Checksum("0" * 64, hashlib.sha256(plain).hexdigest())
    (tmp_path / "file").write_bytes(gzip.compress(plain, 1))
    assert read_idx(tmp_path / "file", known, "Digits").shape == (3, 4, 4)
    (tmp_path / "file").write_bytes(gzip.compress(plain[:-1] + b"?"))
    with pytest.raises(DataError, match="is not the file of Digits"):
        read_idx(tmp_path / "file", known, "Digits")


def test_zipped_files_may_be_joined(tmp_path: Path) -> None:
    plain = idx_bytes(images(3, 4, 4))
    (tmp_path / "file").write_bytes(gzip.compress(plain[:30]) + gzip.compress(plain[30:]))
    np.testing.assert_array_equal(read_idx(tmp_path / "file"), images(3, 4, 4))
