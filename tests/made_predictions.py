"""What was said of made-up images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tuicnn.training.predictions import Predictions

__all__ = ["predictions"]


def predictions(images: Sequence[tuple[int, int, float]], classes: int, epoch: int = 1) -> Predictions:
    """Of images given as (label, class said, its probability): what is left of 1 is the label's, where it was wrong."""
    labels, said, sure = (np.array(column) for column in zip(*images, strict=True))
    return Predictions(
        epoch=epoch,
        step=10 * epoch,
        split="validation",
        images=len(images),
        accuracy=float((labels == said).mean()),
        classes=classes,
        numbers=np.arange(len(images), dtype=np.int32),
        labels=labels.astype(np.int32),
        said=said.astype(np.int32),
        confidences=sure.astype(np.float32),
        truths=np.where(labels == said, sure, 1 - sure).astype(np.float32),
        errors=np.full(len(images), np.nan, np.float32),
    )
