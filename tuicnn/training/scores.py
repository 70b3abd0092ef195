"""How good a network is on some images: what was said of them, and the figures that follow from it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from tuicnn.lazy_numpy import np
from tuicnn.statistics import calibration_error, class_scores, wilson_interval
from tuicnn.training.predictions import Answers, answers_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tuicnn.engine.evaluation import Evaluation

__all__ = ["ClassScore", "Scores"]

#: the `k` of the top-k accuracies; each is told where it is less than the number of classes
_TOP = (3, 5)


@dataclass(frozen=True)
class ClassScore:
    """How good it is on one class; NaN where a figure has no meaning (see `class_scores`)."""

    name: str
    images: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, eq=False)
class Scores:
    """What a network said of some images, and how good that is."""

    answers: Answers
    class_names: tuple[str, ...]
    loss: float  # the mean over the images
    ranks: NDArray[np.int64]  # (N,): how many classes are more probable than the image's own

    @classmethod
    def of(cls, evaluation: Evaluation, labels: NDArray[np.int64], class_names: tuple[str, ...]) -> Self:
        """Of the evaluation of images with these `labels`, (N,)."""
        arrays = answers_of(evaluation, labels, np.arange(len(labels)))
        answers = Answers(classes=len(class_names), **arrays)
        return cls(answers, class_names, evaluation.loss, evaluation.ranks)

    def __len__(self) -> int:
        return len(self.answers)

    @property
    def of_images(self) -> bool:
        """Whether the images themselves were the target: then only `loss`, `mse` and `psnr` have a meaning."""
        return self.answers.of_images

    @property
    def mse(self) -> float:
        """The mean squared error of pixels from 0 to 1; NaN where a class was the target."""
        return float(self.answers.errors.mean(dtype=np.float64))

    @property
    def psnr(self) -> float:
        """The peak signal-to-noise ratio, in dB: -10 log10 of `mse`; infinite where that is 0."""
        return -10 * math.log10(self.mse) if self.mse else math.inf

    @property
    def accuracy(self) -> float:
        """The share of images that are right; NaN where the images were the target."""
        if self.of_images:
            return math.nan
        return (len(self) - int(self.answers.wrong.sum())) / len(self)

    @property
    def accuracy_interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy on images of this kind, of which these are a sample."""
        return wilson_interval(len(self) - int(self.answers.wrong.sum()), len(self))

    @property
    def calibration_error(self) -> float:
        """The expected calibration error, from 0 to 1."""
        return calibration_error(self.answers.confidences, ~self.answers.wrong)

    def top(self) -> dict[int, float]:
        """By `k`: the share of images whose own class is among the `k` most probable ones."""
        return {k: float((self.ranks < k).mean()) for k in _TOP if k < len(self.class_names)}

    def classes(self) -> list[ClassScore]:
        """How good it is on each class, in their order."""
        columns = class_scores(self.answers.confusion())
        sizes = self.answers.class_sizes()
        return [
            ClassScore(name, int(size), float(precision), float(recall), float(f1))
            for name, size, precision, recall, f1 in zip(self.class_names, sizes, *columns, strict=True)
        ]

    @property
    def macro_f1(self) -> float:
        """The mean F1 of the classes that have images or were said."""
        known = [each.f1 for each in self.classes() if not np.isnan(each.f1)]
        return sum(known) / len(known) if known else float("nan")
