"""Who holds a run, and how it is reached."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tuicnn.runs.creation import create_run
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.lock import RunLock, holder_at, take


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return create_run(tmp_path, "tiny", "dense 10\n")


def test_a_lock_that_is_handed_on_is_held_without_a_gap(folder: RunFolder) -> None:
    code = (
        "import sys; from pathlib import Path; from tuicnn.runs.lock import RunLock\n"
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
    other = create_run(tmp_path, "tiny", "dense 10\n")
    with other.lock() as lock, pytest.raises(OSError, match="is another file now"):
        RunLock.inherited(lock.descriptor, folder.path)


def test_the_folder_is_followed_and_its_end_is_seen(folder: RunFolder, tmp_path: Path) -> None:
    with folder.lock() as lock:
        assert lock.folder == folder.path
        moved = folder.path.rename(tmp_path / "elsewhere")
        assert lock.folder == moved
        RunFolder(moved).remove()
        assert lock.folder is None


def test_a_lock_file_that_is_removed_lets_nobody_in_and_is_made_anew(folder: RunFolder, tmp_path: Path) -> None:
    with folder.lock() as lock:
        lock.note(tmp_path / "socket")
        assert lock.renew()
        for _ in range(2):
            (folder.path / "lock").unlink()
            assert folder.alive
            assert take(folder.path) is None
            assert lock.renew()
            holder = folder.holder
            assert holder is not None
            assert holder.socket == tmp_path / "socket"
        (folder.path / "lock").unlink()
    assert not folder.alive
    folder.lock().release()


def test_a_lock_file_that_cannot_be_made_anew_leaves_the_run_held(folder: RunFolder) -> None:
    with folder.lock() as lock:
        (folder.path / "lock").unlink()
        (folder.path / "lock").symlink_to("elsewhere")  # as on a full disk, nothing can be opened there
        assert lock.renew()
        assert folder.alive


@pytest.fixture
def as_on_nfs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders cannot be locked, files can."""
    flock = fcntl.flock

    def refuse_folders(descriptor: int, how: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EBADF, "Bad file descriptor")
        flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", refuse_folders)


@pytest.mark.usefixtures("as_on_nfs")
def test_where_folders_cannot_be_locked_the_lock_file_tells_who_is_alive(folder: RunFolder) -> None:
    assert not folder.alive
    with folder.lock():
        assert folder.alive
        assert take(folder.path) is None
    assert not folder.alive


def test_in_a_folder_that_may_not_be_read_the_lock_file_tells_who_is_alive(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def refuse_folders(path: str, flags: int, *more: Any, **named: Any) -> int:
        if flags & os.O_DIRECTORY:
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, flags, *more, **named)

    with folder.lock(), monkeypatch.context() as refusing:
        refusing.setattr(os, "open", refuse_folders)
        assert folder.alive


@pytest.mark.usefixtures("as_on_nfs")
def test_where_folders_cannot_be_locked_the_one_whose_lock_file_was_removed_gives_way(folder: RunFolder) -> None:
    with folder.lock() as first:
        (folder.path / "lock").unlink()
        with folder.lock() as second:
            assert not first.renew()
            assert second.renew()
        assert first.renew()  # the other one has left again
        assert take(folder.path) is None


def test_the_holder_says_how_it_is_reached(folder: RunFolder, tmp_path: Path) -> None:
    with folder.lock() as lock:
        assert folder.holder is None  # it has not said anything yet
        for name in ("a", "a longer name", "b"):
            lock.note(tmp_path / name)
            holder = folder.holder
            assert holder is not None
            assert (holder.pid, holder.socket) == (os.getpid(), tmp_path / name)
            assert holder.here
            assert not holder.suspended
            elsewhere = replace(holder, host="another machine")
            assert (elsewhere.here, elsewhere.user, elsewhere.suspended) == (False, None, False)
    assert folder.holder is None


def test_a_copied_note_is_not_that_of_the_copy(folder: RunFolder, tmp_path: Path) -> None:
    with folder.lock() as lock:
        lock.note(tmp_path / "socket")
        copy = RunFolder(Path(shutil.copytree(folder.path, folder.path.with_name("copy"))))
        assert folder.holder is not None
        with copy.lock() as own:
            assert copy.holder is None
            own.note(tmp_path / "its own")
            assert copy.holder is not None
            assert copy.holder.socket == tmp_path / "its own"
        folder.path.rename(folder.path.with_name("renamed"))
        assert RunFolder(folder.path.with_name("renamed")).holder is not None


@pytest.mark.parametrize("said", ["", "{", "[]", '{"pid": -1, "host": "a", "socket": "b"}', '{"pid": 1}', "\0" * 9999])
def test_a_damaged_note_is_no_note(folder: RunFolder, said: str) -> None:
    (folder.path / "lock").write_text(said)
    assert holder_at(folder.path) is None
