"""How the end of a network opens: the probabilities, the loss, and the gradient by each logit."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuicnn import plain
from tuicnn.kernels.arrays import Array
from tuicnn.losses import (
    BinaryCrossEntropy,
    CrossEntropy,
    Focal,
    Huber,
    Loss,
    MeanAbsoluteError,
    MeanSquaredError,
    main_labels,
)
from tuicnn.specimen.explanation import Part

from .activations import softmax_parts
from .base import Index, Opened, Operand

__all__ = ["LOSSES", "End", "LossRule"]

_DIFFERENCE = "what is said minus what is so: below 0 where this output ought to grow"


@dataclass(frozen=True)
class End:
    """The end of a specimen: its loss, logits (K,), probabilities (classes,), and the image's labels, as losses take
    them: (1,), or (1, 3) of an image that is mixed of two. Where the image is the target, logits are (C, H, W), there
    are no probabilities, and labels are its pixels, (1, C, H, W).
    """

    loss: Any
    logits: Operand
    p: Operand
    labels: Array

    @property
    def label(self) -> int:
        """That of the image; of one that is mixed, that of the larger share."""
        return int(main_labels(self.labels)[0])

    @property
    def targets(self) -> Array:
        """What the logits should say, as they are: 1 at the label, 0 elsewhere; of one logit, the label; mixed, by
        shares; the pixels."""
        if self.labels.ndim == 4:
            pixels: Array = self.labels[0]
            return pixels
        one, *mixed = (float(number) for number in self.labels.reshape(-1))
        found: Array = plain.one_hot([int(one)], self.logits.array.size)[0]
        if mixed:
            other, share = mixed
            found = share * found + (1 - share) * plain.one_hot([int(other)], self.logits.array.size)[0]
        return found


class LossRule:
    """How a loss opens."""

    def p(self, end: End, k: int) -> Opened:
        """What the probability of class k is made of."""
        raise NotImplementedError

    def loss(self, end: End) -> Opened:
        """What the image's loss is made of."""
        raise NotImplementedError

    def gradient(self, end: End, k: Index) -> Opened:
        """What the gradient of the loss by the logit at k is made of."""
        raise NotImplementedError

    def each(self, end: End, what: str, of: Callable[[float, float], float]) -> Opened:
        """A loss that is a mean over the logits, each by itself."""
        z, count = end.logits, end.logits.array.size
        parts = []
        for k, target in np.ndenumerate(end.targets):
            share = of(z[k], float(target)) / count
            parts.append(Part(f"target {target:.4g}", z[k], share, 1 / count, z.address(k)))
        words = "how far each output is from what it should be; the mean over the outputs"
        return Opened(f"loss = (sum over k < {count} of {what}) / {count}", parts, words=words)

    def single(self, end: End, k: int, function: str, formula: str, of: Callable[[float], float]) -> Opened:
        """A probability that a logit has by itself; of one logit, for two classes, it is that of the second."""
        z = end.logits
        if z.array.size == 1 and k == 0:
            parts = [Part("one", 1.0, 1.0), end.p.part((1,), -1.0, label="the other class")]
            return Opened("p[0] = 1 - p[1]", parts, words="what the other class leaves of 1")
        place = (0,) if z.array.size == 1 else (k,)
        part = Part("logit", z[place], of(z[place]), 1.0, z.address(place))
        words = "this output by itself, as a number from 0 to 1"
        written = f"p[{k}] = {formula.format(z=f'logits[{place[0]}]')}"
        return Opened(written, [part], function, words, function=np.vectorize(of, otypes=[np.float64]))


