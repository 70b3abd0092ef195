"""An epoch in one line."""

from __future__ import annotations

import math

from tuicnn.numbers import duration, percent, significant
from tuicnn.training.events import Epoch

__all__ = ["epoch_line", "how_good", "loss_text"]


def epoch_line(epoch: Epoch, number: str) -> str:
    """What an epoch came to; `number` is how it is called: `3`, ` 3/12`."""
    # there is no accuracy where the target is the image
    known = math.isnan(epoch.val_loss) or not math.isnan(epoch.val_accuracy)
    accuracy = f", accuracy {percent(epoch.val_accuracy, 2)}" if known else ""
    return (
        f"epoch {number}: training loss {loss_text(epoch.train_loss)}, "
        f"validation loss {loss_text(epoch.val_loss)}{accuracy}; "
        f"{epoch.images_per_second:,.0f} images/s, {duration(epoch.seconds)}"
    )


def loss_text(value: float) -> str:
    """A loss with four decimals; a dash where it is not known."""
    return "-" if math.isnan(value) else f"{value:.4f}"


def how_good(accuracy: float, loss: float, digits: int = 1, unknown: str = "-") -> str:
    """The accuracy; where there is none because the target is the image, the loss: `loss 0.012`."""
    if math.isnan(accuracy) and not math.isnan(loss):
        return f"loss {significant(loss)}"
    return percent(accuracy, digits, unknown)
