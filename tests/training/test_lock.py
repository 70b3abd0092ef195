"""Who holds a run, and how it is reached."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tuicnn.training.folder import RunFolder
from tuicnn.training.lock import RunLock, holder_at, take


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path, "tiny", "dense 10\n")


def test_a_lock_that_is_handed_on_is_held_without_a_gap(folder: RunFolder) -> None:
    code = (
        "import sys; from pathlib import Path; from tuicnn.training.lock import RunLock\n"
        "with RunLock.inherited(int(sys.argv[1]), Path(sys.argv[2])):\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    with folder.lock() as lock:
        child = subprocess.Popen(
            [sys.executable, "-c", code, str(lock.descriptor), folder.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[lock.descriptor],
        )
    assert folder.alive  # the parent has let go of it, the child may not even have begun
    assert take(folder.path) is None
    assert child.stdout is not None
    assert child.stdout.readline() == b"held\n"
    child.communicate(timeout=20)
    assert not folder.alive


def test_a_lock_of_another_run_is_not_taken_for_this_one(folder: RunFolder, tmp_path: Path) -> None:
    other = RunFolder.create(tmp_path, "tiny", "dense 10\n")
    with other.lock() as lock, pytest.raises(OSError, match="is another file now"):
        RunLock.inherited(lock.descriptor, folder.path)


def test_the_folder_is_followed_and_its_end_is_seen(folder: RunFolder, tmp_path: Path) -> None:
    with folder.lock() as lock:
        assert lock.folder == folder.path
        moved = folder.path.rename(tmp_path / "elsewhere")
        assert lock.folder == moved
        RunFolder(moved).remove()
        assert lock.folder is None


def test_the_holder_says_how_it_is_reached(folder: RunFolder, tmp_path: Path) -> None:
    with folder.lock() as lock:
        assert folder.holder is None  # it has not said anything yet
        for name in ("a", "a longer name", "b"):
            lock.note(tmp_path / name)
            holder = folder.holder
            assert holder is not None
            assert (holder.pid, holder.socket) == (os.getpid(), str(tmp_path / name))
            assert holder.here
            assert not holder.suspended
    assert folder.holder is None


@pytest.mark.parametrize("said", ["", "{", "[]", '{"pid": -1, "host": "a", "socket": "b"}', '{"pid": 1}', "\0" * 9999])
def test_a_damaged_note_is_no_note(folder: RunFolder, said: str) -> None:
    (folder.path / "lock").write_text(said)
    assert holder_at(folder.path) is None
