"""Saving: atomically, never over what another program wrote, and with a sentence where it cannot be."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tuicnn.bundled import bundled
from tuicnn.errors import UserError
from tuicnn.runs.creation import create_run
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.origin import Origin
from tuicnn.training.options import Options
from tuicnn.tui.editor.edited_file import ChangedError, EditedFile

TEXT = "data: mnist\nflatten -> dense 10\n"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "my.net"
    path.write_text(TEXT)
    return path


@pytest.fixture
def run(path: Path, tmp_path: Path) -> RunFolder:
    folder = create_run(tmp_path, "my", TEXT)
    Origin.here(path, Options()).keep(folder)
    return folder


def test_a_run_s_text_is_saved_to_its_file(run: RunFolder, path: Path) -> None:
    path.chmod(0o640)
    edited = EditedFile.of_run(run)
    assert (edited.path, edited.text, edited.name) == (path, TEXT, "my.net")
    edited.save(TEXT + "# more\n")
    assert path.read_text() == TEXT + "# more\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert run.text == TEXT
    assert edited.news() is None
    edited.save(TEXT)


def test_a_file_that_was_changed_since_the_run_began_is_not_taken_and_not_written_over(
    run: RunFolder, path: Path
) -> None:
    path.write_text("other")
    edited = EditedFile.of_run(run)
    assert edited.text == TEXT
    assert edited.news() is None
    with pytest.raises(ChangedError, match=r"my\.net was changed by another program"):
        edited.save("new")
    assert path.read_text() == "other"
    edited.save("new", over=True)
    assert path.read_text() == "new"


def test_what_another_program_writes_is_news_once_and_kept(run: RunFolder, path: Path) -> None:
    edited = EditedFile.of_run(run)
    assert edited.news() is None
    path.write_text("other")
    assert edited.news() == "other"
    assert edited.news() is None
    with pytest.raises(ChangedError):
        edited.save("new")
    assert edited.take() == "other"
    edited.save("new")
    assert path.read_text() == "new"


def test_a_removed_file_is_made_again(run: RunFolder, path: Path) -> None:
    edited = EditedFile.of_run(run)
    path.unlink()
    assert edited.news() is None
    edited.save("new")
    assert path.read_text() == "new"


def test_what_comes_with_tuicnn_stays_as_it_is_and_a_copy_never_replaces_a_file_unasked(path: Path) -> None:
    edited = EditedFile.starter(bundled("nets") / "mnist.net")
    assert edited.text == (bundled("nets") / "mnist.net").read_text()
    with pytest.raises(UserError, match="comes with tuicnn and stays as it is"):
        edited.save("new")
    assert edited.suggestion() == Path("mnist.net")
    copy = edited.save_as(Path("mine"), "new")
    assert (copy.name, Path("mine.net").read_text()) == ("mine.net", "new")
    with pytest.raises(ChangedError):
        edited.save_as(path, "new")
    assert path.read_text() == TEXT
    assert edited.save_as(path, "new", over=True).name == "my.net"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_is_full_leaves_the_file_and_the_text(
    run: RunFolder, path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def full(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    edited = EditedFile.of_run(run)
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(UserError, match=r"my\.net cannot be saved: .* Nothing is lost"):
            edited.save("new")
    assert path.read_text() == TEXT
    assert [p.name for p in path.parent.iterdir() if p.is_file()] == ["my.net"]
    edited.save("new")


def test_a_link_stays_a_link_and_a_folder_a_folder(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.net"
    link.symlink_to(path)
    edited = EditedFile(link, TEXT, known=TEXT)
    edited.save("new")
    assert link.is_symlink()
    assert path.read_text() == "new"
    (tmp_path / "folder.net").mkdir()
    with pytest.raises(UserError, match="it is a folder"):
        edited.save_as(Path("folder"), "new", over=True)
    with pytest.raises(UserError, match="there is no such folder"):
        edited.save_as(Path("nowhere/my"), "new")


def test_a_file_that_is_read_only_is_not_replaced(run: RunFolder, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edited = EditedFile.of_run(run)
    monkeypatch.setattr(os, "access", lambda *_: False)  # as for a user who is not root
    with pytest.raises(UserError, match="read-only for you"):
        edited.save("new")
    assert path.read_text() == TEXT
