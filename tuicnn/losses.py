"""Losses, and their gradients by the network's outputs.

All are means, as PyTorch's by default: over the images, and for `mse` and `bce` over the outputs too.
`cross_entropy` and `bce` take raw outputs (logits) and apply softmax or sigmoid themselves, which is exact where a
probability would round to 0 or 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from tuicnn.kernels.arrays import Array
from tuicnn.kernels.softmax import across, softmax
from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import Number, option, word

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tuicnn.layers.onnx_graph import OnnxGraph

    Labels = NDArray[np.int64]

__all__ = ["BinaryCrossEntropy", "CrossEntropy", "Loss", "MeanSquaredError", "one_hot", "softmax"]


def sigmoid(z: Array) -> Array:
    """`1 / (1 + exp(-z))`, by way of tanh, which does not overflow."""
    out: Array = np.tanh(z * 0.5)
    out *= 0.5
    out += 0.5
    return out


def one_hot(labels: Labels, like: Array) -> Array:
    """Targets for outputs `like` `(N, K)`: 1 at the label, 0 elsewhere; the label itself where K is 1 (two classes)."""
    if like.shape[1] == 1:
        return labels.astype(like.dtype).reshape(-1, 1)
    out = np.zeros_like(like)
    out[np.arange(len(labels)), labels] = 1
    return out


loss = partial(word, "loss")


class Loss:
    """The base of all losses. Subclasses are frozen dataclasses registered with `loss(…)`."""

    #: the activation that the loss applies itself, so that the network need not end in it; "" for none
    applies: ClassVar[str] = ""
    #: a single output speaks for the second of two classes where it is above this
    threshold: ClassVar[float] = 0.5

    def torch(self) -> str:
        """The same in PyTorch, of `torch.nn`, as it is written; `CrossEntropyLoss` takes labels, others `one_hot`."""
        raise NotImplementedError

    def outputs(self, classes: int) -> tuple[int, ...]:
        """How many outputs a network may have for so many classes."""
        return (classes,) if classes != 2 else (2, 1)

    def forward(self, z: Array, labels: Labels) -> Array:
        """Each image's loss `(N,)` for outputs `z` `(N, K)`; the batch's loss is their mean."""
        raise NotImplementedError

    def both(self, z: Array, labels: Labels, batch: int) -> tuple[Array, Array]:
        """What `forward` gives, and the gradient of `sum of forward / batch` by `z`, `(N, K)`.

        `batch` is more than N for a shard of a batch.
        """
        raise NotImplementedError

    def backward(self, z: Array, labels: Labels, batch: int) -> Array:
        """The gradient alone."""
        return self.both(z, labels, batch)[1]

    def probabilities(self, z: Array) -> Array:
        """What the outputs say of each class, `(N, classes)`, to be shown as bars."""
        raise NotImplementedError

    def torch_probabilities(self) -> str:
        """What `probabilities` is in PyTorch: an expression of the `logits` (N, K); of one, the second class's."""
        raise NotImplementedError

    def onnx(self, graph: OnnxGraph, z: str) -> str:
        """What `probabilities` is in ONNX, as `Layer.onnx`; of one output, the second class's."""
        raise NotImplementedError

    def predictions(self, z: Array) -> Labels:
        """The class that each row of outputs speaks for, `(N,)`."""
        found: Labels = z.argmax(axis=1) if z.shape[1] > 1 else (z[:, 0] > self.threshold).astype(np.int64)
        return found


def _shifted(z: Array) -> Array:
    """z less each row's maximum, so that no exp can overflow; `(K, N)`, as sums over a first axis are fast."""
    t = across(z)
    t -= np.maximum.reduce(t, axis=0)
    return t


def _two(p: Array) -> Array:
    """The probabilities of two classes from that of the second."""
    return np.concatenate([1 - p, p], axis=1)


