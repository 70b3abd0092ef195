"""`tuicnn plot`: the figures of a run, as files for a paper."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from tests.conftest import Run
from tests.runs.small import made_data, train
from tuicnn import Network
from tuicnn.runs.creation import create_run
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.status import summary

pytest.importorskip("matplotlib", reason="matplotlib, the extra `plot`, is not installed")

from tuicnn.observing.kernels import Kernels
from tuicnn.plotting.curves import curves
from tuicnn.plotting.mosaic import mosaic
from tuicnn.plotting.pictures import filters
from tuicnn.plotting.style import drawn, paper_style
from tuicnn.training.progress import History

ALL = ["confusion", "curves", "filters-conv1", "maps", "probabilities"]


def texts(svg: Path) -> list[str]:
    """What stands in a figure: its text is text."""
    found = ElementTree.fromstring(svg.read_text()).iter("{http://www.w3.org/2000/svg}text")
    return ["".join(each.itertext()).strip() for each in found]


def test_all_figures_are_as_wide_as_a_column(tuicnn: Run, stopped: RunFolder, tmp_path: Path) -> None:
    done = tuicnn("plot", "my-1", "-o", "figures/new")
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split()) == [f"figures/new/{name}.png" for name in ALL]
    for name in ALL:
        with Image.open(tmp_path / f"work/figures/new/{name}.png") as picture:
            assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.1)
            assert picture.width <= round(3.35 * 300)
            assert len(np.unique(np.asarray(picture.convert("L")))) > 10
    again = tmp_path / "work/figures/new/maps.png"
    before = again.read_bytes()
    assert tuicnn("plot", "my-1", "-o", "figures/new", "--only", "maps").stdout == "figures/new/maps.png\n"
    assert again.read_bytes() == before
    with Image.open(io.BytesIO(before)) as column:
        tuicnn("plot", "my-1", "-o", "wide", "--only", "maps", "--width", "page")
        with Image.open(tmp_path / "work/wide/maps.png") as page:
            assert page.width == pytest.approx(column.width * 6.9 / 3.35, abs=2)


def test_the_figures_say_what_the_other_commands_say(tuicnn: Run, stopped: RunFolder, tmp_path: Path) -> None:
    with np.load(tmp_path / "d.npz") as data:
        Image.fromarray(data["x_test"][4]).save(tmp_path / "work/own.png")
        probabilities = Network.from_run(stopped.path).predict(data["x_test"][4:5])[0]
    done = tuicnn("plot", "my-1", "-o", "f", "--format", "svg", "--image", "own.png")
    assert done.returncode == 0, done.stderr
    work = tmp_path / "work"
    confusion = json.loads(tuicnn("eval", "my-1", "--json").stdout)["confusion"]
    counts = [str(count) for row in confusion for count in row if count]
    assert texts(work / "f/confusion.svg")[-len(counts) :] == counts
    shares = [f"{100 * share:.1f}%" for share in sorted(probabilities.tolist(), reverse=True)]
    assert [text for text in texts(work / "f/probabilities.svg") if re.fullmatch(r"[\d.]+\.\d%", text)] == shares
    assert {"training", "validation", "epoch"} <= set(texts(work / "f/curves.svg"))


def test_a_layer_is_chosen_by_its_name(tuicnn: Run, stopped: RunFolder) -> None:
    done = tuicnn(
        "plot", "my-1", "-o", "f", "--layer", "relu1", "--layer", "dense1", "--only", "maps", "--only", "filters"
    )
    assert done.stdout.split() == ["f/filters-dense1.png", "f/maps-relu1.png", "f/maps-dense1.png"]
    wrong = tuicnn("plot", "my-1", "-o", "f", "--layer", "rleu1")
    assert (wrong.returncode, wrong.stderr) == (1, "tuicnn: The net has no layer rleu1; did you mean relu1?\n")


def test_what_cannot_be_drawn_is_told_in_a_sentence(tuicnn: Run, stopped: RunFolder, tmp_path: Path) -> None:
    many = tuicnn("plot", "my-1", "-o", "f", "--image", "10", "--only", "maps")
    assert many.stderr == "tuicnn: There is no image 10: the data has 10 validation images, counted from 0.\n"
    in_the_way = tuicnn("plot", "my-1", "-o", "my.net")
    assert in_the_way.returncode == 1
    assert in_the_way.stderr.startswith("tuicnn: The folder my.net cannot be made")
    (tmp_path / "d.npz").unlink()
    without = tuicnn("plot", "my-1", "-o", "f")
    assert (without.returncode, without.stdout) == (1, "f/curves.png\n")
    assert without.stderr.count("\n") == 1


def test_a_run_that_diverged_is_drawn_and_reported_too(tuicnn: Run, tmp_path: Path) -> None:
    text = f'data: npz "{made_data(tmp_path)}" val=10\noptim: sgd lr=1000 momentum=0.99\ntrain: batch=10\n'
    folder = create_run(
        tmp_path / "work", "my", f"{text}conv 3 3x3 -> conv 3 3x3 -> conv 3 3x3 -> flatten -> dense 3\n"
    )
    train(folder)
    assert summary(folder).state == "diverged"
    for command in (["plot", "-o", "f"], ["report"], ["eval"]):
        done = tuicnn(command[0], "my-1", *command[1:])
        assert (done.returncode, done.stderr) == (0, ""), command
    assert "the network gives NaN" in tuicnn("eval", "my-1").stdout
    assert (tmp_path / "work/f/confusion.png").is_file()


def test_all_filters_of_a_wide_layer_are_drawn_soon() -> None:
    kernels = Kernels(0, "conv5.weight", 64 * 16, 0, 16, np.ones((64 * 16, 3, 3), np.float32), False, 1)
    with paper_style():
        made = filters(kernels, "column")
        assert len(drawn(made, "svg")) > 0
    assert len(made.axes) == 1  # an axes for each of 1,024 pictures takes minutes


@pytest.mark.parametrize(("steps", "stride"), [(20, 1), (188, 1), (20_000, 1), (20_000, 40)])
def test_the_training_curve_is_where_training_is(steps: int, stride: int) -> None:
    """In a run of any length: a line that lags puts training behind validation."""
    losses = np.linspace(1, 0, steps // stride).astype(np.float32)
    made = curves(History(0, losses, np.full_like(losses, np.nan), (), stride), steps // 2, "column")
    line = np.asarray(made.axes[0].lines[1].get_ydata(), float)
    assert np.abs(line - losses).max() < 0.05


def test_pictures_of_a_mosaic_stand_row_by_row() -> None:
    tiles = np.arange(5 * 2 * 3, dtype=float).reshape(5, 2, 3)
    made = mosaic(list(tiles), 3)
    times = 4  # until the longer side has 12 pixels
    gap = (made.shape[1] - 3 * 3 * times) // 2
    for index, tile in enumerate(tiles):
        row, column = divmod(index, 3)
        top, left = row * (2 * times + gap), column * (3 * times + gap)
        piece = made[top : top + 2 * times, left : left + 3 * times]
        assert np.array_equal(piece, tile.repeat(times, 0).repeat(times, 1))
    assert np.isfinite(made).sum() == tiles.size * times * times
