"""Focal loss: cross-entropy in which images that are right already count little."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tuicnn.kernels.arrays import Array
from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import Number, option

from .base import WEIGHTS, loss
from .cross_entropy import Softmax, shifted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Labels = NDArray[Any]

__all__ = ["Focal"]


@loss(
    "focal",
    help="cross-entropy in which images that are right already count little",
    aliases=("focal_loss", "focalloss", "sigmoid_focal_loss"),
    example="focal gamma=2",
    formula=(
        "p = sum(onehot*exp(z))/sum(exp(z))\n"
        "loss = -sum(w*onehot)*(1 - p)**gamma*log(p)\n"
        "z: the K outputs; onehot: 1 at the right class, else 0; w: each class's weight, else 1;\n"
        "of a batch, the mean over its images"
    ),
    source="Lin and others, Focal Loss for Dense Object Detection (2017), equation 5, of the softmax",
)
@dataclass(frozen=True)
class Focal(Softmax):
    """`-w (1 - p)^gamma log p` for the probability p of an image's class (Lin et al. 2017); gamma 0: cross-entropy."""

    gamma: float = option(Number(at_least=0, at_most=100), default=2.0, help="how little a sure image counts")
    mixable = False
    weights: tuple[float, ...] = option(WEIGHTS, default=(), help="how much each class counts: a number for each")

    def torch(self) -> str:
        """Of `tuicnn.bench.torch_losses`; PyTorch has none."""
        return f"FocalLoss({self.gamma}, {list(self.weights)})"

    def forward(self, z: Array, labels: Labels) -> Array:
        """Of z less its maximum: log p = z_label - log sum exp z; 1 - p = -expm1(log p), which keeps its digits."""
        t = shifted(z)
        return self._parts(t, np.add.reduce(np.exp(t), axis=0), labels)[0]

    def both(self, z: Array, labels: Labels, batch: int) -> tuple[Array, Array]:
        """d loss / d z_k = (p_k - [k = label]) s, with s = w ((1 - p)^gamma - gamma p (1 - p)^(gamma - 1) log p)."""
        t = shifted(z)
        p = np.exp(t)
        sums = np.add.reduce(p, axis=0)
        losses, slopes = self._parts(t, sums, labels)
        p /= sums
        p[labels, np.arange(len(labels))] -= 1
        p *= slopes / batch
        return losses, np.ascontiguousarray(p.T)

    def _parts(self, t: Array, sums: Array, labels: Labels) -> tuple[Array, Array]:
        """The losses `(N,)` and s `(N,)`, from z less its maximum, `(K, N)`, and the sums of exp of it."""
        logarithm = t[labels, np.arange(len(labels))] - np.log(sums)
        rest = -np.expm1(logarithm)
        power = rest**self.gamma
        losses = -power * logarithm
        slopes = power
        if self.gamma:
            # (1 - p)^(gamma - 1) is infinite at p = 1 where gamma is below 1; the product goes to 0
            sure = rest == 0
            lower = np.where(sure, 1, rest) ** (self.gamma - 1)
            slopes = power - np.where(sure, 0, self.gamma * np.exp(logarithm) * lower * logarithm)
        if self.weights:
            weights = np.array(self.weights, t.dtype)[labels]
            losses, slopes = losses * weights, slopes * weights
        return losses, slopes
