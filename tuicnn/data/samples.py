"""Some training images of each class, as they are stored or as they are changed in training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuicnn.lazy_numpy import np

from . import augment, mixing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .base import Augment, Dataset

__all__ = ["sampled"]


def sampled(dataset: Dataset, changes: Augment | None, count: int) -> list[tuple[str, NDArray[np.uint8]]]:
    """The name of each class and up to `count` of its training images, uint8 (n, H, W, C), from all over the set.

    With `changes`, one image of each class as it is stored, and as it is changed, again and again. Always the same.
    """
    rows = []
    for number, name in enumerate(dataset.class_names):
        there = np.flatnonzero(dataset.train_labels == number)
        if not len(there):
            continue
        if changes is not None and augment.changes(changes):
            first = dataset.train_images[there[:1]]
            draws = augment.drawn(changes, count - 1, 0, "samples", number)
            changed = augment.apply(first.repeat(count - 1, 0), changes, draws, dataset.mean)
            if mixing.mixes(changes):
                how = mixing.drawn(changes, dataset.train_images.shape, 0, number).of(there[: count - 1])
                changed = mixing.mixed(changed[: len(how.shares)], dataset.train_images[how.partners], how)
            rows.append((name, np.concatenate([first, changed])))
        else:
            which = there[np.arange(min(count, len(there))) * len(there) // min(count, len(there))]
            rows.append((name, dataset.train_images[which]))
    return rows
