"""`tuicnn data`: what is in a data set, as people and programs read it, and a picture of some of its images."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import Run, usage_error
from tests.data.made import images, write_tree
from tuicnn.display.contact_sheet import drawn_sheet, sheet_lines
from tuicnn.display.raster import Raster
from tuicnn.display.terminal import TerminalProfile


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three classes of pictures, of which one is in the test set too, one is damaged, and one is grey and larger."""
    folder = tmp_path / "work/photos"
    write_tree(folder / "train", ("cat", "dog", "eel"), 8, 6, 6, 3)
    write_tree(folder / "test", ("cat", "dog", "eel"), 2, 6, 6, 3, seed=1)
    (folder / "test/dog/01.png").write_bytes((folder / "train/eel/03.png").read_bytes())
    (folder / "train/cat/05.png").write_bytes(b"no picture")
    Image.fromarray(images(1, 9, 12)[0]).save(folder / "train/cat/06.png")
    return folder


def test_what_is_in_a_folder_is_told_with_the_options_that_it_needs(tuicnn: Run, photos: Path) -> None:
    done = tuicnn("data", "photos")
    assert done.returncode == 0, done.stderr
    assert "train/cat/05.png cannot be read as a picture" in done.stderr
    assert "So it is read with skip=bad, to leave such pictures out." in done.stderr
    assert "So it is read with size=6x6 colour=rgb, to make them alike." in done.stderr
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert lines[0] == 'folder "photos" size=6 colour=rgb skip=bad: 3x6x6 images, 3 classes'
    for line in (
        "1 of 29 pictures is scaled to cover 6x6 and cut to the middle; they are 12x9.",
        "class train validation test",
        "all 21 2 6",
        "stored sizes 6x6 (28), 12x9 (1)",
        "1 test image is in train too, the same in every pixel.",
        "2 images of these have the label of another class elsewhere.",
        f"{photos}/train/eel/03.png = {photos}/test/dog/01.png",
    ):
        assert line in lines
    assert "\x1b" not in done.stdout


def test_programs_read_the_same(tuicnn: Run, photos: Path) -> None:
    found = json.loads(tuicnn("data", 'folder "photos" skip=bad size=6 colour=grey', "--json").stdout)
    assert found["shape"] == [1, 6, 6]
    assert found["images"] == {"train": 21, "validation": 2, "test": 6}
    assert [each["name"] for each in found["classes"]] == ["cat", "dog", "eel"]
    assert sum(each["train"] for each in found["classes"]) == 21
    assert found["sizes"] == {"6x6": 28, "12x9": 1}
    assert found["duplicates"]["test in train"] == 1
    assert found["duplicates"]["same"] == [[f"{photos}/train/eel/03.png", f"{photos}/test/dog/01.png"]]
    assert found["left_out"][0].startswith(f"{photos}/train/cat/05.png cannot")
    assert 0 < found["mean"][0] < 1
    assert 0 < found["std"][0] < 1


def test_a_net_shows_its_data_as_it_is_changed(tuicnn: Run, tmp_path: Path, photos: Path) -> None:
    net = tmp_path / "work/my.net"
    net.write_text('data: folder "photos" skip=bad size=6 colour=rgb\naugment: shift=2\nflatten -> dense 3\n')
    done = tuicnn("data", "my.net", "-o", "sheet.png", "--samples", "4")
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "work/sheet.png") as sheet:
        assert sheet.mode == "RGB"
        width, height = sheet.size
    assert tuicnn("data", "photos", "-o", "sheet.png", "--samples", "8").returncode == 0
    with Image.open(tmp_path / "work/sheet.png") as sheet:
        assert sheet.size == (width + 4 * 64, height)  # images of 60 pixels, and the gap


def test_without_a_name_all_are_listed(tuicnn: Run, tmp_path: Path) -> None:
    told = tuicnn("data").stdout
    for name in ("mnist", 'folder "DIR"', 'csv "FILE"', "symbols"):
        assert name in told
    assert "CIFAR-10 is not here" in told.replace("\n", " ")
    here = {each["name"]: each["here"] for each in map(json.loads, tuicnn("data", "--json").stdout.splitlines())}
    assert (here["mnist"], here["cifar10"], here["folder"]) == (True, False, None)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("mnist limit=9", "-o", "my.net"), "my.net is saved as PNG: write -o my.png"),
        (("mnits",), "no data set called `mnits`. Did you mean `mnist`?"),
        (("none.net",), "none.net"),
        (('folder "none"',), 'There is no folder "none"'),
        (("mnist", "--augment", "shfit=2"), "augment has no option `shfit`. Did you mean `shift"),
        (
            ("mnist limit=9", "-o", "none/sheet.png"),
            "none/sheet.png cannot be written: there is no folder none; make it first",
        ),
    ],
)
def test_what_is_wrong_is_one_sentence(tuicnn: Run, arguments: tuple[str, ...], says: str) -> None:
    done = tuicnn("data", *arguments)
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_holds_no_data_set_is_refused(tuicnn: Run, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((3, 8, 8), np.uint8))
    done = tuicnn("data", str(tmp_path / "x.npy"))
    assert done.returncode == 1
    assert "x.npy is no data set: give a folder of pictures, or a .npz or .csv file." in done.stderr


def test_too_many_samples_are_refused() -> None:
    assert "1000 is not in the range 1<=x<=100" in usage_error("data", "mnist", "--samples", "1000")


@pytest.mark.parametrize("profile", [TerminalProfile(), TerminalProfile(ascii=True), TerminalProfile(colours="none")])
@pytest.mark.parametrize("size", [(1, 1), (7, 7), (28, 28), (30, 17), (64, 64)])
def test_a_sheet_fits_the_terminal(profile: TerminalProfile, size: tuple[int, int]) -> None:
    from rich.style import Style

    rows = [("a class with a long name", images(9, *size, 3)), ("b", images(2, *size, 3))]
    lines = list(sheet_lines(rows, 60, Raster(profile, compact=not profile.half_blocks), Style()))
    text = ["".join(segment.text for segment in line) for line in lines]
    assert max(map(len, text)) <= 60
    assert text[0].startswith("a class with")
    assert len(text) == 2 * (len(text) // 2)  # as many lines for either class


def test_a_drawn_image_is_the_image_enlarged() -> None:
    one = images(1, 20, 10, 1)
    sheet = drawn_sheet([("a", one)])
    large = np.repeat(np.repeat(one[0, :, :, 0], 3, axis=0), 3, axis=1)
    high, wide = large.shape
    assert any(
        np.array_equal(sheet[12 : 12 + high, left : left + wide, 0], large) for left in range(sheet.shape[1] - wide)
    )
