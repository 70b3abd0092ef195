"""Losses from their definitions, one image after the other; each is the mean over the images."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tuicnn.kernels.arrays import Array
from tuicnn.lazy_numpy import np

from .activations import logistic, softmax
from .shapes import floating

__all__ = [
    "binary_cross_entropy_with_logits",
    "binary_cross_entropy_with_logits_backward",
    "cross_entropy",
    "cross_entropy_backward",
    "focal_loss",
    "focal_loss_backward",
    "huber_loss",
    "huber_loss_backward",
    "l1_loss",
    "l1_loss_backward",
    "mse_loss",
    "mse_loss_backward",
    "one_hot",
]


def check(z: Array, labels: Sequence[int], classes: int) -> None:
    """Raises `ValueError` where outputs (N, K) and labels, each of that many classes, do not go together."""
    if z.ndim != 2 or len(labels) != len(z):
        raise ValueError(f"{len(labels)} labels need outputs of ({len(labels)}, classes), not {z.shape}")
    if any(not 0 <= label < classes for label in labels):
        raise ValueError(f"labels must lie between 0 and {classes - 1}")


def one_hot(labels: Sequence[int], outputs: int) -> Array:
    """Targets t (N, K): 1 at each image's label, 0 elsewhere. A single output is for two classes: t is the label."""
    targets = np.zeros((len(labels), outputs))
    for n, label in enumerate(labels):
        if outputs == 1:
            targets[n, 0] = label
        else:
            targets[n, label] = 1
    return targets


def smoothed(label: int, classes: int, smoothing: float) -> list[float]:
    """The targets of one image: t[k] = (1 - smoothing) * [k = label] + smoothing / K; they add up to 1.

    Source: Szegedy and others, Rethinking the Inception Architecture (2016), section 7.
    """
    return [(1 - smoothing) * (k == label) + smoothing / classes for k in range(classes)]


def weight_of(weights: Sequence[float], label: int) -> float:
    """How much a class counts: 1 where there are no weights."""
    return weights[label] if weights else 1.0


def cross_entropy(z: Array, labels: Sequence[int], smoothing: float = 0.0, weights: Sequence[float] = ()) -> float:
    """Outputs (N, K), N labels -> the loss, as torch.nn.functional.cross_entropy (label_smoothing=smoothing).

    Each image's loss is -sum over k of t[k] * log p[k], with p = softmax(z) and t = `smoothed(label)`: without
    smoothing, -log p[label]. log p[k] = z[k] - largest - log(sum over j of exp(z[j] - largest)) does not overflow.
    Where classes have `weights`, each term counts by its class's; the mean is over the images all the same.
    Source: Bishop, Pattern Recognition and Machine Learning (2006), equation 4.108.
    """
    check(z, labels, z.shape[1])
    total = 0.0
    for outputs, label in zip(z, labels, strict=True):
        largest = max(float(value) for value in outputs)
        exponentials = 0.0
        for value in outputs:
            exponentials += math.exp(float(value) - largest)
        for k, target in enumerate(smoothed(label, len(outputs), smoothing)):
            total -= weight_of(weights, k) * target * (float(outputs[k]) - largest - math.log(exponentials))
    return total / len(z)


def cross_entropy_backward(
    z: Array, labels: Sequence[int], smoothing: float = 0.0, weights: Sequence[float] = ()
) -> Array:
    """dz[n, k] = (p[k] - t[k]) / N, with p = softmax(z[n]): what is said of each class, less what is so.

    d log p[j] / d z[k] = [k = j] - p[k], as log p[j] = z[j] - log(sum of exp(z)); and the targets add up to 1. Source:
    Bishop, Pattern Recognition and Machine Learning (2006), section 4.3.4.
    """
    check(z, labels, z.shape[1])
    dz = np.zeros(z.shape, floating(z))
    for n, label in enumerate(labels):
        targets = smoothed(label, z.shape[1], smoothing)
        counts = [weight_of(weights, k) * target for k, target in enumerate(targets)]
        for k, p in enumerate(softmax(z[n])):
            dz[n, k] = (p * sum(counts) - counts[k]) / len(z)
    return dz


def focal_loss(z: Array, labels: Sequence[int], gamma: float = 2.0, weights: Sequence[float] = ()) -> float:
    """Outputs (N, K), N labels -> the mean over N of -weight * (1 - p)**gamma * log(p), p = softmax(z)[label].

    An image that is right with p near 1 counts little; with gamma 0 it is `cross_entropy`. Source: Lin and others,
    Focal Loss for Dense Object Detection (2017), equation 5, of the softmax.
    """
    check(z, labels, z.shape[1])
    total = 0.0
    for outputs, label in zip(z, labels, strict=True):
        logarithm = -cross_entropy(outputs[None], [label])
        total -= weight_of(weights, label) * (-math.expm1(logarithm)) ** gamma * logarithm
    return total / len(z)


