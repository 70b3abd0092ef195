"""Softmax and cross-entropy from their definitions, one image after the other."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tuicnn.kernels.arrays import Array
from tuicnn.later import np

from .shapes import floating

__all__ = ["cross_entropy", "cross_entropy_backward", "softmax"]


def check(z: Array, labels: Sequence[int]) -> None:
    """Raises `ValueError` where outputs (N, K) and labels do not go together."""
    if z.ndim != 2 or len(labels) != len(z):
        raise ValueError(f"{len(labels)} labels need outputs of ({len(labels)}, classes), not {z.shape}")
    if any(not 0 <= label < z.shape[1] for label in labels):
        raise ValueError(f"labels must lie between 0 and {z.shape[1] - 1}")


def softmax(z: Array) -> Array:
    """One image's outputs (K,) as shares of 1: p[k] = exp(z[k]) / sum over j of exp(z[j]).

    The largest z is taken off first: it cancels, and no exp can overflow. Source: Goodfellow, Bengio and Courville,
    Deep Learning (2016), equation 6.29.
    """
    largest = float(z[0])
    for value in z:
        largest = max(largest, float(value))
    p = np.zeros(z.shape, floating(z))
    total = 0.0
    for k, value in enumerate(z):
        p[k] = math.exp(float(value) - largest)
        total += float(p[k])
    for k in range(len(z)):
        p[k] /= total
    return p


def cross_entropy(z: Array, labels: Sequence[int]) -> float:
    """The mean over the images of -log p[label], with p = softmax(z): outputs (N, K), N labels.

    -log p[label] = log(sum over j of exp(z[j] - largest)) - (z[label] - largest), which does not overflow. Source:
    Bishop, Pattern Recognition and Machine Learning (2006), equation 4.108.
    """
    check(z, labels)
    total = 0.0
    for outputs, label in zip(z, labels, strict=True):
        largest = max(float(value) for value in outputs)
        shares = 0.0
        for value in outputs:
            shares += math.exp(float(value) - largest)
        total += math.log(shares) - (float(outputs[label]) - largest)
    return total / len(z)


def cross_entropy_backward(z: Array, labels: Sequence[int]) -> Array:
    """dz[n, k] = (p[k] - [k = label]) / N: what is said of each class, less what is so.

    d log p[label] / d z[k] = [k = label] - p[k], as log p[label] = z[label] - log(sum of exp(z)). Source: Bishop,
    Pattern Recognition and Machine Learning (2006), section 4.3.4.
    """
    check(z, labels)
    dz = np.zeros(z.shape, floating(z))
    for n, label in enumerate(labels):
        for k, p in enumerate(softmax(z[n])):
            dz[n, k] = (p - (1 if k == label else 0)) / len(z)
    return dz
