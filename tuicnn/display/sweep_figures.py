"""How sure the figures of a sweep's table are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tuicnn.numbers import percent, significant

if TYPE_CHECKING:
    from tuicnn.sweep.standing import Row

__all__ = ["how_sure"]


def how_sure(row: Row, unknown: str = "-") -> str:
    """The interval of the mean that a variant is judged by: of its accuracy, or where there is none of its loss."""
    low, high = row.val_accuracy_interval
    if not math.isnan(low):
        return f"{percent(low, 2)} to {percent(high, 2)}"
    low, high = row.val_loss_interval
    loss = math.isnan(row.val_accuracy) and not math.isnan(low)
    return f"{significant(low)} to {significant(high)}" if loss else unknown
