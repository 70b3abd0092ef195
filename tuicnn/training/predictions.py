"""What a network said of the images of a split: where it is wrong, and how surely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tuicnn.lazy_numpy import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tuicnn.engine.evaluation import Evaluation
    from tuicnn.training.trainer import Trainer

__all__ = ["MOST", "Answers", "Confusion", "Predictions", "Split", "answers_of"]

Split = Literal["train", "validation", "test"]

#: images of which it is kept what was said
MOST = 10_000


@dataclass(frozen=True)
class Confusion:
    """Images of one class that were taken for another one."""

    label: int
    said: int
    count: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Answers:
    """What was said of images whose classes are known. All arrays have the shape (N,)."""

    classes: int
    numbers: NDArray[np.int32]  # of the images, among those that they are of; rising
    labels: NDArray[np.int32]
    said: NDArray[np.int32]
    confidences: NDArray[np.float32]  # the probability of the class said
    truths: NDArray[np.float32]  # the probability of the label
    errors: NDArray[np.float32]  # the mean squared error of the pixels where the target is the image, else NaN

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Which were taken for another class, (N,)."""
        found: NDArray[np.bool_] = self.said != self.labels
        return found

    def confusion(self) -> NDArray[np.int64]:
        """How many images of each class (row) were said to be of each class (column): (classes, classes)."""
        pairs = self.labels.astype(np.int64) * self.classes + self.said
        counts = np.bincount(pairs, minlength=self.classes**2)
        return counts.reshape(self.classes, self.classes)

    def confusions(self) -> list[Confusion]:
        """Each class with each class that it was taken for, the most frequent first."""
        pairs = self.labels[self.wrong].astype(np.int64) * self.classes + self.said[self.wrong]
        found, counts = np.unique(pairs, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        return [
            Confusion(*divmod(int(pair), self.classes), int(count))
            for pair, count in zip(found[order], counts[order], strict=True)
        ]

    def class_sizes(self) -> NDArray[np.int64]:
        """How many images there are of each class, (classes,)."""
        return np.bincount(self.labels, minlength=self.classes)

    def class_accuracy(self) -> NDArray[np.float64]:
        """The share of each class's images that are right, (classes,); NaN for a class without images."""
        right: NDArray[Any] = np.bincount(self.labels[~self.wrong], minlength=self.classes)
        with np.errstate(invalid="ignore"):
            return right / self.class_sizes()

    def worst(self, label: int | None = None, said: int | None = None) -> NDArray[np.int64]:
        """Places in the arrays of what is wrong, the surest mistake first.

        With a `label`, only images of that class; with `said`, only those that were taken for that one.
        """
        chosen = self.wrong
        if label is not None:
            chosen &= self.labels == label
        if said is not None:
            chosen &= self.said == said
        places = np.flatnonzero(chosen)
        sure = np.nan_to_num(self.confidences[places] - self.truths[places], nan=np.inf)
        order: NDArray[np.int64] = places[np.argsort(-sure, kind="stable")]
        return order

    @property
    def of_images(self) -> bool:
        """Whether the images themselves were the target, so that nothing is right or wrong."""
        return bool(len(self)) and not np.isnan(self.errors).all()

    def worst_images(self) -> NDArray[np.int64]:
        """Places in the arrays, the largest error first."""
        order: NDArray[np.int64] = np.argsort(-np.nan_to_num(self.errors, nan=np.inf), kind="stable")
        return order

    def least_sure(self, label: int) -> NDArray[np.int64]:
        """Places in the arrays of a class's images that are right, the least sure first."""
        places = np.flatnonzero(~self.wrong & (self.labels == label))
        order: NDArray[np.int64] = places[np.argsort(self.truths[places], kind="stable")]
        return order


@dataclass(frozen=True, eq=False, kw_only=True)
class Predictions(Answers):
    """What was said of the images of a split at the end of an epoch, of at most `MOST` of them."""

    epoch: int  # from 1
    step: int  # steps done
    split: Split
    images: int  # of the split, of which these are some or all
    accuracy: float  # over all images of the split; NaN where the target is the image

    def better_than(self, other: Predictions) -> bool:
        """Whether more are right, or the images have smaller errors."""
        if self.of_images:
            return not float(other.errors.mean()) <= float(self.errors.mean())
        return not other.accuracy >= self.accuracy

    @classmethod
    def of(cls, evaluation: Evaluation, split: Split, trainer: Trainer, epoch: int) -> Predictions:
        """Of an evaluation of all images of a split; where there are more than `MOST`, of every so many of them."""
        labels = trainer.images_of(split)[1]
        count = len(labels)
        kept = np.arange(min(count, MOST)) * count // max(1, min(count, MOST))
        return cls(
            epoch=epoch,
            step=trainer.step,
            split=split,
            images=count,
            accuracy=evaluation.accuracy,
            **answers_of(evaluation, labels, kept),
            classes=trainer.plan.classes,
        )


def answers_of(evaluation: Evaluation, labels: NDArray[np.int64], kept: NDArray[np.int64]) -> dict[str, Any]:
    """The arrays of `Answers`, of the images at some places `kept` (n,) of an evaluation."""
    return {
        "numbers": kept.astype(np.int32),
        "labels": labels[kept].astype(np.int32),
        # of an image that is its own target no class is said
        "said": np.where(np.isnan(evaluation.errors), evaluation.predictions, labels)[kept].astype(np.int32),
        "confidences": evaluation.confidences[kept].astype(np.float32),
        "truths": evaluation.truths[kept].astype(np.float32),
        "errors": evaluation.errors[kept].astype(np.float32),
    }
