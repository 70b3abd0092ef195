"""What happens in a run, as plain values: what the journal keeps and `tuicnn train` tells.

Imports nothing but the standard library: `tuicnn runs` reads journals without NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Epoch", "LayerRow", "Overview", "State"]


class State(StrEnum):
    """What a run is doing. The last four are final."""

    STARTING = "starting"  # reading data
    TRAINING = "training"
    PAUSED = "paused"
    VALIDATING = "validating"
    TESTING = "testing"
    DONE = "done"
    STOPPED = "stopped"  # by a person or a signal, before its end
    DIVERGED = "diverged"  # numbers became NaN or infinite
    FAILED = "failed"  # see `message`

    @property
    def final(self) -> bool:
        return self in (State.DONE, State.STOPPED, State.DIVERGED, State.FAILED)


@dataclass(frozen=True)
class LayerRow:
    """One layer for the table: `inputs` are indices of rows (-1: the image)."""

    name: str
    text: str
    kind: str  # the word, `conv`
    shape: tuple[int, ...]  # (C, H, W) or (V,)
    parameters: int
    macs: int
    inputs: tuple[int, ...]


@dataclass(frozen=True)
class Overview:
    """What does not change during a run.

    Until the data is read, its counts are 0 and the names of its classes are not there; see `complete`.
    """

    net: str  # `mnist`, the file's name without its suffix
    run: str  # the run's folder, as a path; "" where there is none
    text: str  # the .net text
    data: str  # `mnist`
    input: tuple[int, int, int]
    class_names: tuple[str, ...]
    layers: tuple[LayerRow, ...]
    loss: str  # as written: `cross_entropy`
    optimizer: str  # as written: `adam lr=0.001`
    schedule: str
    epochs: int
    batch: int
    seed: int
    threads: int
    parameters: int
    macs: int
    train_images: int
    val_images: int
    test_images: int
    steps_per_epoch: int
    pid: int

    @property
    def complete(self) -> bool:
        """Whether the data is read, and so what depends on it is known too."""
        return self.steps_per_epoch > 0


@dataclass(frozen=True)
class Epoch:
    """One completed epoch; `epoch` counts from 1, `step` is the number of steps completed at its end."""

    epoch: int
    step: int
    train_loss: float
    train_accuracy: float
    val_loss: float
    val_accuracy: float
    images_per_second: float
    seconds: float
