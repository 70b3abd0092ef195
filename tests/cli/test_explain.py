"""`tuicnn explain`: a number of a run, as people and programs read it."""

from __future__ import annotations

import io
import json
import math
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.text import Text

from tests.conftest import Run
from tests.faults.waiting import steps
from tests.runs.small import made_data
from tuicnn import Network
from tuicnn.cli.output.explain import print_explanation
from tuicnn.display.terminal import detect
from tuicnn.runs.folder import RunFolder
from tuicnn.specimen.text import lines

NET = """\
data: npz "d.npz" val=10
conv 4 3x3 pad=1 -> relu -> maxpool 2 -> flatten -> dense 3
"""


@pytest.mark.processes
def test_a_number_of_a_run_opens(tuicnn: Run, tmp_path: Path) -> None:
    made_data(tmp_path / "work")
    (tmp_path / "work/my.net").write_text(NET)
    done = tuicnn("train", "my.net", "--epochs", "1", "--threads", "1")
    assert done.returncode == 0, done.stderr
    opened = tuicnn("explain", "my-1", "conv1[2, 5, 4]", "--image", "7")
    assert opened.returncode == 0, opened.stderr
    moment, _, head, formula, *_ = opened.stdout.splitlines()
    assert moment.startswith("my-1 after step 1, epoch 1: image 7, of class ")
    assert head.startswith("conv1[2, 5, 4] = ")
    assert formula.startswith("conv1[2, 5, 4] = conv1.bias[2] + sum over c < 1, i < 3, j < 3 of")
    assert "image[0,4,3] * conv1.weight[2,0,0,0]" in opened.stdout
    assert all(len(line) <= 80 for line in opened.stdout.splitlines())
    way = tuicnn("explain", "1")
    assert [line.split("[")[0] for line in way.stdout.splitlines() if "engine" in line] == [
        "p", "logits", "flatten1", "maxpool1",
    ]  # fmt: skip
    for address in ("d conv1.weight[2, 0, 1, 1]", "batch d conv1.weight[2, 0, 1, 1]", "step conv1.weight[2, 0, 1, 1]"):
        found = json.loads(tuicnn("explain", "my-1", address, "--json").stdout)
        assert (found["address"], found["combine"], found["epoch"]) == (address, "sum", 1)
        assert math.fsum(part["contribution"] for part in found["parts"]) == pytest.approx(found["value"])
        assert all(part["address"] for part in found["parts"])
        assert (found["step"], found["image"]) == (1, 0)
    backward = json.loads(tuicnn("explain", "my-1", "conv1[2, 5, 4]", "--backward", "--json").stdout)
    assert backward["address"] == "d conv1[2, 5, 4]"

    past = json.loads(tuicnn("explain", "my-1", "p[2]", "--epoch", "1", "--json").stdout)
    now = json.loads(tuicnn("explain", "my-1", "p[2]", "--json").stdout)
    assert past == now  # one epoch was trained

    Image.new("RGB", (60, 40)).save(tmp_path / "work/photo.png")
    photo = tuicnn("explain", "my-1", "--image", "photo.png")
    assert photo.returncode == 0
    assert photo.stderr.startswith("photo.png is made to fit: made grey, scaled from 60x40 to ")

    for arguments, told in (
        (["my-1", "conv1[9, 3, 3]"], "conv1[9, 3, 3]: conv1 has 4 channels, 0 to 3"),
        (["my-1", "cov1[1, 3, 3]"], "did you mean conv1[1, 3, 3]?"),
        (["my-1", "conv1(1, 3, 3)"], "`conv1(1, 3, 3)` is no address; write conv1[1, 3, 3]"),
        (["my-1", "--image", "99999"], "There is no image 99,999: the data has"),
        (["my-1", "--epoch", "2"], "The run my-1 has no snapshot of epoch 2; there are those of epoch 1."),
        (["my-1", "--image", "none.png"], "none.png cannot be read: no such file"),
        (["my-1", "--label", "1"], "The label of an image of the data set is known; it is given for a file only."),
        (["my-2"], "my-2"),
    ):
        refused = tuicnn("explain", *arguments)
        assert refused.returncode == 1
        assert told in refused.stderr
        assert refused.stderr.count("\n") == 1
    assert tuicnn("explain", "my-1", "--image", "-1").returncode == 2
    assert tuicnn("explain", "my-1", "--epoch", "0").returncode == 2


@pytest.mark.processes
def test_a_run_that_trains_opens_as_it_is_at_this_moment(tuicnn: Run, tmp_path: Path) -> None:
    (tmp_path / "work/my.net").write_text("data: mnist val=50 limit=100\ntrain: batch=20\nflatten -> dense 10\n")
    began = tuicnn("my.net", "--detach", "--epochs", "100000", "--threads", "1")
    assert began.returncode == 0, began.stderr
    folder = RunFolder(tmp_path / "work/runs/my-1")
    steps(folder, 10)
    first = json.loads(tuicnn("explain", "1", "p[3]", "--json").stdout)
    steps(folder, 10)
    second = json.loads(tuicnn("explain", "1", "step dense1.weight[3, 400]", "--json").stdout)
    assert 0 < first["step"] < second["step"]
    assert first["epoch"] == first["step"] // 5
    stopped = tuicnn("stop", "1")
    assert stopped.returncode == 0, stopped.stderr
    ended = json.loads(tuicnn("explain", "1", "p[3]", "--json").stdout)
    assert ended["step"] == max(folder.checkpoints.steps())


@pytest.mark.parametrize("width", [44, 60, 80, 120])
def test_lines_are_no_wider_than_the_terminal(width: int) -> None:
    network = Network.from_text("conv 8 3x3 -> batchnorm -> relu -> flatten -> dense 10", input=(3, 16, 16), seed=0)
    image = np.random.default_rng(0).normal(size=(3, 16, 16))
    for address in ("p[3]", "loss", "logits[3]", "conv1[7, 13, 13]", "batchnorm1[7, 13, 13]", "d conv1[7, 13, 13]",
                    "d conv1.weight[7, 2, 2, 2]", "d image[2, 15, 15]"):  # fmt: skip
        said = list(lines(network.explain(address, image, 3), width))
        assert max(map(len, said)) <= width
        assert said[0].startswith(f"{address} = ")


def test_it_has_colours_where_the_terminal_has(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network.from_text("flatten -> dense 3", input=(1, 4, 4), classes=3, seed=0)
    found = network.explain("logits[1]", np.linspace(-1, 1, 16).reshape(1, 4, 4))
    for colours, term in ((True, "xterm-256color"), (False, "dumb")):
        stream = io.StringIO()
        monkeypatch.setattr(stream, "isatty", lambda: True)
        monkeypatch.setenv("TERM", term)
        monkeypatch.setenv("COLUMNS", "100")
        monkeypatch.delenv("NO_COLOR", raising=False)
        monkeypatch.setattr(sys, "stdout", stream)
        print_explanation(found, detect(os.environ))
        said = stream.getvalue()
        assert ("\x1b[" in said) is colours
        assert Text.from_ansi(said).plain.splitlines() == list(lines(found, 100))