class OfCrossEntropy(LossRule):
    """Softmax, then minus the logarithm of the right class's probability: see `plain.cross_entropy`."""

    def targets(self, end: End) -> Array:
        """t[k] = (1 - smoothing) * [k = label] + smoothing / K, times the class's weight."""
        smoothing, count = end.loss.smoothing, end.logits.array.size
        found: Array = (1 - smoothing) * end.targets + smoothing / count
        return found * np.array(end.loss.weights) if end.loss.weights else found

    def p(self, end: End, k: int) -> Opened:
        row: list[Index] = [(j,) for j in range(end.logits.array.size)]
        formula = f"p[{k}] = exp(logits[{k}]) / sum over k < {len(row)} of exp(logits[k])"
        words = "exp of the class's output as a share of the exps of all classes: they add up to 1"
        return Opened(formula, softmax_parts(end.logits, (k,), row), "ratio", words)

    def loss(self, end: End) -> Opened:
        z = end.logits.array.astype(np.float64)
        logarithms = z - z.max() - math.log(math.fsum(np.exp(z - z.max())))
        parts = [
            Part(f"class {k}, target {t:g}", end.p[(k,)], float(-t * logarithms[k]), float(-t), end.p.address((k,)))
            for k, t in enumerate(self.targets(end))
            if t
        ]
        smoothed = len(parts) > 1
        formula = f"-sum over k < {z.size} of target[k] * log(p[k])" if smoothed else f"-log(p[{end.label}])"
        words = "minus the logarithm of the right class's probability: 0 where the network is sure of it"
        return Opened(f"loss = {formula}", parts, words=words)

    def gradient(self, end: End, k: Index) -> Opened:
        targets = self.targets(end)
        target, weight = float(targets[k]), float(targets.sum()) if end.loss.weights else 1.0
        parts = [end.p.part(k, weight, label="what is said"), Part("what is so", target, -target, -1.0)]
        times = f"{weight:g} * " if weight != 1 else ""
        return Opened(f"d {_logit(k)} = {times}p[{k[0]}] - {target:g}", parts, words=_DIFFERENCE)


class OfFocal(OfCrossEntropy):
    """Cross-entropy, times how far the right class's probability is from 1: see `plain.focal_loss`."""

    def loss(self, end: End) -> Opened:
        logarithm, weight, gamma = self._logarithm(end), self._weight(end), end.loss.gamma
        factor = -weight * (-math.expm1(logarithm)) ** gamma
        part = Part("log of it", end.p[(end.label,)], factor * logarithm, factor, end.p.address((end.label,)))
        formula = f"loss = -{weight:g} * (1 - p[{end.label}])**{gamma:g} * log(p[{end.label}])"
        words = "minus the logarithm of the right class's probability, which counts little where that is near 1"
        return Opened(formula, [part], words=words)

    def gradient(self, end: End, k: Index) -> Opened:
        logarithm, gamma = self._logarithm(end), end.loss.gamma
        rest = -math.expm1(logarithm)
        slope = rest**gamma
        if gamma and rest:
            slope -= gamma * math.exp(logarithm) * rest ** (gamma - 1) * logarithm
        slope *= self._weight(end)
        target = float(k == (end.label,))
        parts = [end.p.part(k, slope, label="what is said"), Part("what is so", target, -target * slope, -slope)]
        formula = (
            f"d {_logit(k)} = s * (p[{k[0]}] - {target:g}), s = {slope:g} = {self._weight(end):g} * ((1 - p)**{gamma:g}"
            f" - {gamma:g} * p * (1 - p)**{gamma - 1:g} * log(p)), p = p[{end.label}]"
        )
        return Opened(formula, parts, words=_DIFFERENCE)

    def _weight(self, end: End) -> float:
        return float(end.loss.weights[end.label]) if end.loss.weights else 1.0

    def _logarithm(self, end: End) -> float:
        """Of the right class's probability."""
        z = end.logits.array.astype(np.float64)
        return float(z[end.label] - z.max() - math.log(math.fsum(np.exp(z - z.max()))))


class OfMeanSquaredError(LossRule):
    """The mean of the squared differences from the targets: see `plain.mse_loss`."""

    def p(self, end: End, k: int) -> Opened:
        return self.single(end, k, "clip", "min(max({z}, 0), 1)", lambda z: min(max(z, 0.0), 1.0))

    def loss(self, end: End) -> Opened:
        return self.each(end, "(logits[k] - target[k])**2", lambda z, t: (z - t) ** 2)

    def gradient(self, end: End, k: Index) -> Opened:
        z, target = end.logits, float(end.targets[k])
        factor = 2 / z.array.size
        parts = [z.part(k, factor, label="logit"), Part("target", target, -target * factor, -factor)]
        formula = f"d {_logit(k)} = 2 * ({_logit(k)} - {target:.4g}) / {z.array.size}"
        return Opened(formula, parts, words=_DIFFERENCE)


