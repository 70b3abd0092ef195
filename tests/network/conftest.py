"""Small images of three classes that a small net can tell apart, and the net."""

from __future__ import annotations

import numpy as np
import pytest

from tuicnn import Dataset

#: all that keeps something from step to step: running statistics, masks, augmentation, a schedule
TEXT = """\
optim: sgd lr=0.05 momentum=0.9 nesterov=true decay=0.001
schedule: cosine warmup=1
augment: shift=1
train: epochs=2 batch=20 seed=4
conv 3 3x3 pad=1 -> batchnorm -> relu -> dropout 0.3 -> flatten -> dense 3
"""


@pytest.fixture(scope="session")
def images() -> Dataset:
    """60 training, 10 validation and 12 test images, 8x8: a bright third tells the class."""
    random = np.random.default_rng(0)

    def some(count: int) -> tuple[np.ndarray, np.ndarray]:
        labels = np.arange(count) % 3
        pixels = random.integers(0, 90, (count, 8, 8), dtype=np.uint8)
        for pixel, label in zip(pixels, labels, strict=True):
            pixel[:, 2 * label + 1 : 2 * label + 3] += 150
        return pixels, labels

    return Dataset.from_arrays(*some(70), val=10, test=some(12), class_names=["left", "middle", "right"], name="bars")
