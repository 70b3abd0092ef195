"""`csv "FILE"`: a label and pixels in each line, in the forms in which others publish them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuicnn.data import Csv, DataError, csv_file
from tuicnn.data.base import OptionError
from tuicnn.vocabulary import Size

from .made import images

CLASSES = ("cat", "dog", "eel")


def text_of(
    stored: np.ndarray,
    labels: list[str],
    *,
    delimiter: str = ",",
    place: int = 0,
    header: str | None = "label",
    quote: str = "",
    end: str = "\n",
) -> str:
    """A line an image, with its label at `place`; `quote` is around each value, `end` after each line."""
    rows = [[str(value) for value in image.ravel()] for image in stored]
    if header is not None:
        rows.insert(0, [f"pixel{number}" for number in range(stored[0].size)])
        labels = [header, *labels]
    for row, label in zip(rows, labels, strict=True):
        row.insert(place % (len(row) + 1), label)
    return "".join(delimiter.join(f"{quote}{each}{quote}" for each in row) + end for row in rows)


def write(path: Path, stored: np.ndarray, labels: list[str], header: str = "label") -> Path:
    path.write_text(text_of(stored, labels, header=header), encoding="utf-8")
    return path


@given(
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(
        [(0, None, "first"), (-1, None, "last"), (0, "Label", "first"), (3, "class", "first"), (-1, "y", "first")]
    ),
    st.sampled_from(["", '"']),
    st.sampled_from(["\n", "\r\n", "\n\n"]),
    st.sampled_from([(), (3,)]),
    st.booleans(),
    st.sampled_from([csv_file._PORTION, 100]),
)
@settings(max_examples=60)
def test_the_forms_of_a_file(
    delimiter: str,
    label: tuple[int, str | None, str],
    quote: str,
    end: str,
    colour: tuple[int, ...],
    named: bool,
    portion: int,
) -> None:
    place, header, option = label
    stored = images(24, 4, 4, *colour)
    labels = [CLASSES[n % 3] if named else str(n % 3) for n in range(24)]
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_file, "_PORTION", portion)
        path = Path(folder) / "a.csv"
        text = text_of(stored, labels, delimiter=delimiter, place=place, header=header, quote=quote, end=end)
        path.write_bytes(b"\xef\xbb\xbf" * named + text.encode())
        spec = Csv(str(path), label=option)
        described, loaded = spec.describe(), spec.load()
    assert described.class_names == loaded.class_names == (CLASSES if named else ("0", "1", "2"))
    assert described.shape == (3 if colour else 1, 4, 4)
    every = np.concatenate([loaded.train_images, loaded.val_images, loaded.test_images])
    assert {image.tobytes() for image in every} == {image.tobytes() for image in stored}


def test_a_second_file_is_tested_on_and_fractions_are_taken(tmp_path: Path) -> None:
    stored, test = images(24, 3, 5), images(6, 3, 5, seed=1)
    labels = [str(n % 3) for n in range(24)]
    write(tmp_path / "train.csv", stored / 255, labels)
    write(tmp_path / "test.csv", test, labels[:6])
    spec = Csv("train.csv", test="test.csv", size=Size((3, 5)), bases=(str(tmp_path),))
    np.testing.assert_array_equal(spec.load().test_images[..., 0], test)
    assert {image.tobytes() for image in spec.load().train_images} < {image.tobytes() for image in stored}
    with pytest.raises(OptionError, match=r"15 values an image .*no square image.* Write size=3x5"):
        Csv("train.csv", bases=(str(tmp_path),)).describe()
    with pytest.raises(DataError, match=r"size=4x4 would be 16 of grey, or 48 of RGB"):
        Csv("train.csv", size=Size((4, 4)), bases=(str(tmp_path),)).describe()
    with pytest.raises(DataError, match=r'There is no file "none\.csv"'):
        Csv("train.csv", test="none.csv", bases=(str(tmp_path),)).find()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "a.csv has no images"),
        ("label,a,b,c,d\n", "a.csv has no images"),
        ("one\ntwo\n", "has one column: each line must have a label"),
        ("0,1,2,3,4\n1,1,2,3\n", "line 2 of .*a.csv has 4 columns, but the first line has 5"),
        ("file,class\na.jpg,cat\n", r"line 2 of .* has 'a\.jpg' in column 1, where a pixel must be: .* folder"),
        ("0,1,2,3,4\n1,1,,3,4\n", "line 2 of .* has '' in column 3"),
        ("0,1,2,3,4\n1,1,2,3,400\n", "values from 1 to 400; images must be whole numbers from 0"),
        ("0,1,2,3,4\n1,1,2,3,nan\n", "NaN"),
        ("0,1,2,3,4\n-1,1,2,3,4\n", "labels from -1 to 0"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    spec = Csv(str(tmp_path / "a.csv"))
    for use in (spec.describe, spec.load):
        with pytest.raises(DataError, match=says):
            use()


def test_a_large_file_is_parsed_once_and_again_when_it_changes(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_file, "_WORTH_KEEPING", 0)
    path = write(data / "a.csv", images(24, 4, 4), [str(n % 3) for n in range(24)])
    first = Csv(str(path)).load()
    with monkeypatch.context() as patch:
        patch.setattr(csv_file, "_parse", lambda *_: pytest.fail("parsed again"))
        np.testing.assert_array_equal(Csv(str(path)).load().train_images, first.train_images)
    write(path, images(24, 4, 4, seed=9), [str(n % 2) for n in range(24)], header="class")
    assert Csv(str(path)).load().class_names == ("0", "1")


@given(st.data())
@settings(max_examples=100)
def test_checking_and_loading_judge_an_altered_file_alike(draw: st.DataObject) -> None:
    text = bytearray(text_of(images(12, 2, 2), [str(n % 3) for n in range(12)]).encode())
    for place in draw.draw(st.lists(st.integers(0, len(text) - 1), min_size=1, max_size=3)):
        text[place] = draw.draw(st.sampled_from(b',;\n"x1-. \xff\0'))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "altered.csv"
        path.write_bytes(text[: draw.draw(st.integers(0, len(text)))] if draw.draw(st.booleans()) else text)
        told = []
        for use in (Csv.describe, Csv.load):
            try:
                use(Csv(str(path)))
                told.append("")
            except DataError as error:
                told.append(str(error))
    assert told[0] == told[1]
    assert "altered.csv" in told[0] or not told[0]
