"""What a run is doing in a word, how far it is, and how it ended in a sentence."""

from __future__ import annotations

import math

from tuicnn.display.terminal import Role
from tuicnn.numbers import percent, significant
from tuicnn.training.events import Overview, State
from tuicnn.training.pace import pace_text
from tuicnn.training.progress import Progress

__all__ = ["ROLES", "WORDS", "doing", "epoch_of", "verdict"]

WORDS = {**{state: str(state) for state in State}, State.STARTING: "reading data"}
ROLES: dict[State, Role] = {
    State.PAUSED: "warn",
    State.STOPPED: "warn",
    State.DONE: "good",
    State.DIVERGED: "bad",
    State.FAILED: "bad",
    State.LOST: "bad",
}


def doing(progress: Progress) -> str:
    """What a run is doing, in a word; of one that is slowed to be watched, its pace."""
    slowed = progress.pace and progress.state is State.TRAINING
    return pace_text(progress.pace) if slowed else WORDS[progress.state]


def epoch_of(progress: Progress, overview: Overview) -> tuple[int, float]:
    """The epoch that is being trained, from 1, and how much of it is done, 0 to 1."""
    whole, rest = divmod(progress.step, max(1, overview.steps_per_epoch))
    over = progress.state is State.DONE or whole >= overview.epochs
    ended = whole > 0 and rest == 0 and (progress.epoch < whole or over)
    if ended or progress.state in (State.VALIDATING, State.TESTING):
        return max(1, min(whole, overview.epochs)), 1.0
    return min(whole + 1, overview.epochs), rest / max(1, overview.steps_per_epoch)


def verdict(progress: Progress, overview: Overview | None) -> str:
    """How a run ended, as a sentence."""
    if progress.state is State.FAILED:
        return progress.message or "The training process failed."
    if progress.state is State.DIVERGED:
        return progress.message or f"Diverged: the loss became infinite or NaN at step {progress.step:,}."
    if progress.state is State.LOST:
        saved = f"; a checkpoint of step {progress.saved:,} is there" if progress.saved else ""
        return f"Its process was gone after step {progress.step:,} of {progress.steps:,}{saved}."
    early = f" {progress.message}" if progress.state is State.DONE and progress.message else ""
    if math.isfinite(progress.test_accuracy):
        images = f"{overview.test_images:,} test images" if overview else "test images"
        loss = f"; test loss {significant(progress.test_loss)}" if math.isfinite(progress.test_loss) else ""
        return f"{percent(progress.test_accuracy, 2)} of the {images} are right{loss}.{early}"
    if math.isfinite(progress.test_loss):
        images = f" of the {overview.test_images:,} test images" if overview else ""
        return f"The loss{images} is {significant(progress.test_loss)}.{early}"
    best = progress.best_val_accuracy
    found = f"; at best {percent(best, 2)} of the validation images were right" if math.isfinite(best) else ""
    return f"Ended at step {progress.step:,} of {progress.steps:,}{found}. The test images were not read."
