"""What can be known of a run from outside, as plain values: what the screen shows and the journal keeps.

A `Session` (session.py) makes these; the worker sends them; the screen draws them. Numbers that are not known yet are
NaN (None in JSON).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuicnn.training.events import Epoch, State

__all__ = ["Figures", "History", "Peek", "Progress"]

NAN = math.nan


@dataclass(frozen=True)
class Progress:
    """The numbers of this moment."""

    state: State = State.STARTING
    message: str = ""
    epoch: int = 0  # epochs completed
    step: int = 0  # steps completed, over the whole run
    steps: int = 0  # steps of the whole run
    part: float = 0.0  # how much of the pass over validation or test images is done, 0 to 1
    seconds: float = 0.0  # time spent training so far, without pauses
    eta: float = NAN  # seconds to the end of training
    images_per_second: float = NAN  # over the last second or so of training
    learning_rate: float = NAN
    train_loss: float = NAN  # smoothed over the last steps
    train_accuracy: float = NAN  # smoothed, 0 to 1
    val_loss: float = NAN
    val_accuracy: float = NAN
    best_val_accuracy: float = NAN
    best_epoch: int = 0
    test_loss: float = NAN
    test_accuracy: float = NAN
    diverged: str = ""  # what diverged, as a sentence, while the run waits for somebody to say how it goes on
    saved: int = 0  # steps completed at the newest checkpoint
    trouble: str = ""  # what cannot be written to the run's folder, as sentences, until it can


@dataclass(frozen=True)
class History:
    """Loss and accuracy since some step, and the epochs since some epoch.

    `losses[i]`, `accuracies[i]` are the means over the `stride` steps from `start + i * stride` on, which count from 0.
    """

    start: int
    losses: NDArray[np.float32]
    accuracies: NDArray[np.float32]
    epochs: tuple[Epoch, ...]
    stride: int = 1


@dataclass(frozen=True)
class Figures:
    """Live figures of each layer (float32, one number a row of `Overview.layers`; NaN: unknown or not applicable).

    Times are medians over the last measured steps, in milliseconds. Those of the layers, `optimizer`, `waiting` and
    `rest` add up to `step`.
    """

    milliseconds: NDArray[np.float32]  # time a step spends in it, forward and backward
    activation: NDArray[np.float32]  # root mean square of its output
    gradient: NDArray[np.float32]  # root mean square of the loss's gradient by its output
    dead: NDArray[np.float32]  # share of its units that are 0 for every image of the shard looked at
    optimizer: float = NAN  # moving the weights
    waiting: float = NAN  # for the other processes of the group; NaN where there are none
    rest: float = NAN  # what is left: images, loss, sums of gradients
    step: float = NAN  # a whole step


@dataclass(frozen=True)
class Peek:
    """One validation image on its way through the network, with the weights of this moment.

    `maps` is the chosen layer's output: float32 (C, H, W), or (V,).
    """

    sample: int  # index into the validation images
    samples: int  # how many there are
    label: int
    image: NDArray[np.uint8]  # (H, W, C), as stored
    layer: int
    maps: NDArray[np.float32]
    probabilities: NDArray[np.float32]  # (classes,)
    step: int  # steps completed when it was made
