"""`tuicnn explain`: a number of a run, as people and programs read it."""

from __future__ import annotations

import json
import math

import pytest

from tests.conftest import Run


@pytest.mark.processes
def test_a_number_of_a_run_opens(tuicnn: Run) -> None:
    done = tuicnn("train", "nets/mnist.net", "--epochs", "1", "--limit", "300", "--threads", "1")
    assert done.returncode == 0, done.stderr
    opened = tuicnn("explain", "mnist-1", "conv1[2, 10, 14]", "--image", "7")
    assert opened.returncode == 0, opened.stderr
    head, formula, *_ = opened.stdout.splitlines()
    assert head.startswith("conv1[2, 10, 14] = ")
    assert formula == "conv1[2, 10, 14] = conv1.bias[2] + sum over c < 1, i < 3, j < 3 of"
    assert "image[0,9,13] * conv1.weight[2,0,0,0]" in opened.stdout
    assert all(len(line) <= 80 for line in opened.stdout.splitlines())
    way = tuicnn("explain", "1")
    assert [line.split("[")[0] for line in way.stdout.splitlines() if "engine" in line] == [
        "p", "logits", "flatten1", "maxpool1",
    ]  # fmt: skip
    for address in ("d conv1.weight[2, 0, 1, 1]", "batch d conv1.weight[2, 0, 1, 1]", "step conv1.weight[2, 0, 1, 1]"):
        found = json.loads(tuicnn("explain", "mnist-1", address, "--json").stdout)
        assert (found["address"], found["combine"], found["epoch"]) == (address, "sum", 1)
        assert math.fsum(part["contribution"] for part in found["parts"]) == pytest.approx(found["value"])
        assert all(part["address"] for part in found["parts"])
    backward = json.loads(tuicnn("explain", "mnist-1", "conv1[2, 10, 14]", "--backward", "--json").stdout)
    assert backward["address"] == "d conv1[2, 10, 14]"

    for arguments, told in (
        (["mnist-1", "conv1[9, 3, 3]"], "conv1[9, 3, 3]: conv1 has 8 channels, 0 to 7"),
        (["mnist-1", "cov1[1, 3, 3]"], "did you mean conv1[1, 3, 3]?"),
        (["mnist-1", "conv1(1, 3, 3)"], "`conv1(1, 3, 3)` is no address; write conv1[1, 3, 3]"),
        (["mnist-1", "--image", "99999"], "There is no image 99,999: the data has"),
        (["mnist-2"], "mnist-2"),
    ):
        refused = tuicnn("explain", *arguments)
        assert refused.returncode == 1
        assert told in refused.stderr
        assert refused.stderr.count("\n") == 1
