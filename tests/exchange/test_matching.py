"""Weights come back to the layers that they are of, to the last bit: by name, and where names say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from tests.exchange.made import shaken, trained
from tests.strategies import networks
from tuicnn import Network
from tuicnn.errors import UserError
from tuicnn.exchange.export import FORMATS, Format, export
from tuicnn.exchange.matching import Match, match
from tuicnn.exchange.onnx_file import onnx_file
from tuicnn.exchange.trained import TrainedNetwork
from tuicnn.exchange.weights_file import read_weights

Made = tuple[str, tuple[int, int, int]]
Arrays = Mapping[str, np.ndarray]

often = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
NET = "conv 4 3x3 -> batchnorm -> relu -> conv 4 3x3 -> relu -> flatten -> dense 10"


def a_network(made: Made, seed: int) -> TrainedNetwork:
    text, image = made
    network = trained(shaken(Network.from_text(text, input=image, classes=4), seed))
    assume(len(network.plan.live) == len(network.plan.nodes))
    return network


def same_bits(found: Match, network: TrainedNetwork) -> bool:
    arrays, wanted = found.arrays, network.checkpoint.weights
    return arrays.keys() == wanted.keys() and all(arrays[name].tobytes() == wanted[name].tobytes() for name in wanted)


def saved(path: Path, arrays: Arrays) -> Path:
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, path)
    return path


def layer_numbers(network: TrainedNetwork, called: str) -> dict[str, np.ndarray]:
    """The weights with layers called by their numbers, as in a `torch.nn.Sequential`."""
    numbers = {node.name: called.format(index) for index, node in enumerate(network.plan.nodes)}
    weights = network.checkpoint.weights.items()
    return {f"{numbers[name.rpartition('.')[0]]}.{name.rpartition('.')[2]}": array for name, array in weights}


@pytest.mark.parametrize("to", FORMATS)
@often
@given(made=networks(), seed=st.integers(0, 2**31))
def test_what_is_exported_comes_back(tmp_path: Path, to: Format, made: Made, seed: int) -> None:
    if to == "onnx":
        pytest.importorskip("onnx", reason="the package onnx writes the file (the extra `onnx` has it)")
    network = a_network(made, seed)
    file = read_weights(export(network, to, tmp_path / f"net{FORMATS[to]}")[-1])
    found = match(network.plan, file)
    assert same_bits(found, network)
    assert {each.by for each in found.layers} == {"name"}
    assert (found.new, found.left) == ((), ())
    checkpoint = network.checkpoint
    assert (file.known.class_names, file.known.mean, file.known.std) == (
        checkpoint.class_names,
        checkpoint.mean,
        checkpoint.std,
    )


@often
@given(made=networks(), seed=st.integers(0, 2**31))
def test_numbers_say_the_order_where_names_say_nothing(tmp_path: Path, made: Made, seed: int) -> None:
    """The library sorts names, so that 10 stands before 2 in the file."""
    network = a_network(made, seed)
    found = match(network.plan, read_weights(saved(tmp_path / "net.safetensors", layer_numbers(network, "body.{}"))))
    assert same_bits(found, network)
    assert {each.by for each in found.layers} <= {"shape", "order"}


@often
@given(made=networks(), seed=st.integers(0, 2**31))
def test_operators_of_onnx_say_what_is_what_where_names_do_not(tmp_path: Path, made: Made, seed: int) -> None:
    onnx = pytest.importorskip("onnx", reason="the package onnx writes the file (the extra `onnx` has it)")
    network = a_network(made, seed)
    model = onnx.load_from_string(onnx_file(network))
    renamed = {each.name: f"onnx::{number}" for number, each in enumerate(model.graph.initializer)}
    for each in model.graph.initializer:
        each.name = renamed[each.name]
    for node in model.graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        node.name = ""
    path = tmp_path / "net.onnx"
    path.write_bytes(model.SerializeToString())
    assert same_bits(match(network.plan, read_weights(path)), network)


def test_products_with_their_bias_behind_them_are_dense_layers(tmp_path: Path) -> None:
    """As several exporters write them: weights as (in, out), and constants in the place of initializers."""
    onnx = pytest.importorskip("onnx", reason="the package onnx writes the file (the extra `onnx` has it)")
    helper, to_tensor = onnx.helper, onnx.numpy_helper.from_array
    network = trained(shaken(Network.from_text("flatten -> dense 5 -> dense 3 bias=false", (1, 2, 2), 3), 1))
    weights = network.checkpoint.weights
    nodes = [
        helper.make_node("Flatten", ["image"], ["flat"]),
        helper.make_node("Constant", [], ["a"], value=to_tensor(np.ascontiguousarray(weights["dense1.weight"].T))),
        helper.make_node("MatMul", ["flat", "a"], ["product"]),
        helper.make_node("Add", ["bias", "product"], ["sum"]),
        helper.make_node("Transpose", ["b"], ["turned"], perm=[1, 0]),
        helper.make_node("MatMul", ["sum", "turned"], ["y"]),
    ]
    ends = [helper.make_tensor_value_info(n, 1, s) for n, s in (("image", ["N", 1, 2, 2]), ("y", ["N", 3]))]
    constants = [to_tensor(weights["dense1.bias"], "bias"), to_tensor(weights["dense2.weight"], "b")]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], constants)
    path = tmp_path / "net.onnx"
    path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString())
    assert same_bits(match(network.plan, read_weights(path)), network)


def test_a_state_dict_of_pytorch(tmp_path: Path) -> None:
    """Counts are left out, and what every name begins with."""
    torch = pytest.importorskip("torch", reason="PyTorch makes the state_dict (the extra `bench` has it)")
    from safetensors.torch import save_file as save

    from tuicnn.bench.twin import twin

    network = Network.from_text(NET)
    module = torch.nn.ModuleDict({"module": twin(network.plan).module})
    save(module.state_dict(), tmp_path / "net.safetensors")
    found = match(network.plan, read_weights(tmp_path / "net.safetensors"))
    assert [(each.layer, each.by) for each in found.layers] == [
        (name, "name") for name in ("conv1", "batchnorm1", "conv2", "dense1")
    ]
    theirs = {name.removeprefix("module."): tensor.numpy() for name, tensor in module.state_dict().items()}
    assert all(np.array_equal(array, theirs[name]) for name, array in found.arrays.items())


def arrays_of(text: str, **other: tuple[int, ...]) -> dict[str, np.ndarray]:
    """The weights of a net; `other` have another shape, and are left out where it is ()."""
    found: dict[str, np.ndarray] = Network.from_text(text, (1, 8, 8), 10).state_dict()
    for name, size in other.items():
        layer, _, short = name.rpartition("_")
        found.pop(f"{layer}.{short}", None)
        if size:
            found[f"{layer}.{short}"] = np.ones(size, np.float32)
    return found


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        (arrays_of(NET, conv2_weight=(6, 4, 3, 3)), "conv2.weight is 6x4x3x3 and not 4x4x3x3"),
        (arrays_of(NET, dense1_gain=(10,)), "dense1.gain has no counterpart: dense1 has no gain"),
        (
            arrays_of(NET, conv2_bias=()),
            "conv2 has a bias, but conv2 in {path}, of the same shape, has none: write bias=",
        ),
        (arrays_of(NET.replace("batchnorm -> ", "")), "has no batch normalisation, as batchnorm1"),
        (
            {**arrays_of("flatten -> dense 10")},
            "has no weights that fit",
        ),
        ({"conv1.weight": np.full((4, 1, 3, 3), np.nan, np.float32)}, "has values that are not finite"),
        ({"bn.running_var": np.full(4, -1, np.float32)}, "is a variance, and has negative values"),
        ({"steps": np.array([3])}, "There are no weights in"),
    ],
)
def test_what_does_not_fit_is_said_in_one_sentence(arrays: Arrays, sentence: str, tmp_path: Path) -> None:
    path = saved(tmp_path / "net.safetensors", arrays)
    with pytest.raises(UserError) as error:
        match(Network.from_text(NET, (1, 8, 8), 10).plan, read_weights(path))
    assert sentence.format(path=path) in str(error.value)
    assert "\n" not in str(error.value)


def test_of_more_weights_than_layers_none_is_chosen_unasked(tmp_path: Path) -> None:
    plan = Network.from_text("conv 2 3x3 pad=1 -> conv 2 3x3 pad=1 -> flatten -> dense 10", (2, 8, 8), 10).plan
    layers = {
        f"body.{k}.{short}": np.full(size, k, np.float32)
        for k in range(3)
        for short, size in (("weight", (2, 2, 3, 3)), ("bias", (2,)))
    }
    file = read_weights(saved(tmp_path / "net.safetensors", layers))
    with pytest.raises(UserError, match=r"of the shapes of conv1 .* 3 times, net 2 times: call the layers"):
        match(plan, file)
    found = match(plan, file, partial=True)
    assert [(each.layer, each.group.name, each.by) for each in found.layers] == [
        ("conv1", "body.0", "order"),
        ("conv2", "body.1", "order"),
    ]
    assert (found.new, [group.name for group in found.left]) == (("dense1",), ["body.2"])


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("net.pt", b"", "save_file(model.state_dict(), 'net.safetensors')"),
        ("net.h5", b"", "ends in none of .safetensors, .npz and .onnx"),
        ("net.npz", b"PK no zip", "cannot be read as arrays of NumPy"),
        ("net.safetensors", b"\x05", "cannot be read as safetensors"),
        ("net.onnx", b"\x00\x01\x02", "cannot be read as a network of ONNX"),
    ],
)
def test_files_that_are_none(name: str, content: bytes, sentence: str, tmp_path: Path) -> None:
    if name.endswith("onnx"):
        pytest.importorskip("onnx", reason="the package onnx reads the file (the extra `onnx` has it)")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError) as error:
        read_weights(tmp_path / name)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_a_damaged_file_of_ours_is_told(tmp_path: Path) -> None:
    (path,) = export(trained(Network.from_text(NET)), "safetensors", tmp_path / "net.safetensors")
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)
    with pytest.raises(UserError, match="is damaged"):
        read_weights(path)
