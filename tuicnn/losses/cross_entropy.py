"""Cross-entropy of the softmax."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tuicnn.kernels import softmax
from tuicnn.kernels.arrays import Array, across
from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import Number, option

from .base import WEIGHTS, Loss, loss, targets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tuicnn.layers.onnx_graph import OnnxGraph

    Labels = NDArray[Any]

__all__ = ["CrossEntropy", "Softmax", "softmax"]


def shifted(z: Array) -> Array:
    """z less each row's maximum, so that no exp can overflow; `(K, N)`, as sums over a first axis are fast."""
    t = across(z)
    t -= np.maximum.reduce(t, axis=0)
    return t


class Softmax(Loss):
    """What losses of the softmax share."""

    applies = "softmax"

    def outputs(self, classes: int) -> tuple[int, ...]:
        return (classes,)

    def torch_probabilities(self) -> str:
        return "logits.softmax(1)"

    def onnx(self, graph: OnnxGraph, z: str) -> str:
        return graph.op("Softmax", z, axis=1)

    def probabilities(self, z: Array) -> Array:
        return softmax(z)


@loss(
    "cross_entropy",
    help="softmax, then minus the logarithm of the right class's probability",
    aliases=(
        "crossentropy",
        "ce",
        "nll",
        "nll_loss",
        "sparse_categorical_crossentropy",
        "categorical_crossentropy",
        "softmax",
    ),
    example="cross_entropy smoothing=0.1",
    formula=(
        "p = exp(z)/sum(exp(z))\n"
        "t = (1 - smoothing)*onehot + smoothing/K\n"
        "loss = -sum(w*t*log(p))\n"
        "z: the K outputs; onehot: 1 at the right class, else 0; w: each class's weight, else 1;\n"
        "of a batch, the mean over its images"
    ),
    source=(
        "Bishop, Pattern Recognition and Machine Learning (2006), equation 4.108; smoothing: "
        "Szegedy and others, Rethinking the Inception Architecture (2016), section 7"
    ),
)
@dataclass(frozen=True)
class CrossEntropy(Softmax):
    """Cross-entropy of the softmax of the outputs (Bishop, Pattern Recognition and Machine Learning, 4.108)."""

    smoothing: float = option(
        Number(at_least=0, below=1), default=0.0, help="share of the target that is spread over all classes"
    )
    weights: tuple[float, ...] = option(WEIGHTS, default=(), help="how much each class counts: a number for each")

    def torch(self) -> str:
        """Of weighted images, PyTorch's own mean would be over their weights."""
        if not self.weights:
            return f"CrossEntropyLoss(label_smoothing={self.smoothing})"
        weights = f"torch.tensor({list(self.weights)})"
        return f'CrossEntropyLoss({weights}, reduction="none", label_smoothing={self.smoothing})'

    def forward(self, z: Array, labels: Labels) -> Array:
        """`-sum_k t_k log p_k`, where log p = z - max - log sum exp(z - max) and t is the smoothed target.

        Smoothing (Szegedy et al. 2016, section 7): t = (1 - s) [k = label] + s / K. Each term counts by its class's
        weight.
        """
        t = shifted(z)
        sums = np.add.reduce(np.exp(t), axis=0)
        return self._losses(t, sums, labels) if self._plain(labels) else self._counted(t, sums, labels)[0]

    def both(self, z: Array, labels: Labels, batch: int) -> tuple[Array, Array]:
        """d loss / d z_k = p_k - t_k: the softmax's Jacobian and the logarithm's derivative cancel but for this.

        Weighted, t_k is weight times target, and p_k times the sum of these.
        """
        logits = shifted(z)
        t = np.exp(logits)
        sums = np.add.reduce(t, axis=0)
        if not self._plain(labels):
            losses, counts = self._counted(logits, sums, labels)
            t *= np.add.reduce(counts, axis=0) / sums
            t -= counts
            t *= 1 / batch
            return losses, np.ascontiguousarray(t.T)
        losses = self._losses(logits, sums, labels)
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

    def _plain(self, labels: Labels) -> bool:
        """Whether each image is of one class, and counts as much as any other."""
        return not self.weights and labels.ndim == 1

    def _counted(self, t: Array, sums: Array, labels: Labels) -> tuple[Array, Array]:
        """The losses `(N,)`, and what each term counts, `(K, N)`: its class's weight times its target."""
        counts = (1 - self.smoothing) * targets(labels, t.T).T + self.smoothing / len(t)
        if self.weights:
            counts *= np.array(self.weights, t.dtype)[:, None]
        losses: Array = np.add.reduce(counts * (np.log(sums) - t), axis=0)
        return losses, counts
