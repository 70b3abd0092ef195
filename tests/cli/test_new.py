"""`tuicnn new`: a file to begin with, from the networks that come with tuicnn."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.language.programs import structure
from tuicnn.bundled import bundled
from tuicnn.cli.output.new import what_next
from tuicnn.cli.starters import starter, target, write_starter
from tuicnn.errors import UserError
from tuicnn.language import check_file
from tuicnn.language.writing.formatting import format_text
from tuicnn.runs.starters import starters


def test_every_bundled_network_is_one_to_begin_with() -> None:
    found = starters()
    assert found[0].name == "mnist"
    assert sorted(s.name for s in found) == sorted(p.stem for p in bundled("nets").glob("*.net"))
    for one in found:
        assert one.about.endswith((".", "?", "!"))
        assert " ".join(line.lstrip("# ") for line in one.text.splitlines()).startswith(one.about)


@pytest.mark.parametrize("name", [s.name for s in starters()])
def test_what_is_written_is_the_same_network(name: str, tmp_path: Path) -> None:
    source = starter(name)
    path = target(str(tmp_path / "my"), source)
    write_starter(path, source)
    assert path == tmp_path / "my.net"
    text, checked = check_file(path)
    assert text.startswith("# ")
    assert format_text(text) == text
    assert text.count("\n#") > source.text.count("\n#")  # what to do with it
    assert structure(checked.plan) == structure(source.plan)
    for setting in ("augment", "loss", "optimizer", "schedule", "train"):
        assert getattr(checked.plan, setting) == getattr(source.plan, setting)
    assert f"tuicnn {path}" in what_next(path, source)


def test_a_new_bundled_network_appears_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in bundled("nets").glob("*.net"):
        shutil.copy(path, tmp_path)
    (tmp_path / "tiny.net").write_text("# A tiny one. It is\n# of no use.\n\nflatten -> dense 10\n")
    monkeypatch.setattr("tuicnn.runs.starters.bundled_nets", lambda: sorted(tmp_path.glob("*.net")))
    tiny = starter("tiny")
    assert (tiny.about, tiny.data, tiny.plan.parameters) == ("A tiny one.", "mnist", 7850)


def test_a_file_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "my.net").write_text("mine")
    (tmp_path / "my-2.net").write_text("mine too")
    (tmp_path / "link.net").symlink_to(tmp_path / "nowhere")
    for name, free in (("my", "my-3.net"), ("link", "link-2.net")):
        with pytest.raises(UserError, match=r"is there already and stays as it is; another name is free: .*" + free):
            write_starter(tmp_path / f"{name}.net", starter(None))
    assert (tmp_path / "my.net").read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    ("name", "file"),
    [("my", "my.net"), ("my.net", "my.net"), ("a/b", "a/b.net"), ("my.v2", "my.v2.net"), (None, "mnist.net")],
)
def test_names(name: str | None, file: str) -> None:
    assert target(name, starter(None)) == Path(file)


def test_which_network() -> None:
    assert starter(None).name == starter(None, "my").name == "mnist"
    assert starter(None, "some/lenet5.net").name == "lenet5"
    assert starter("nets/cifar-vgg.net", "lenet5").name == "cifar-vgg"
    with pytest.raises(UserError, match="Did you mean lenet5"):
        starter("lenet")
    with pytest.raises(UserError, match="Did you mean cifar-vgg"):
        starter("vgg")
    with pytest.raises(UserError, match="There are: mnist, "):
        starter("xyzzy")


def test_the_command(tuicnn: Run, tmp_path: Path) -> None:
    work = tmp_path / "work"
    done = tuicnn("new", "my")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Wrote my.net, trained on mnist: ")
    assert "  tuicnn check my.net " in done.stdout
    assert tuicnn("check", "my.net").returncode == 0
    again = tuicnn("new", "my.net")
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == "tuicnn: my.net is there already and stays as it is; another name is free: my-2.net\n"
    done = tuicnn("new", "two words", "--from", "cifar-resnet")
    assert "tuicnn 'two words.net'" in done.stdout
    assert "not on this machine" in done.stdout
    assert sorted(p.name for p in work.iterdir()) == ["my.net", "two words.net"]
    listed = tuicnn("new", "--list", LANG="C")
    assert listed.stdout.isascii()
    assert [line.split()[0] for line in listed.stdout.splitlines()[1:] if line[0] != " "] == [
        s.name for s in starters()
    ]


def test_what_cannot_be_written_is_told_in_a_sentence(tuicnn: Run, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    (folder / "file").write_text("")
    for name in ("", ".", "/", "no/folder/my", "file/my", "x" * 300, "a\nb", "a\x1bb", "a\udcffb", "a\0b"):
        with pytest.raises(UserError) as told:
            write_starter(target(f"{folder}/{name}" if len(name) > 1 else name, starter(None)), starter(None))
        assert "\n" not in str(told.value)
        assert str(told.value).isprintable()
    assert [p.name for p in folder.iterdir()] == ["file"]
    done = tuicnn("new", "no/folder/my")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "tuicnn: there is no folder no/folder; make it first: mkdir -p no/folder\n"


def test_a_file_that_cannot_be_written_whole_is_not_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = starter(None)

    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(28, "No space left on device")

    def opened(self: Path, _: str) -> Full:
        self.touch()
        return Full()

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(UserError, match=r"cannot be written: No space left on device"):
        write_starter(tmp_path / "my.net", source)
    assert list(tmp_path.iterdir()) == []
