"""Dense layers, losses, and columns of windows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tests.alone import Alone
from tests.onnx.cases import Node
from tests.onnx.ours import Value, from_rows, need, real, to_rows
from tests.onnx.values import softmax_rows
from tuicnn import Network, plain

__all__ = ["col2im", "cross_entropy", "gemm", "log_softmax", "matmul", "nll"]


def matmul(node: Node, inputs: Sequence[Value]) -> list[Value]:
    """A dense layer for each matrix of a stack; a vector is a matrix of one row or one column."""
    a, b = inputs
    rows = a[None] if a.ndim == 1 else a
    columns = b[:, None] if b.ndim == 1 else b
    stack = np.broadcast_shapes(rows.shape[:-2], columns.shape[:-2])
    left = np.broadcast_to(rows, (*stack, *rows.shape[-2:]))
    right = np.broadcast_to(columns, (*stack, *columns.shape[-2:]))
    made = np.empty((*stack, rows.shape[-2], columns.shape[-1]), real(a, b))
    for place in np.ndindex(*stack):
        weights = {"weight": right[place].T}
        made[place] = Alone(f"dense {columns.shape[-1]} bias=false", [left[place]], weights, dtype=real(a)).forward()
    drop = tuple(axis for axis, x in ((-2, a), (-1, b)) if x.ndim == 1)
    return [made.squeeze(drop) if drop else made]


def gemm(node: Node, inputs: Sequence[Value]) -> list[Value]:
    """alpha * A B + beta * C: a dense layer whose weights are alpha * B and whose bias is beta * C."""
    a, b, *c = inputs
    a, b = (x.T if node.attributes.get(name) else x for x, name in ((a, "transA"), (b, "transB")))
    weights = {"weight": node.attributes.get("alpha", 1.0) * b.T}
    bias = node.attributes.get("beta", 1.0) * c[0] if c else np.zeros(1)
    need(bias.ndim < 2 or len(bias) == 1, "another bias for each row")
    weights["bias"] = np.broadcast_to(bias.reshape(-1), b.shape[1])
    return [Alone(f"dense {b.shape[1]}", [a], weights, dtype=real(a, b)).forward()]


def log_likelihoods(rows: Value) -> Value:
    """The log softmax of each row (N, K): minus our cross-entropy with each class in turn as the label."""
    loss = Network.from_text("flatten -> dense 2", input=(1, 1, 2), classes=2).plan.loss
    return np.stack([-loss.forward(rows, np.full(len(rows), k)) for k in range(rows.shape[1])], axis=1)


def log_softmax(node: Node, inputs: Sequence[Value]) -> list[Value]:
    x, axis = softmax_rows(node, inputs[0])
    real(x)
    return [from_rows(log_likelihoods(to_rows(x, axis)), x.shape, axis).reshape(inputs[0].shape)]


def cross_entropy(node: Node, inputs: Sequence[Value]) -> list[Value]:
    """Each place of each image is a row of scores with a label of its own."""
    scores, labels, *weights = inputs
    need(not weights, "a weight for each class")
    need("ignore_index" not in node.attributes, "labels that do not count")
    rows, flat = to_rows(scores, 1), labels.reshape(-1)
    reduction = node.attributes.get("reduction", "mean")
    logs = log_likelihoods(rows)
    if reduction == "none":
        loss = -logs[np.arange(len(flat)), flat].reshape(labels.shape)
    else:
        k = rows.shape[1]
        network = Network.from_text(f"flatten -> dense {k} bias=false", input=(k, 1, 1), classes=k, dtype=real(scores))
        network.load_state_dict({"dense1.weight": np.eye(k)})  # the scores are the network's outputs
        mean, _ = network.loss_and_gradients(rows.reshape(-1, k, 1, 1), flat)
        loss = np.asarray(mean if reduction == "mean" else mean * len(flat))
    return [loss.astype(scores.dtype), from_rows(logs, scores.shape, 1)][: len(node.outputs)]


def nll(node: Node, inputs: Sequence[Value]) -> list[Value]:
    """Our loss applies the softmax itself; where the inputs are logarithms of shares of 1, that changes nothing."""
    logs, *rest = inputs
    need(bool(np.allclose(np.exp(logs).sum(axis=1), 1, atol=1e-5)), "numbers that are not logarithms of shares of 1")
    return cross_entropy(node, [logs, *rest])


def col2im(node: Node, inputs: Sequence[Value]) -> list[Value]:
    """The slow twin's, which is public too."""
    columns, size, kernel = inputs
    need(len(size) == 2, "volumes, not images")
    top, left, bottom, right = node.attributes.get("pads", [0, 0, 0, 0])
    stride, dilation = (tuple(node.attributes.get(name, [1, 1])) for name in ("strides", "dilations"))
    made = plain.col2im(columns, tuple(size), tuple(kernel), stride, ((top, bottom), (left, right)), dilation)
    return [made]
