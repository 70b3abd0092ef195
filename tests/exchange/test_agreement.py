"""A network says the same of an image here, in ONNX Runtime and in PyTorch: random ones, and those of `nets/`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.exchange.made import in_onnxruntime, in_torch, ours, pixels_for, shaken, trained
from tests.strategies import networks
from tuicnn import Network
from tuicnn.bundled import bundled
from tuicnn.exchange.onnx_file import onnx_file

NETS = sorted(bundled("nets").glob("*.net"))
LOSSES = ["cross_entropy", "mse", "bce"]
LIMIT = 1e-4
Made = tuple[str, tuple[int, int, int]]

slow = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def needs_onnxruntime() -> None:
    pytest.importorskip("onnx", reason="the package onnx writes the file (the extra `onnx` has it)")
    pytest.importorskip("onnxruntime", reason="onnxruntime runs the file (the extra `bench` has it)")


def needs_torch() -> None:
    pytest.importorskip("torch", reason="PyTorch runs the module (the extra `bench` has it)")


@slow
@given(networks(), st.sampled_from(LOSSES), st.integers(1, 5), st.integers(0, 2**31))
def test_random_networks_in_onnx(made: Made, loss: str, count: int, seed: int) -> None:
    needs_onnxruntime()
    text, image = made
    network = trained(shaken(Network.from_text(f"loss: {loss}\n{text}", input=image, classes=4), seed))
    batches = pixels_for(network, count, seed), pixels_for(network, count + 1, seed)  # any number of images
    for images, answer in zip(batches, in_onnxruntime(network, *batches), strict=True):
        assert ours(network, images).difference(answer) < LIMIT


@slow
@given(networks(), st.sampled_from(LOSSES), st.integers(1, 5), st.integers(0, 2**31))
def test_random_networks_in_torch(tmp_path: Path, made: Made, loss: str, count: int, seed: int) -> None:
    needs_torch()
    text, image = made
    network = trained(shaken(Network.from_text(f"loss: {loss}\n{text}", input=image, classes=4), seed))
    images = pixels_for(network, count, seed)
    (answer,) = in_torch(network, tmp_path, images)
    assert ours(network, images).difference(answer) < LIMIT


@pytest.mark.parametrize("path", NETS, ids=lambda path: path.stem)
def test_bundled_networks(path: Path, tmp_path: Path) -> None:
    needs_onnxruntime()
    needs_torch()
    network = trained(Network.from_file(path))
    images = pixels_for(network, 3, 0)
    wanted = ours(network, images)
    assert wanted.probabilities.shape == (3, network.plan.classes)
    assert wanted.difference(in_onnxruntime(network, images)[0]) < LIMIT
    assert wanted.difference(in_torch(network, tmp_path, images)[0]) < LIMIT


@pytest.mark.parametrize("loss", ["mse", "bce"])
def test_one_output_speaks_for_the_second_of_two_classes(loss: str, tmp_path: Path) -> None:
    needs_onnxruntime()
    needs_torch()
    net = Network.from_text(f"loss: {loss}\nflatten -> dense 1", input=(1, 4, 4), classes=2)
    network = trained(shaken(net, 1))
    images = pixels_for(network, 4, 0)
    wanted = ours(network, images)
    for answer in (*in_onnxruntime(network, images), *in_torch(network, tmp_path, images)):
        assert (answer.probabilities.shape, answer.logits.shape) == ((4, 2), (4, 1))
        assert wanted.difference(answer) < LIMIT


@pytest.mark.parametrize(
    "text",
    [
        # names that are an output, a name in the module or in Python, or PyTorch's own
        "conv 2 3x3 as logits -> relu as image -> conv 2 1x1 as probabilities -> maxpool 2 as torch\n"
        "conv 2 1x1 as x -> relu as class -> conv 2 1x1 as nn -> flatten -> dense 10 as forward",
        "conv 2 2x2 pad=same as straße -> avgpool 2 stride=1 pad=same as a-b -> conv 2 1x1 as a_b -> conv 2 1x1 as _c\n"
        "flatten -> dense 10 as load",
        # the image itself is read twice, and later; a branch that nothing reads
        "identity as here -> add { conv 1 3x3 pad=1 | identity } -> add { @here | identity } -> flatten -> dense 10",
        "relu as a -> conv 2 3x3 -> concat { @a | @a } -> flatten -> dense 10",
        # nothing but moves at the end
        "conv 10 1x1 -> globalavgpool -> dropout 0.5 -> identity",
    ],
)
def test_names_and_ends(text: str, tmp_path: Path) -> None:
    needs_onnxruntime()
    needs_torch()
    network = trained(shaken(Network.from_text(text, input=(1, 6, 6), classes=10), 1))
    images = pixels_for(network, 2, 0)
    wanted = ours(network, images)
    assert wanted.difference(in_onnxruntime(network, images)[0]) < LIMIT
    assert wanted.difference(in_torch(network, tmp_path, images)[0]) < LIMIT


def test_the_file_of_onnx_tells_what_it_is() -> None:
    onnx = pytest.importorskip("onnx", reason="the package onnx writes the file (the extra `onnx` has it)")
    network = trained(Network.from_text("conv 2 3x3 as edges -> relu -> flatten -> dense 3", (3, 5, 5), 3), "mine-4")
    model = onnx.load_from_string(onnx_file(network))
    metadata = {each.key: each.value for each in model.metadata_props}
    assert json.loads(metadata["class_names"]) == ["class 0", "class 1", "class 2"]
    assert json.loads(metadata["mean"]) == list(network.checkpoint.mean)
    assert metadata["net"] == network.plan.text
    assert model.graph.name == "mine-4"
    assert {"edges", "relu1", "flatten1", "logits", "probabilities"} <= {node.name for node in model.graph.node}
    kept = {each.name: onnx.numpy_helper.to_array(each) for each in model.graph.initializer}
    for name, array in network.checkpoint.weights.items():
        np.testing.assert_array_equal(kept[name], array)