@loss(
    "cross_entropy",
    help="softmax, then minus the logarithm of the right class's probability",
    aliases=("crossentropy", "ce", "nll", "categorical_crossentropy", "softmax"),
    example="cross_entropy smoothing=0.1",
    formula=(
        "p = exp(z)/sum(exp(z))\n"
        "t = (1 - smoothing)*onehot + smoothing/K\n"
        "loss = -sum(t*log(p))\n"
        "z: the K outputs; onehot: 1 at the right class, else 0; of a batch, the mean over its images"
    ),
    source=(
        "Bishop, Pattern Recognition and Machine Learning (2006), equation 4.108; smoothing: "
        "Szegedy and others, Rethinking the Inception Architecture (2016), section 7"
    ),
)
@dataclass(frozen=True)
class CrossEntropy(Loss):
    """Cross-entropy of the softmax of the outputs (Bishop, Pattern Recognition and Machine Learning, 4.108)."""

    smoothing: float = option(
        Number(at_least=0, below=1), default=0.0, help="share of the target that is spread over all classes"
    )
    applies = "softmax"

    def torch(self) -> str:
        return f"CrossEntropyLoss(label_smoothing={self.smoothing})"

    def outputs(self, classes: int) -> tuple[int, ...]:
        return (classes,)

    def forward(self, z: Array, labels: Labels) -> Array:
        """`-sum_k t_k log p_k`, where log p = z - max - log sum exp(z - max) and t is the smoothed target.

        Smoothing (Szegedy et al. 2016, section 7): t = (1 - s) [k = label] + s / K.
        """
        t = _shifted(z)
        return self._losses(t, np.add.reduce(np.exp(t), axis=0), labels)

    def both(self, z: Array, labels: Labels, batch: int) -> tuple[Array, Array]:
        """d loss / d z_k = p_k - t_k: the softmax's Jacobian and the logarithm's derivative cancel but for this."""
        shifted = _shifted(z)
        t = np.exp(shifted)
        sums = np.add.reduce(t, axis=0)
        losses = self._losses(shifted, sums, labels)
        t /= sums
        t[labels, np.arange(len(labels))] -= 1 - self.smoothing
        if self.smoothing:
            t -= self.smoothing / len(t)
        t *= 1 / batch
        return losses, np.ascontiguousarray(t.T)

    def _losses(self, t: Array, sums: Array, labels: Labels) -> Array:
        """From z less its maximum, `(K, N)`, and Σ exp of it."""
        right = t[labels, np.arange(len(labels))]
        out: Array = np.log(sums)
        right *= 1 - self.smoothing
        out -= right
        if self.smoothing:
            out -= self.smoothing * t.mean(axis=0)
        return out

    def torch_probabilities(self) -> str:
        return "logits.softmax(1)"

    def onnx(self, graph: OnnxGraph, z: str) -> str:
        return graph.op("Softmax", z, axis=1)

    def probabilities(self, z: Array) -> Array:
        return softmax(z)


@loss(
    "mse",
    help="the mean of the squared differences from 0 and 1",
    aliases=("mean_squared_error", "mse_loss", "l2", "quadratic"),
    example="mse",
    formula=(
        "loss = sum((z - t)**2)/K\n"
        "z: the K outputs; t: 1 at the right class, else 0 (of one output, the class itself: 0 or 1);\n"
        "of a batch, the mean over its images"
    ),
    source="Goodfellow, Bengio and Courville, Deep Learning (2016), equation 5.4",
)
@dataclass(frozen=True)
class MeanSquaredError(Loss):
    """Mean squared error against one-hot targets (or 0 and 1, for one output and two classes)."""

    def torch(self) -> str:
        return "MSELoss()"

    def forward(self, z: Array, labels: Labels) -> Array:
        """`sum_k (z_k - t_k)^2 / K`."""
        return self._losses(z - one_hot(labels, z))

    def both(self, z: Array, labels: Labels, batch: int) -> tuple[Array, Array]:
        """d loss / d z_k = 2 (z_k - t_k) / K."""
        dz: Array = z - one_hot(labels, z)
        losses = self._losses(dz)
        dz *= 2.0 / (z.shape[1] * batch)
        return losses, dz

    def _losses(self, apart: Array) -> Array:
        """From z less its targets."""
        squares = across(apart)
        squares *= squares
        out: Array = np.add.reduce(squares, axis=0)
        out /= len(squares)
        return out

    def torch_probabilities(self) -> str:
        return "logits.clamp(0, 1)"

    def onnx(self, graph: OnnxGraph, z: str) -> str:
        return graph.op("Clip", z, 0.0, 1.0)

    def probabilities(self, z: Array) -> Array:
        """The outputs themselves, cut to [0, 1]: `mse` gives them no other meaning."""
        p: Array = np.minimum(np.maximum(z, 0), 1)
        return _two(p) if z.shape[1] == 1 else p


@loss(
    "bce",
    help="sigmoid, then cross-entropy of each output for itself",
    aliases=("binary_cross_entropy", "binary_crossentropy", "binary_cross_entropy_with_logits", "logistic"),
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

    def torch(self) -> str:
        return "BCEWithLogitsLoss()"

    def forward(self, z: Array, labels: Labels) -> Array:
        """`-t log s(z) - (1 - t) log(1 - s(z)) = max(z, 0) - t z + log(1 + exp(-|z|))`, the mean over outputs."""
        t = one_hot(labels, z)
        out: Array = across(np.maximum(z, 0) - t * z + np.log1p(np.exp(-np.abs(z)))).mean(axis=0)
        return out

    def both(self, z: Array, labels: Labels, batch: int) -> tuple[Array, Array]:
        """d loss / d z = (s(z) - t) / K."""
        dz = sigmoid(z)
        dz -= one_hot(labels, z)
        dz /= z.shape[1] * batch
        return self.forward(z, labels), dz

    def torch_probabilities(self) -> str:
        return "logits.sigmoid()"

    def onnx(self, graph: OnnxGraph, z: str) -> str:
        return graph.op("Sigmoid", z)

    def probabilities(self, z: Array) -> Array:
        p = sigmoid(z)
        return _two(p) if z.shape[1] == 1 else p
