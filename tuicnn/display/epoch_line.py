"""An epoch in one line."""

from __future__ import annotations

import math

from tuicnn.numbers import duration, percent
from tuicnn.training.events import Epoch

__all__ = ["epoch_line", "loss_text"]


def epoch_line(epoch: Epoch, number: str) -> str:
    """What an epoch came to; `number` is how it is called: `3`, ` 3/12`."""
    return (
        f"epoch {number}: training loss {loss_text(epoch.train_loss)}, "
        f"validation loss {loss_text(epoch.val_loss)}, accuracy {percent(epoch.val_accuracy, 2)}; "
        f"{epoch.images_per_second:,.0f} images/s, {duration(epoch.seconds)}"
    )


def loss_text(value: float) -> str:
    """A loss with four decimals; a dash where it is not known."""
    return "-" if math.isnan(value) else f"{value:.4f}"
