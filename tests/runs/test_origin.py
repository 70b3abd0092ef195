"""Where a run came from is kept in its folder, and whatever is in that file, it is read without a fault."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicnn.errors import UserError
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.origin import ORIGIN, Origin
from tuicnn.training.options import ON_NAN, Options

NUMBER = st.none() | st.integers(1, 1024)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just({"options": {"epochs": 0}}),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["net", "folder", "options", "epochs", "on_nan"]), inner)
    ),
)


def test_what_was_given_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    origin = Origin.here(Path("nets") / "größe \udcff.net", Options(epochs=3, limit=7))
    assert origin.net == tmp_path / "nets" / "größe \udcff.net"
    origin.keep(RunFolder(tmp_path))
    assert Origin.of(RunFolder(tmp_path)) == origin


@given(st.builds(Options, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER, st.none() | st.sampled_from(ON_NAN)))
def test_every_choice_comes_back(tmp_path_factory: pytest.TempPathFactory, options: Options) -> None:
    folder = RunFolder(tmp_path_factory.getbasetemp())
    Origin(None, None, options).keep(folder)
    assert Origin.of(folder).options == options


@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_what_makes_no_sense_is_not_known(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = RunFolder(tmp_path_factory.getbasetemp())
    (folder.path / ORIGIN).write_bytes(content)
    found = Origin.of(folder)
    assert found.net is None or found.net.is_absolute()
    assert found.options.epochs is None or 1 <= found.options.epochs <= 100_000
    assert found.options.on_nan in (None, *ON_NAN)


@pytest.mark.parametrize("field", ["net", "folder"])
def test_a_path_that_depends_on_where_one_is_is_not_known(tmp_path: Path, field: str) -> None:
    said = {"net": "/a/my.net", "folder": "/a", "options": {"epochs": 3}}
    (tmp_path / ORIGIN).write_text(json.dumps(said))
    assert Origin.of(RunFolder(tmp_path)).options.epochs == 3
    (tmp_path / ORIGIN).write_text(json.dumps({**said, field: "my"}))
    assert Origin.of(RunFolder(tmp_path)) == Origin()


def test_nothing_there_is_nothing_known(tmp_path: Path) -> None:
    assert Origin.of(RunFolder(tmp_path)) == Origin()


def test_a_folder_that_takes_no_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        Origin().keep(RunFolder(tmp_path / "none"))
