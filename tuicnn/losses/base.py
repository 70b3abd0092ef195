"""What all losses share."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from tuicnn.kernels.arrays import Array
from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import ListOf, Number, word

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tuicnn.layers.onnx_graph import OnnxGraph

    Labels = NDArray[Any]

__all__ = ["Loss", "main_labels", "one_hot", "targets"]

WEIGHTS = ListOf(Number(at_least=0, at_most=1e6), at_least=0)


def one_hot(labels: Labels, like: Array) -> Array:
    """Targets for outputs `like` `(N, K)`: 1 at the label, 0 elsewhere; the label itself where K is 1 (two classes)."""
    if like.shape[1] == 1:
        return labels.astype(like.dtype).reshape(-1, 1)
    out = np.zeros_like(like)
    out[np.arange(len(labels)), labels] = 1
    return out


def targets(labels: Labels, like: Array) -> Array:
    """The same also of images that are mixed of two: the targets of both, by their shares.

    Their labels are `(N, 3)`: the one's label, the other's, and the one's share. Where images are the target, `labels`
    are their pixels, `(N, C, H, W)`, and the outputs are flattened.
    """
    if labels.ndim == 4:
        return labels.reshape(like.shape).astype(like.dtype, copy=False)
    if labels.ndim == 1:
        return one_hot(labels, like)
    one, other = labels[:, :2].astype(np.int64).T
    share = labels[:, 2:].astype(like.dtype)
    return share * one_hot(one, like) + (1 - share) * one_hot(other, like)


def main_labels(labels: Labels) -> NDArray[np.int64]:
    """The labels `(N,)`; of images that are mixed of two, that of the larger share."""
    if labels.ndim == 1:
        return labels
    if labels.ndim == 4:  # pixels
        return np.zeros(len(labels), np.int64)
    return np.where(labels[:, 2] >= 0.5, labels[:, 0], labels[:, 1]).astype(np.int64)


def two(p: Array) -> Array:
    """The probabilities of two classes from that of the second."""
    return np.concatenate([1 - p, p], axis=1)


loss = partial(word, "loss")


class Loss:
    """The base of all losses. Subclasses are frozen dataclasses registered with `loss(…)`."""

    #: the activation that the loss applies itself, so that the network need not end in it; "" for none
    applies: ClassVar[str] = ""
    #: whether it compares any numbers from 0 to 1, and so the pixels of an image too
    of_images: ClassVar[bool] = False
    #: whether it knows what to make of images that are mixed of two
    mixable: ClassVar[bool] = True
    #: a single output speaks for the second of two classes where it is above this
    threshold: ClassVar[float] = 0.5

    def torch(self) -> str:
        """The same in PyTorch, of `torch.nn`, as it is written; `CrossEntropyLoss` takes labels, others `one_hot`."""
        raise NotImplementedError

    def outputs(self, classes: int) -> tuple[int, ...]:
        """How many outputs a network may have for so many classes."""
        return (classes,) if classes != 2 else (2, 1)

    def forward(self, z: Array, labels: Labels) -> Array:
        """Each image's loss `(N,)` for outputs `z` `(N, K)`; the batch's loss is their mean.

        `labels` are those of `targets`, where the loss is `mixable`.
        """
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
