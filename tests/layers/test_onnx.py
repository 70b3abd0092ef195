"""Every layer and loss in ONNX gives what it gives here, for random arguments, also of another number of images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.layers.helpers import Array, batch_of, drive, inner_weights, outer, random_weights
from tests.layers.table import CASES, LAYERS
from tuicnn.exchange.onnx_file import checked_file
from tuicnn.layers import Layer
from tuicnn.layers.onnx_graph import OnnxGraph


def compute(graph: OnnxGraph, weights: Mapping[str, Array], inputs: Sequence[Array], y: Array) -> Any:
    """What ONNX Runtime makes of a graph of inputs `x0`, `x1` and so on, where it is here; else ONNX's reference."""
    names = [f"x{k}" for k in range(len(inputs))]
    shapes = {name: tuple(x.shape[1:]) for name, x in zip(names, inputs, strict=True)}
    given = {name: np.ascontiguousarray(x, np.float32) for name, x in zip(names, inputs, strict=True)}
    data = checked_file(graph, weights, shapes, {"y": tuple(y.shape[1:])})
    try:
        import onnxruntime
    except ImportError:
        from onnx.reference import ReferenceEvaluator

        return ReferenceEvaluator(data).run(None, given)[0]
    return onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, given)[0]


def test_each_layer_has_a_form_in_onnx() -> None:
    assert [name for name, cls in LAYERS.items() if cls.onnx is Layer.onnx] == []


@pytest.mark.parametrize("name", sorted(CASES))
@settings(max_examples=20, deadline=None)
@given(data=st.data(), count=st.integers(1, 3), seed=st.integers(0, 10_000))
def test_layers(name: str, data: st.DataObject, count: int, seed: int) -> None:
    pytest.importorskip("onnx", reason="the package onnx writes the file (the extra `onnx` has it)")
    layer, shapes = data.draw(CASES[name])
    inputs = [batch_of(shape, count, seed + k, np.float32) for k, shape in enumerate(shapes)]
    values = random_weights(layer, shapes, seed, np.float32)
    wanted = outer(drive(layer, inputs, values, training=False).y)

    weights = inner_weights(layer, shapes, values)
    graph = OnnxGraph(["y", *weights, *(f"x{k}" for k in range(len(inputs)))])
    made = layer.onnx(graph, [f"x{k}" for k in range(len(inputs))], {key: key for key in weights}, *shapes)
    graph.give_out(made if graph.operators else graph.op("Identity", made), "y")
    scale = max(1.0, float(np.abs(wanted).max()))
    found = compute(graph, weights, [outer(x) for x in inputs], wanted)
    np.testing.assert_allclose(found / scale, wanted / scale, rtol=0, atol=1e-5)
