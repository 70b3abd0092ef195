"""Files that are no text, or do not stay as they are: one sentence, and no hang."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tuicnn.language import Checked, check_file, read_file

from .invariants import no_hang


def problem_of(path: Path) -> str:
    """The one problem of a file that cannot be read."""
    with no_hang():
        text, checked = check_file(path)
    assert text == ""
    (problem,) = checked.diagnostics
    assert problem.code == "file"
    return problem.message


@contextmanager
def as_nobody() -> Iterator[None]:
    """Give up the rights of the superuser, who may read anything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_pipe_that_nobody_writes_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.net")
    assert "is not a regular file" in problem_of(tmp_path / "a.net")


def test_a_file_that_becomes_a_pipe_while_it_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "a.net")
    monkeypatch.setattr(Path, "is_file", lambda self: True)
    assert "is not a regular file" in problem_of(tmp_path / "a.net")


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/tty", "/dev/stdin"])
def test_a_device(device: str) -> None:
    if not Path(device).exists():
        pytest.skip(f"there is no {device} here")
    assert problem_of(Path(device))


@pytest.mark.parametrize(
    "file", ["/proc/self/mem", "/proc/self/status", "/proc/kmsg", "/proc/kcore", "/proc/self/maps"]
)
def test_a_file_of_the_kernel(file: str) -> None:
    """They are regular files by name, of no size; some never end, and some wait for what comes."""
    with no_hang():
        checked = check_file(Path(file))[1]
    assert not checked.ok
    assert checked.diagnostics


@pytest.mark.parametrize(
    "content",
    [
        "conv 8 3x3 -> relu".encode("utf-16"),
        "conv 8 3x3 -> relu".encode("utf-32"),
        b"conv 8 3x3 \xe2\x86",
        "conv 8 3×3 → relu".encode("latin-1", "ignore"),
        b"\xed\xa0\x80 -> relu",
        b"\xff" * 1000,
        bytes(range(256)) * 100,
        b"\x1f\x8b\x08\x00" + bytes(100),
        b"#" * 1_000_001,
    ],
    ids=["utf-16", "utf-32", "half a letter", "latin-1", "surrogate", "ff", "all bytes", "gzip", "large"],
)
def test_bytes_that_are_no_text(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.net").write_bytes(content)
    assert problem_of(tmp_path / "a.net")


def test_a_file_that_may_not_be_read() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.net"
        path.write_text("relu")
        path.chmod(0)
        path.parent.chmod(0o755)
        with as_nobody():
            assert "may not be read by you" in problem_of(path)


def test_a_loop_of_links(tmp_path: Path) -> None:
    (tmp_path / "a.net").symlink_to(tmp_path / "b.net")
    (tmp_path / "b.net").symlink_to(tmp_path / "a.net")
    assert problem_of(tmp_path / "a.net")


def test_an_endless_file_takes_no_more_than_it_may(tmp_path: Path) -> None:
    path = tmp_path / "a.net"
    with path.open("wb") as file:
        file.truncate(10**12)  # sparse: a terabyte of zeros
    tracemalloc.start()
    try:
        assert "is larger than" in problem_of(path)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_file_that_changes_all_the_time(tmp_path: Path) -> None:
    """What is checked is what was read once: the text that comes back is the one that the problems speak of."""
    path = tmp_path / "a.net"
    texts = ["relu\n" * 500 + "flatten -> dense 10", "covn 8\n" * 2000, ""]
    path.write_text(texts[0])
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():
            for text in texts:
                path.write_text(text)

    writer = threading.Thread(target=change)
    writer.start()
    try:
        with no_hang():
            found: list[tuple[str, Checked]] = [check_file(path) for _ in range(20)]
    finally:
        stop.set()
        writer.join()
    for text, checked in found:
        assert all(d.span.source.text == text for d in checked.diagnostics)


def test_files_that_each_include_the_next_one_twice(tmp_path: Path) -> None:
    """Read once each: 2^40 readings would never end."""
    for i in range(40):
        (tmp_path / f"{i}.net").write_text(f'include: "{i + 1}.net"\ninclude: "{i + 1}.net"\n')
    (tmp_path / "40.net").write_text("w = 10\n")
    (tmp_path / "a.net").write_text('include: "0.net"\nflatten -> dense w')
    with no_hang():
        assert check_file(tmp_path / "a.net")[1].ok


def test_a_pipe_that_is_included(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "a.net").write_text('include: "pipe"\nflatten -> dense 10')
    with no_hang():
        (problem,) = check_file(tmp_path / "a.net")[1].diagnostics
    assert problem.code == "file"


def test_the_guard_against_hanging_works() -> None:
    with pytest.raises(TimeoutError), no_hang(0.05):
        signal.pause()


def test_a_folder(tmp_path: Path) -> None:
    assert "is a folder" in str(getattr(read_file(tmp_path), "message", ""))