class OfMeanAbsoluteError(OfMeanSquaredError):
    """The mean of the absolute differences from the targets: see `plain.l1_loss`."""

    def loss(self, end: End) -> Opened:
        return self.each(end, "abs(logits[k] - target[k])", lambda z, t: abs(z - t))

    def gradient(self, end: End, k: Index) -> Opened:
        z, target = end.logits, float(end.targets[k])
        factor, sign = 1 / z.array.size, float(np.sign(z[k] - target))
        parts = [Part(f"sign of the logit less its target, {target:.4g}", sign, sign * factor, factor)]
        formula = f"sign({_logit(k)} - {target:.4g}) / {z.array.size}"
        return Opened(f"d {_logit(k)} = {formula}", parts, words=_DIFFERENCE)


class OfHuberDistance(OfMeanSquaredError):  # noqa: N818 - its base is an error that is squared
    """The mean of the differences from the targets, squared where they are small: see `plain.huber_loss`."""

    def loss(self, end: End) -> Opened:
        delta = end.loss.delta

        def of(z: float, t: float) -> float:
            size = abs(z - t)
            return size**2 / 2 if size <= delta else delta * (size - delta / 2)

        what = f"(d**2 / 2 up to |d| = {delta:g}, then {delta:g} * (|d| - {delta / 2:g}), d = logits[k] - target[k])"
        return self.each(end, what, of)

    def gradient(self, end: End, k: Index) -> Opened:
        z, target, delta = end.logits, float(end.targets[k]), end.loss.delta
        factor, apart = 1 / z.array.size, z[k] - target
        if abs(apart) <= delta:
            parts = [z.part(k, factor, label="logit"), Part("target", target, -target * factor, -factor)]
            formula = f"({_logit(k)} - {target:.4g}) / {z.array.size}"
        else:
            cut = math.copysign(delta, apart)
            parts = [Part("delta, as the logit is farther off", cut, cut * factor, factor)]
            formula = f"{cut:g} / {z.array.size}, as |{_logit(k)} - {target:.4g}| is above delta"
        return Opened(f"d {_logit(k)} = {formula}", parts, words=_DIFFERENCE)


class OfBinaryCrossEntropy(LossRule):
    """Sigmoid, then cross-entropy of each logit by itself: see `plain.binary_cross_entropy_with_logits`."""

    def p(self, end: End, k: int) -> Opened:
        return self.single(end, k, "sigmoid", "1 / (1 + exp(-{z}))", lambda z: float(plain.sigmoid(np.asarray(z))))

    def loss(self, end: End) -> Opened:
        def of(z: float, t: float) -> float:
            return max(z, 0.0) - t * z + math.log1p(math.exp(-abs(z)))

        return self.each(end, "max(z, 0) - target[k] * z + log(1 + exp(-|z|)), z = logits[k]", of)

    def gradient(self, end: End, k: Index) -> Opened:
        z, count, target = end.logits, end.logits.array.size, float(end.targets[k])
        so = Part("what is so", target, -target / count, -1 / count)
        if z.array.ndim > 1:  # of pixels there are no probabilities
            said = float(plain.sigmoid(np.asarray(z[k])))
            parts = [Part("sigmoid of the logit", z[k], said / count, 1 / count, z.address(k)), so]
            return Opened(f"d {_logit(k)} = (sigmoid({_logit(k)}) - {target:.4g}) / {count}", parts, words=_DIFFERENCE)
        own = (1,) if count == 1 else k
        parts = [end.p.part(own, 1 / count, label="what is said"), so]
        return Opened(f"d {_logit(k)} = (p[{own[0]}] - {target:g}) / {count}", parts, words=_DIFFERENCE)


def _logit(k: Index) -> str:
    """As addresses write it."""
    return f"logits[{','.join(map(str, k))}]"


LOSSES: dict[type[Loss], LossRule] = {
    CrossEntropy: OfCrossEntropy(),
    MeanSquaredError: OfMeanSquaredError(),
    BinaryCrossEntropy: OfBinaryCrossEntropy(),
    Focal: OfFocal(),
    MeanAbsoluteError: OfMeanAbsoluteError(),
    Huber: OfHuberDistance(),
}
