"""A trained network as a file of ONNX: images in 0 to 255 in, logits and probabilities out, any number of images.

The package onnx, which is an extra, writes and checks it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tuicnn.data import scale_and_offset
from tuicnn.errors import UserError
from tuicnn.language.plan import INPUT
from tuicnn.layers.onnx_graph import OPSET, OnnxGraph
from tuicnn.runs.checkpoint_file import metadata_of
from tuicnn.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tuicnn.exchange.trained import TrainedNetwork
    from tuicnn.kernels.arrays import Array
    from tuicnn.layers.base import Shape

__all__ = ["checked_file", "graph_of", "import_onnx", "onnx_file"]

IMAGE, LOGITS = "image", "logits"
_IR_VERSION = 8  # of the file's form; the one that came with opset 17
_MOST_BYTES = (1 << 31) - (1 << 20)  # a file of Protocol Buffers has less than 2 GiB


def onnx_file(network: TrainedNetwork) -> bytes:
    """The file, checked. Raises `UserError` where the package onnx is missing, or the network is too large."""
    plan, checkpoint = network.plan, network.checkpoint
    if sum(array.nbytes for array in checkpoint.weights.values()) > _MOST_BYTES:
        raise UserError("A file of ONNX holds at most 2 GB of weights; write them with --to safetensors or --to torch.")
    graph, used = graph_of(network)
    return checked_file(
        graph,
        {name: checkpoint.weights[name] for name in used},
        {IMAGE: plan.input},
        {network.answer: network.said, LOGITS: plan.nodes[-1].shape},
        name=network.name,
        texts={node.name: node.text for node in plan.nodes},
        metadata=metadata_of(checkpoint),
    )


def graph_of(network: TrainedNetwork) -> tuple[OnnxGraph, list[str]]:
    """The operators, and which weights they take: those of layers that nothing reads are left out."""
    plan, checkpoint = network.plan, network.checkpoint
    answer = network.answer
    graph = OnnxGraph((IMAGE, LOGITS, answer, *checkpoint.weights))
    used: list[str] = []
    graph.begin("normalise")
    scale, offset = (part.reshape(1, -1, 1, 1) for part in scale_and_offset(checkpoint.mean, checkpoint.std))
    values = {INPUT: graph.op("Add", graph.op("Mul", IMAGE, scale), offset)}
    for index in plan.live:
        node = plan.nodes[index]
        weights = {short: f"{node.name}.{short}" for short in node.layer.weights(*node.input_shapes)}
        used += weights.values()
        inputs = [values[source] for source in node.inputs]
        graph.begin(node.name)
        made = node.layer.onnx(graph, inputs, weights, *node.input_shapes)
        values[index] = made if made in inputs else graph.rename(made, node.name)
    logits = graph.give_out(values[len(plan.nodes) - 1], LOGITS)
    graph.begin(answer)
    shares = plan.loss.onnx(graph, logits)
    if network.outputs == 1 and not plan.of_images:  # of the second of two classes
        shares = graph.op("Concat", graph.op("Sub", 1.0, shares), shares, axis=1)
    graph.give_out(shares, answer)
    return graph, used


def checked_file(
    graph: OnnxGraph,
    weights: Mapping[str, Array],
    inputs: Mapping[str, Shape],
    outputs: Mapping[str, Shape],
    *,
    name: str = "network",
    texts: Mapping[str, str] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> bytes:
    """The file of a graph: float32 in and out, of as many images as are given. Raises `UserError` without onnx.

    Shapes are those of one image. `texts` say how each layer is written, `metadata` what is known of the whole.
    """
    onnx = import_onnx()
    arrays = {**{n: np.ascontiguousarray(w, np.float32) for n, w in weights.items()}, **graph.constants}
    nodes = [
        onnx.helper.make_node(
            each.name,
            each.inputs,
            [each.output],
            name=each.output,
            doc_string=(texts or {}).get(each.layer, ""),
            **each.attributes,
        )
        for each in graph.operators
    ]
    ends = [
        [onnx.helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, ["N", *shape]) for n, shape in end.items()]
        for end in (inputs, outputs)
    ]
    model = onnx.helper.make_model(
        onnx.helper.make_graph(nodes, name, *ends, [onnx.numpy_helper.from_array(a, n) for n, a in arrays.items()]),
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=_IR_VERSION,
        producer_name="tuicnn",
        producer_version=__version__,
    )
    onnx.helper.set_model_props(model, metadata or {})
    onnx.checker.check_model(model, full_check=True)
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def import_onnx() -> Any:
    """The package onnx. Raises `UserError` where it is not installed."""
    try:
        import onnx.checker
        import onnx.helper
        import onnx.numpy_helper
    except ImportError:
        raise UserError(
            "Files of ONNX need a package more; install it, in the clone of tuicnn: pip install -e '.[onnx]'"
        ) from None
    return onnx
