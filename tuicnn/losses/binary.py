"""Binary cross-entropy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tuicnn.kernels.arrays import Array, across
from tuicnn.lazy_numpy import np

from .base import Loss, loss, targets, two

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tuicnn.layers.onnx_graph import OnnxGraph

    Labels = NDArray[Any]

__all__ = ["BinaryCrossEntropy"]


def sigmoid(z: Array) -> Array:
    """`1 / (1 + exp(-z))`, by way of tanh, which does not overflow."""
    out: Array = np.tanh(z * 0.5)
    out *= 0.5
    out += 0.5
    return out


@loss(
    "bce",
    help="sigmoid, then cross-entropy of each output for itself",
    aliases=(
        *("binary_cross_entropy", "binary_crossentropy", "binary_cross_entropy_with_logits", "logistic"),
        *("bceloss", "bce_with_logits", "bcewithlogits", "bcewithlogitsloss"),
    ),
    example="bce",
    formula=(
        "p = 1/(1 + exp(-z))\n"
        "loss = -sum(t*log(p) + (1 - t)*log(1 - p))/K\n"
        "z: the K outputs; t: 1 at the right class, else 0 (of one output, the class itself: 0 or 1);\n"
        "of a batch, the mean over its images"
    ),
    source="Bishop, Pattern Recognition and Machine Learning (2006), equation 4.90",
)
@dataclass(frozen=True)
class BinaryCrossEntropy(Loss):
    """Binary cross-entropy of the sigmoid of each output (PyTorch's BCEWithLogitsLoss)."""

    applies = "sigmoid"
    threshold = 0.0
    of_images = True

    def torch(self) -> str:
        return "BCEWithLogitsLoss()"

    def forward(self, z: Array, labels: Labels) -> Array:
        """`-t log s(z) - (1 - t) log(1 - s(z)) = max(z, 0) - t z + log(1 + exp(-|z|))`, the mean over outputs."""
        t = targets(labels, z)
        out: Array = across(np.maximum(z, 0) - t * z + np.log1p(np.exp(-np.abs(z)))).mean(axis=0)
        return out

    def both(self, z: Array, labels: Labels, batch: int) -> tuple[Array, Array]:
        """d loss / d z = (s(z) - t) / K."""
        dz = sigmoid(z)
        dz -= targets(labels, z)
        dz /= z.shape[1] * batch
        return self.forward(z, labels), dz

    def torch_probabilities(self) -> str:
        return "logits.sigmoid()"

    def onnx(self, graph: OnnxGraph, z: str) -> str:
        return graph.op("Sigmoid", z)

    def probabilities(self, z: Array) -> Array:
        p = sigmoid(z)
        return two(p) if z.shape[1] == 1 else p
