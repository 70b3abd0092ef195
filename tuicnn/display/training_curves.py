"""The curves of a training for a page or a notebook: loss and accuracy over its epochs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tuicnn.display.curves import smoothed
from tuicnn.display.svg import Curve, chart
from tuicnn.training.progress import History

__all__ = ["training_curves"]

#: a curve of steps is smoothed over so large a share of it
_SMOOTHED = 1 / 50


def training_curves(history: History, steps_per_epoch: int) -> tuple[str, str]:
    """Loss and accuracy, as an `<svg>` each: in training after each step, smoothed; in validation after each epoch.

    Where the target is the image there is no accuracy: "".
    """
    steps = history.start + (np.arange(len(history.losses)) + 0.5) * history.stride
    epochs = np.array([epoch.epoch for epoch in history.epochs], np.float64)

    def curves(training: NDArray[np.float32], validation: list[float]) -> list[Curve]:
        weight = max(0.0, 1 - 1 / max(1.0, _SMOOTHED * len(training)))
        return [
            Curve("training", steps / max(1, steps_per_epoch), smoothed(training, weight)),
            Curve("validation", epochs, np.array(validation, np.float64)),
        ]

    return (
        chart(curves(history.losses, [epoch.val_loss for epoch in history.epochs]), "loss", "epoch"),
        chart(
            curves(history.accuracies, [epoch.val_accuracy for epoch in history.epochs]),
            "accuracy",
            "epoch",
            percent=True,
        )
        if np.isfinite(history.accuracies).any() or not len(history.accuracies)
        else "",
    )
