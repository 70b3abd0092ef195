"""Every operator of ONNX that tuicnn has, and how a graph of them is run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tests.alone import Alone
from tests.onnx import products, training, values, windows
from tests.onnx.cases import Case, Node
from tests.onnx.ours import NotOursError, Operator, real

__all__ = ["BESIDE", "OPERATORS", "run"]

#: ONNX's operator -> our layer, loss or optimizer
OPERATORS: dict[str, Operator] = {
    "Adam": training.adam,
    "Add": values.add,
    "AveragePool": windows.pool("avgpool"),
    "BatchNormalization": training.batchnorm,
    "Col2Im": products.col2im,
    "Concat": values.concat,
    "Conv": windows.conv,
    "ConvTranspose": windows.conv_transpose,
    "Dropout": training.dropout,
    "Elu": values.activation("elu", alpha=1.0),
    "Flatten": values.flatten,
    "Gelu": values.activation("gelu"),
    "Gemm": products.gemm,
    "GlobalAveragePool": windows.global_pool("globalavgpool"),
    "GlobalMaxPool": windows.global_pool("globalmaxpool"),
    "GroupNormalization": training.groupnorm,
    "HardSigmoid": values.hardsigmoid,
    "HardSwish": values.activation("hardswish"),
    "Identity": values.identity,
    "InstanceNormalization": training.instancenorm,
    "LRN": training.lrn,
    "LayerNormalization": training.layernorm,
    "LeakyRelu": values.activation("leakyrelu", slope=0.01),
    "LogSoftmax": products.log_softmax,
    "MatMul": products.matmul,
    "MaxPool": windows.pool("maxpool"),
    "Mish": values.activation("mish"),
    "Momentum": training.momentum,
    "Mul": values.multiply,
    "NegativeLogLikelihoodLoss": products.nll,
    "PRelu": values.prelu,
    "Pad": values.pad,
    "ReduceMax": values.reduction("channelmaxpool"),
    "ReduceMean": values.reduction("channelavgpool"),
    "Relu": values.activation("relu"),
    "Reshape": values.reshape,
    "Resize": values.resize,
    "Sigmoid": values.activation("sigmoid"),
    "Softmax": values.softmax,
    "SoftmaxCrossEntropyLoss": products.cross_entropy,
    "Sum": values.add,
    "Swish": values.activation("silu"),
    "Tanh": values.activation("tanh"),
    "Upsample": values.upsample,
}


def split(node: Node, inputs: Sequence[Any]) -> list[Any]:
    return np.split(inputs[0], len(node.outputs), axis=node.attributes["axis"])


#: what some graphs do besides; it is no layer of ours, and is done here with NumPy
BESIDE: dict[str, Operator] = {
    "Constant": lambda node, inputs: [node.attributes["value"]],
    "Neg": lambda node, inputs: [-inputs[0]],
    "Shape": lambda node, inputs: [np.array(inputs[0].shape)],
    "Split": split,
    "Squeeze": lambda node, inputs: [inputs[0].squeeze(tuple(node.attributes["axes"]))],
    "Transpose": lambda node, inputs: [inputs[0].transpose(node.attributes["perm"])],
    "Unsqueeze": lambda node, inputs: [np.expand_dims(inputs[0], tuple(node.attributes["axes"]))],
}


def run(case: Case, given: Mapping[str, Any]) -> dict[str, Any]:
    """All arrays of a case's graph by name; None for what our layers do not show. Raises `NotOursError`."""
    known: dict[str, Any] = {**case.constants, **given}
    if not case.operators <= {*OPERATORS, *BESIDE, "Gradient"}:
        raise NotOursError("other operators as well")
    for node in case.nodes:
        if node.operator == "Gradient":
            made = gradient(case, node, known)
        else:
            operator = OPERATORS.get(node.operator) or BESIDE[node.operator]
            made = operator(node, [known[name] for name in node.inputs if name])
        known.update(zip(node.outputs, made, strict=True))
    return known


def gradient(case: Case, node: Node, known: Mapping[str, Any]) -> list[Any]:
    """The derivatives of a sum by its terms: what our `add` sends back, for each unit that comes in."""
    (maker,) = (other for other in case.nodes if node.attributes["y"] in other.outputs)
    if maker.operator != "Add" or list(maker.inputs) != node.attributes["xs"]:
        raise NotOursError("the gradient of a product of two arrays")
    terms = [known[name] for name in maker.inputs]
    alone = Alone("add", [term.reshape(1, -1) for term in terms], dtype=real(*terms))
    dxs, _ = alone.backward()
    return [(dx / alone.dy()).reshape(term.shape) for dx, term in zip(dxs, terms, strict=True)]
