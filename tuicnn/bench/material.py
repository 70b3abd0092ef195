"""The images of a benchmark: those of the net's data set, or random ones of the same shape."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tuicnn.data import Augment, DataError, Dataset, Views
from tuicnn.randomness import generator

if TYPE_CHECKING:
    from tuicnn.language.plan import Plan

__all__ = ["MOST_BYTES", "material", "unaugmented"]

#: most bytes of the images as float32, as PyTorch's side keeps them; far more than any cache
MOST_BYTES = 256 * 2**20
#: random images
_DRAWN = 8192


def unaugmented(plan: Plan) -> Plan:
    """The plan without augmentation and further views of test images, which PyTorch has no counterpart for."""
    return replace(plan, augment=Augment(), test=Views())


def material(plan: Plan) -> tuple[Dataset, bool]:
    """A data set whose training images are to be measured with, and whether it is the plan's own.

    Random images where the plan's data set is not on this machine. Raises `DataError` where it is but is damaged.
    """
    most = max(plan.train.batch, MOST_BYTES // (4 * int(np.prod(plan.input))))
    try:
        plan.data.find()
    except DataError:
        return _drawn(plan, min(most, max(_DRAWN, plan.train.batch))), False
    found = plan.data.load()
    return replace(found, train_images=found.train_images[:most], train_labels=found.train_labels[:most]), True


def _drawn(plan: Plan, count: int) -> Dataset:
    c, h, w = plan.input
    source = generator(0, "benchmark")
    images = source.integers(0, 256, (count, h, w, c), dtype=np.uint8)
    labels = source.integers(0, plan.classes, count)
    return Dataset(
        name="random images",
        class_names=tuple(map(str, range(plan.classes))),
        train_images=images,
        train_labels=labels,
        val_images=images[:0],
        val_labels=labels[:0],
        test_images=images[:0],
        test_labels=labels[:0],
        mean=np.full(c, 0.5, np.float32),
        std=np.full(c, 0.25, np.float32),
    )
