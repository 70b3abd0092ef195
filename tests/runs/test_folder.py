"""The folder of a run: made once, held by one process, removed without touching anything else."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from tuicnn.errors import UserError
from tuicnn.runs.creation import clean_name, create_run, create_run_at
from tuicnn.runs.folder import RunFolder
from tuicnn.system.files import why, write_atomic
from tuicnn.training.checkpoint import Checkpoint

TEXT = "flatten -> dense 10  # × and →\n"


def test_runs_are_numbered_upwards_from_the_highest(tmp_path: Path) -> None:
    first = create_run(tmp_path, "mnist", TEXT)
    assert first.path == tmp_path / "runs" / "mnist-1"
    (tmp_path / "runs" / "lenet5-7").mkdir()
    (tmp_path / "runs" / "notes-x").mkdir()
    second = create_run(tmp_path, "mnist", TEXT)
    assert (second.name, second.net, second.number) == ("mnist-8", "mnist", 8)
    assert second.text == TEXT


def test_a_run_is_closed_to_others(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        folder = create_run(tmp_path, "mnist", TEXT)
        with folder.lock():
            folder.save_weights(Checkpoint(0, 0, {}))
        chosen = create_run_at(tmp_path / "a" / "b", TEXT)
    finally:
        os.umask(old)
    assert folder.path.stat().st_mode & 0o777 == chosen.path.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.path.iterdir()} == {0o600}


@pytest.mark.parametrize(("code", "named"), [(errno.EISDIR, "mnist-1/lock"), (errno.EROFS, "mnist-1")])
def test_a_run_that_cannot_be_locked_says_what_is_in_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, named: str
) -> None:
    folder = create_run(tmp_path, "mnist", TEXT)

    def refuse(path: Path) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("tuicnn.runs.folder.take", refuse)
    with pytest.raises(UserError, match=rf"cannot be written to {tmp_path}/runs/{named}: "):
        folder.lock()


def test_many_starts_at_once_get_a_folder_each(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: create_run(tmp_path, "mnist", TEXT).path, range(24)))
    assert len(set(made)) == 24
    assert all((path / "net.net").is_file() for path in made)


def test_many_starts_at_one_chosen_folder_make_one_run(tmp_path: Path) -> None:
    def begin(number: int) -> str | None:
        try:
            create_run_at(tmp_path / "here", f"dense {number}\n")
        except UserError as error:
            return str(error)
        return None

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(begin, range(8)))
    assert said.count(None) == 1
    assert all(s is None or "already holds a run" in s for s in said)
    assert RunFolder(tmp_path / "here").text == f"dense {said.index(None)}\n"


@pytest.mark.parametrize("net", ["", ".", "..", "-rf", ".hidden", "a/b", "a b\n", "é", "x" * 300, "\ud800"])
def test_any_name_of_a_net_gives_a_folder_inside_runs(tmp_path: Path, net: str) -> None:
    folder = create_run(tmp_path, net, TEXT)
    assert folder.path.parent == tmp_path / "runs"
    assert not folder.name.startswith((".", "-"))
    assert folder.net == clean_name(net)


def test_a_chosen_folder_may_be_there_and_hold_other_things(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    folder = create_run_at(tmp_path, TEXT)
    assert folder.text == TEXT
    with pytest.raises(UserError, match=r"already holds a run \(lost\); choose another folder"):
        create_run_at(tmp_path, TEXT)


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o755, 0o750])
def test_a_chosen_folder_is_closed_to_others(tmp_path: Path, mode: int) -> None:
    chosen = tmp_path / "here"
    chosen.mkdir()
    chosen.chmod(mode)
    assert create_run_at(chosen, TEXT).path.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("refused", ["net.net", "journal.jsonl"])
def test_a_chosen_folder_that_is_refused_stays_as_it_was(tmp_path: Path, refused: str) -> None:
    (tmp_path / refused).write_text("")
    tmp_path.chmod(0o755)
    with pytest.raises(UserError, match="already holds a run"):
        create_run_at(tmp_path, TEXT)
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_a_chosen_folder_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    with pytest.raises(UserError, match=r"belongs to .*; choose a folder of your own\.$") as caught:
        create_run_at(tmp_path, TEXT)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_lock_file_that_somebody_else_holds_does_not_block_a_run(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.touch()
    os.chown(lock, 65534, 65534)
    with lock.open("rb") as theirs:
        fcntl.flock(theirs, fcntl.LOCK_EX)
        folder = create_run_at(tmp_path, TEXT)
        with folder.lock():
            assert folder.alive


def test_who_takes_a_run_removes_what_a_killed_process_left_half_written(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / ".tmp-mine-01234567").touch()
    folder = create_run(tmp_path, "mnist", TEXT)
    folder.checkpoints.path.mkdir()
    left = [
        folder.path / ".tmp-weights.safetensors-0a1b2c3d",
        folder.checkpoints.path / ".tmp-step-1.safetensors-00000000",
    ]
    kept = [folder.path / ".tmp-notes", folder.path / "notes.txt", outside / ".tmp-mine-01234567"]
    for path in (*left, *kept):
        path.touch()
    with folder.lock():
        assert not any(path.exists() for path in left)
    shutil.rmtree(folder.checkpoints.path)
    folder.checkpoints.path.symlink_to(outside)
    with folder.lock():
        assert all(path.exists() for path in kept)


def test_a_chosen_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="is not a folder"):
        create_run_at(tmp_path / "file", TEXT)
    with pytest.raises(UserError, match="part of the path is not a folder"):
        create_run_at(tmp_path / "file" / "deeper", TEXT)
    (tmp_path / "runs").write_text("")
    with pytest.raises(UserError, match="is not a folder; use --run DIR"):
        create_run(tmp_path, "mnist", TEXT)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(UserError, match="no permission"):
            create_run_at(tmp_path, TEXT)
        with pytest.raises(UserError, match="no permission"):
            create_run(tmp_path, "mnist", TEXT)
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_full_disk_is_said_before_training_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    reason = why(OSError(number, ""))
    with pytest.raises(UserError, match=reason):
        create_run(tmp_path, "mnist", TEXT)
    with pytest.raises(UserError, match=reason):
        create_run_at(tmp_path / "here", TEXT)
    assert list((tmp_path / "runs").iterdir()) == []
    assert not (tmp_path / "here").exists()


def test_the_lock_says_who_is_alive(tmp_path: Path) -> None:
    folder = create_run(tmp_path, "mnist", TEXT)
    assert not folder.alive
    with folder.lock():
        assert folder.alive
        with pytest.raises(UserError, match=r"mnist-1 has its process already; watch it with: tuicnn attach"):
            folder.lock()
    assert not folder.alive


def test_a_lock_ends_with_its_process_and_is_not_inherited(tmp_path: Path) -> None:
    folder = create_run(tmp_path, "mnist", TEXT)
    code = (
        "import subprocess, sys, time; from pathlib import Path; from tuicnn.runs.folder import RunFolder\n"
        f"lock = RunFolder(Path({str(folder.path)!r})).lock()\n"
        "child = subprocess.Popen(['sleep', '60'], close_fds=False); print(child.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        child = int(holder.stdout.readline())
        try:
            assert folder.alive
            holder.kill()
            holder.wait()
            assert not folder.alive
        finally:
            os.kill(child, 9)


def test_looking_whether_a_run_is_alive_keeps_nobody_from_starting_it(tmp_path: Path) -> None:
    folder = create_run(tmp_path, "mnist", TEXT)
    looking = os.open(folder.path / "lock", os.O_RDONLY)
    fcntl.flock(looking, fcntl.LOCK_SH)  # as `alive` does, for a moment
    looked = threading.Timer(0.1, os.close, [looking])
    looked.start()
    folder.lock().release()
    looked.join()


def test_a_copy_of_hard_links_becomes_a_run_of_its_own(tmp_path: Path) -> None:
    folder = create_run(tmp_path, "mnist", TEXT)
    for path in (folder.journal, folder.log):
        path.write_text("whole\n")
    copy = RunFolder(Path(shutil.copytree(folder.path, tmp_path / "copy", copy_function=os.link)))
    with copy.lock():
        assert (copy.alive, folder.alive) == (True, False)
        for path in (copy.journal, copy.log):
            with path.open("a") as file:
                file.write("more\n")
        with folder.lock():
            assert folder.alive
    for original, own in ((folder.journal, copy.journal), (folder.log, copy.log)):
        assert (original.read_text(), own.read_text()) == ("whole\n", "whole\nmore\n")


def test_a_disk_that_fills_up_leaves_the_old_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = create_run(tmp_path, "mnist", TEXT)
    folder.save_weights(Checkpoint(0, 0, {"a": np.zeros(3, np.float32)}))
    before = sorted(folder.path.iterdir())
    real = os.write

    def full(descriptor: int, data: bytes) -> int:
        real(descriptor, data[:5])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(UserError, match=r"could not be saved to .*: the disk is full"):
        folder.save_weights(Checkpoint(0, 0, {"a": np.ones(3, np.float32)}))
    assert sorted(folder.path.iterdir()) == before
    assert load_file(folder.weights)["a"].tolist() == [0, 0, 0]


def test_a_missing_net_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="it is not there"):
        _ = RunFolder(tmp_path).text
    (tmp_path / "net.net").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="it is damaged"):
        _ = RunFolder(tmp_path).text


def test_discarding_removes_the_run_whole(tmp_path: Path) -> None:
    folder = create_run(tmp_path, "mnist", TEXT)
    (folder.path / "checkpoints").mkdir()
    (folder.path / "checkpoints" / "1.bin").write_text("")
    for name in ("journal.jsonl", "worker.log", ".tmp-weights.safetensors-0a1b2c3d"):
        (folder.path / name).write_text("x")
    with folder.lock():
        folder.remove()
    assert list((tmp_path / "runs").iterdir()) == []
    folder.remove()  # a second time does no harm


def test_discarding_touches_nothing_else(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "net.net").write_text("keep")
    folder = create_run_at(tmp_path / "run", TEXT)
    (folder.path / "notes.txt").write_text("keep")
    (folder.path / "checkpoints").symlink_to(outside)
    (folder.path / "worker.log").symlink_to(outside / "net.net")
    folder.remove()
    assert {path.name for path in folder.path.iterdir()} == {"notes.txt", "checkpoints"}
    (tmp_path / "link").symlink_to(outside)
    with pytest.raises(UserError, match="cannot be removed"):
        RunFolder(tmp_path / "link").remove()
    assert (outside / "net.net").read_text() == "keep"


def test_a_file_is_written_whole_or_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "f"
    write_atomic(path, b"old")

    def refuse(_: int) -> None:
        raise OSError(errno.EIO, "bad disk")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="bad disk"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
