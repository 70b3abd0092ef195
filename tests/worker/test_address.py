"""A socket lies where only its owner can reach it."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from tests.worker.pretend import PretendRun
from tuicnn.errors import UserError
from tuicnn.runs.folder import RunFolder
from tuicnn.worker import address
from tuicnn.worker.address import PATH_LIMIT, address_for, peer_is_me, socket_places
from tuicnn.worker.listener import Listener
from tuicnn.worker.server import Server


def test_one_run_has_one_address_by_whatever_path(
    tmp_path: Path, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "lock").touch()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    monkeypatch.chdir(tmp_path)
    found = {address_for(path) for path in (tmp_path / "a", tmp_path / "link", Path("a"), Path("a/../a"))}
    assert len(found) == 1
    assert found.pop().parent == runtime / "tuicnn"
    before = address_for(tmp_path / "a")
    assert address_for(tmp_path / "b") != before
    (tmp_path / "a").rename(tmp_path / "renamed")
    assert address_for(tmp_path / "renamed") == before
    (tmp_path / "b").rename(tmp_path / "a")
    assert address_for(tmp_path / "a") != before


def test_the_path_is_short_however_deep_the_run_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path.joinpath(*["x" * 60] * 10)
    assert len(os.fsencode(address_for(deep))) <= PATH_LIMIT
    long = tmp_path / ("y" * 120)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    assert len(os.fsencode(address_for(deep))) <= PATH_LIMIT


def test_the_folder_and_the_socket_are_closed_to_others(server: Server, folder: RunFolder) -> None:
    path = address_for(folder.path)
    assert stat.S_ISSOCK(path.stat().st_mode)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_folder_open_to_others_is_not_used(runtime: Path, folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    second = runtime / "second"
    monkeypatch.setattr(address, "places", lambda: [runtime / "tuicnn", second])
    (runtime / "tuicnn").mkdir()
    (runtime / "tuicnn").chmod(0o770)
    assert address_for(folder.path).parent == second
    assert [path.parent for path in socket_places(folder.path)] == [second]


def test_a_link_or_a_file_in_its_place_is_not_used(
    runtime: Path, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, file = runtime / "link", runtime / "file"
    (runtime / "elsewhere").mkdir(mode=0o700)
    link.symlink_to(runtime / "elsewhere")
    file.write_text("")
    monkeypatch.setattr(address, "places", lambda: [link, file, runtime / "none" / "deeper"])
    monkeypatch.setattr(address, "_temporary", lambda: [file])
    with pytest.raises(UserError, match="no safe place for the run's socket"):
        address_for(folder.path)
    assert socket_places(folder.path) == []


def test_a_folder_of_somebody_else_is_not_used(
    runtime: Path, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address, "places", lambda: [runtime / "tuicnn"])
    address_for(folder.path)
    monkeypatch.setattr(address, "_temporary", lambda: [])
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(UserError, match="no safe place"):
        address_for(folder.path)
    assert socket_places(folder.path) == []


@pytest.fixture
def taken(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary folder, in which the usual name is taken by something that is not ours."""
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setattr(address, "_temporary", lambda: [runtime])
    monkeypatch.setattr(address, "places", lambda: [runtime / "tuicnn-0"])
    (runtime / "tuicnn-0").touch()
    return runtime


def test_where_the_usual_folders_are_taken_a_run_has_one_of_its_own(taken: Path, folder: RunFolder) -> None:
    with folder.lock() as lock:
        run = PretendRun()

        def place() -> Path:
            path = address_for(folder.path)
            lock.note(path)
            return path

        server = Server(run, lock.identity, place)
        (path,) = socket_places(folder.path)
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert address_for(folder.path) == path  # and keeps it
        with socket.socket(socket.AF_UNIX) as viewer:
            viewer.connect(str(path))
            assert peer_is_me(viewer)
        server.close()
    assert [entry.name for entry in taken.iterdir()] == ["tuicnn-0"]


def test_the_folder_of_a_killed_run_is_taken_again(taken: Path, folder: RunFolder) -> None:
    with folder.lock() as lock:
        before = address_for(folder.path)
        lock.note(before)
    before.touch()  # what a killed process leaves
    assert address_for(folder.path) == before


def test_a_folder_of_ones_own_is_not_left_where_nobody_can_listen(taken: Path, folder: RunFolder) -> None:
    path = address_for(folder.path)
    path.mkdir()
    (path / "in-the-way").touch()
    with pytest.raises(UserError, match="cannot be made"):
        Listener(path, 1)
    (path / "in-the-way").unlink()
    path.rmdir()
    with pytest.raises(UserError, match="cannot be made"):
        Listener(path.with_name("x" * 200), 1)
    assert not path.parent.exists()


def test_a_peer_is_known_by_its_user(monkeypatch: pytest.MonkeyPatch) -> None:
    left, right = socket.socketpair()
    with left, right:
        assert peer_is_me(left)
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
        assert not peer_is_me(left)
