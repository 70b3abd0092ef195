"""Losses that measure how far outputs are from 0 and 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tuicnn.kernels.arrays import Array, across
from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import Number, option

from .base import Loss, loss, targets, two

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tuicnn.layers.onnx_graph import OnnxGraph

    Labels = NDArray[Any]

__all__ = ["Huber", "MeanAbsoluteError", "MeanSquaredError"]

_TARGETS = (
    "z: the K outputs; t: 1 at the right class, else 0 (of one output, the class itself: 0 or 1);\n"
    "of a batch, the mean over its images"
)


class _Distance(Loss):
    """What they share: the outputs are what is said of the classes, or the pixels."""

    of_images = True

    def torch_probabilities(self) -> str:
        return "logits.clamp(0, 1)"

    def onnx(self, graph: OnnxGraph, z: str) -> str:
        return graph.op("Clip", z, 0.0, 1.0)

    def probabilities(self, z: Array) -> Array:
        """The outputs themselves, cut to [0, 1]: a distance gives them no other meaning."""
        p: Array = np.minimum(np.maximum(z, 0), 1)
        return two(p) if z.shape[1] == 1 else p

    def forward(self, z: Array, labels: Labels) -> Array:
        """See `Loss`."""
        return self._losses(z - targets(labels, z))

    def _losses(self, apart: Array) -> Array:
        """Each image's loss (N,), from z less its targets (N, K), which stay as they are."""
        raise NotImplementedError


@loss(
    "mse",
    help="the mean of the squared differences from 0 and 1",
    aliases=("mean_squared_error", "mse_loss", "l2", "quadratic"),
    example="mse",
    formula=("loss = sum((z - t)**2)/K\n" + _TARGETS),
    source="Goodfellow, Bengio and Courville, Deep Learning (2016), equation 5.4",
)
@dataclass(frozen=True)
class MeanSquaredError(_Distance):
    """Mean squared error against one-hot targets (or 0 and 1, for one output and two classes)."""

    def torch(self) -> str:
        return "MSELoss()"

    def both(self, z: Array, labels: Labels, batch: int) -> tuple[Array, Array]:
        """d loss / d z_k = 2 (z_k - t_k) / K."""
        dz: Array = z - targets(labels, z)
        losses = self._losses(dz)
        dz *= 2.0 / (z.shape[1] * batch)
        return losses, dz

    def _losses(self, apart: Array) -> Array:
        squares = across(apart)
        squares *= squares
        out: Array = np.add.reduce(squares, axis=0)
        out /= len(squares)
        return out


@loss(
    "mae",
    help="the mean of the absolute differences from 0 and 1",
    aliases=("mean_absolute_error", "l1", "l1_loss", "absolute"),
    example="mae",
    formula=("loss = sum(abs(z - t))/K\n" + _TARGETS),
    source="Goodfellow, Bengio and Courville, Deep Learning (2016), section 6.2.1.1",
)
@dataclass(frozen=True)
class MeanAbsoluteError(_Distance):
    """PyTorch's L1Loss against one-hot targets (or 0 and 1, for one output and two classes)."""

    def torch(self) -> str:
        return "L1Loss()"

    def both(self, z: Array, labels: Labels, batch: int) -> tuple[Array, Array]:
        """d loss / d z_k = sign(z_k - t_k) / K, 0 where they are equal."""
        dz: Array = z - targets(labels, z)
        losses = self._losses(dz)
        np.sign(dz, out=dz)
        dz *= 1.0 / (z.shape[1] * batch)
        return losses, dz

    def _losses(self, apart: Array) -> Array:
        out: Array = np.add.reduce(across(np.abs(apart)), axis=0)
        out /= apart.shape[1]
        return out


@loss(
    "huber",
    help="the squared difference from 0 and 1 where it is small, the difference itself where it is large",
    aliases=("huber_loss", "smooth_l1", "smoothl1", "smooth_l1_loss"),
    example="huber delta=0.5",
    formula=("a = abs(z - t)\nloss = sum(where(a <= delta, a**2/2, delta*(a - delta/2)))/K\n" + _TARGETS),
    source="Huber, Robust Estimation of a Location Parameter (1964), in PyTorch's form",
)
@dataclass(frozen=True)
class Huber(_Distance):
    """PyTorch's HuberLoss: half the squared difference up to `delta`, and from there on a straight line."""

    delta: float = option(Number(above=0, at_most=1e6), default=1.0, help="where the difference itself begins to count")

    def torch(self) -> str:
        return f"HuberLoss(delta={self.delta})"

    def both(self, z: Array, labels: Labels, batch: int) -> tuple[Array, Array]:
        """d loss / d z_k = the difference, cut to [-delta, delta], / K."""
        apart: Array = z - targets(labels, z)
        losses = self._losses(apart)
        dz: Array = np.minimum(np.maximum(apart, -self.delta), self.delta)
        dz *= 1.0 / (z.shape[1] * batch)
        return losses, dz

    def _losses(self, apart: Array) -> Array:
        """With c the difference cut to delta: c (|d| - c / 2)."""
        size = across(np.abs(apart))
        cut = np.minimum(size, self.delta)
        size -= 0.5 * cut
        size *= cut
        out: Array = np.add.reduce(size, axis=0)
        out /= len(size)
        return out
