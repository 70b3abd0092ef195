"""When a run ends before its last epoch: `train: patience=3`."""

from __future__ import annotations

__all__ = ["early_end"]


def early_end(patience: int | None, epochs: int, best_epoch: int) -> str:
    """Why a run ends after so many epochs, the best of which is `best_epoch`, as a sentence; "" where it goes on."""
    if patience is None or epochs - best_epoch < patience:
        return ""
    return f"Ended early, after epoch {epochs}: none after epoch {best_epoch} was better on the validation images."