def focal_loss_backward(z: Array, labels: Sequence[int], gamma: float = 2.0, weights: Sequence[float] = ()) -> Array:
    """dz[n, k] = s * (q[k] - [k = label]) / N, q = softmax(z[n]), p = q[label].

    s = weight * ((1 - p)**gamma - gamma * p * (1 - p)**(gamma - 1) * log(p)): minus the derivative of the loss by p,
    times p; and dp / dz[k] = p * ([k = label] - q[k]).
    """
    check(z, labels, z.shape[1])
    dz = np.zeros(z.shape, floating(z))
    for n, label in enumerate(labels):
        logarithm = -cross_entropy(z[n][None], [label])
        p, rest = math.exp(logarithm), -math.expm1(logarithm)
        slope = rest**gamma
        if gamma and rest:
            slope -= gamma * p * rest ** (gamma - 1) * logarithm
        for k, q in enumerate(softmax(z[n])):
            dz[n, k] = weight_of(weights, label) * slope * (q - (k == label)) / len(z)
    return dz


def huber_loss(z: Array, labels: Sequence[int], delta: float = 1.0) -> float:
    """Outputs (N, K), N labels -> the mean over N and K of d**2 / 2 up to |d| = delta, and delta * (|d| - delta / 2).

    d = z - t, with t = `one_hot(labels)`. As torch.nn.functional.huber_loss(z, t, delta=delta). Source: Huber, Robust
    Estimation of a Location Parameter (1964).
    """
    check(z, labels, max(2, z.shape[1]))
    targets, total = one_hot(labels, z.shape[1]), 0.0
    for place in np.ndindex(*z.shape):
        size = abs(float(z[place]) - float(targets[place]))
        total += size**2 / 2 if size <= delta else delta * (size - delta / 2)
    return total / z.size


def huber_loss_backward(z: Array, labels: Sequence[int], delta: float = 1.0) -> Array:
    """dz[n, k] = d / (N * K), with d = z[n, k] - t[n, k] cut to -delta and delta."""
    check(z, labels, max(2, z.shape[1]))
    targets, dz = one_hot(labels, z.shape[1]), np.zeros(z.shape, floating(z))
    for place in np.ndindex(*z.shape):
        dz[place] = min(max(float(z[place]) - float(targets[place]), -delta), delta) / z.size
    return dz


def l1_loss(z: Array, labels: Sequence[int]) -> float:
    """Outputs (N, K), N labels -> the mean over N and K of |z - t|, with t = `one_hot(labels)`.

    As torch.nn.functional.l1_loss(z, t). Source: Goodfellow, Bengio and Courville, Deep Learning (2016), section
    6.2.1.1.
    """
    check(z, labels, max(2, z.shape[1]))
    targets, total = one_hot(labels, z.shape[1]), 0.0
    for place in np.ndindex(*z.shape):
        total += abs(float(z[place]) - float(targets[place]))
    return total / z.size


def l1_loss_backward(z: Array, labels: Sequence[int]) -> Array:
    """dz[n, k] = sign(z[n, k] - t[n, k]) / (N * K)."""
    check(z, labels, max(2, z.shape[1]))
    targets, dz = one_hot(labels, z.shape[1]), np.zeros(z.shape, floating(z))
    for place in np.ndindex(*z.shape):
        apart = float(z[place]) - float(targets[place])
        dz[place] = (float(apart > 0) - float(apart < 0)) / z.size
    return dz


def mse_loss(z: Array, labels: Sequence[int]) -> float:
    """Outputs (N, K), N labels -> the mean over N and K of (z - t)**2, with t = `one_hot(labels)`.

    As torch.nn.functional.mse_loss(z, t). Source: Goodfellow, Bengio and Courville, Deep Learning (2016), equation 5.4.
    """
    check(z, labels, max(2, z.shape[1]))
    targets, total = one_hot(labels, z.shape[1]), 0.0
    for place in np.ndindex(*z.shape):
        total += (float(z[place]) - float(targets[place])) ** 2
    return total / z.size


def mse_loss_backward(z: Array, labels: Sequence[int]) -> Array:
    """dz[n, k] = 2 * (z[n, k] - t[n, k]) / (N * K)."""
    check(z, labels, max(2, z.shape[1]))
    targets, dz = one_hot(labels, z.shape[1]), np.zeros(z.shape, floating(z))
    for place in np.ndindex(*z.shape):
        dz[place] = 2 * (z[place] - targets[place]) / z.size
    return dz


def binary_cross_entropy_with_logits(z: Array, labels: Sequence[int]) -> float:
    """Outputs (N, K), N labels -> the loss, as torch.nn.functional.binary_cross_entropy_with_logits(z, t).

    The mean over N and K of -t * log(p) - (1 - t) * log(1 - p), with p = sigmoid(z) and t = `one_hot(labels)`. It is
    computed as max(z, 0) - t * z + log(1 + exp(-|z|)), the same number, in which nothing overflows. Source: Bishop,
    Pattern Recognition and Machine Learning (2006), equation 4.90.
    """
    check(z, labels, max(2, z.shape[1]))
    targets, total = one_hot(labels, z.shape[1]), 0.0
    for place in np.ndindex(*z.shape):
        output = float(z[place])
        total += max(output, 0.0) - float(targets[place]) * output + math.log1p(math.exp(-abs(output)))
    return total / z.size


def binary_cross_entropy_with_logits_backward(z: Array, labels: Sequence[int]) -> Array:
    """dz[n, k] = (sigmoid(z[n, k]) - t[n, k]) / (N * K)."""
    check(z, labels, max(2, z.shape[1]))
    targets, dz = one_hot(labels, z.shape[1]), np.zeros(z.shape, floating(z))
    for place in np.ndindex(*z.shape):
        dz[place] = (logistic(float(z[place])) - float(targets[place])) / z.size
    return dz
