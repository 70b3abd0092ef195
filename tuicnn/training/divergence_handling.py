"""What is done after a step diverged, by `--on-nan`: the run stops, is paused, or goes on with half the learning rate.

A smaller learning rate is enough only where the step along the gradient overflowed. Mostly the weights were lost some
steps earlier. Then the weights after the best epoch are restored; where these fail too before the epoch is over, the
initial ones. Steps are counted on: training continues with the images that come next.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tuicnn.errors import UserError
from tuicnn.training.checkpointing import restore_arrays
from tuicnn.training.divergence import MOST_HALVINGS, Divergence
from tuicnn.training.events import Diverged

if TYPE_CHECKING:
    from tuicnn.training.checkpoint import Checkpoint
    from tuicnn.training.metrics import Metrics
    from tuicnn.training.options import OnNan
    from tuicnn.training.trainer import Trainer

__all__ = ["DivergenceHandler", "scaled"]

BEGINNING = "the weights that it began with"
#: how far a learning rate may be changed from the schedule's, either way
_MOST_FACTOR = 2.0**30


class DivergenceHandler:
    """See the module. `checkpoint_at` gives the checkpoint of a step, None where there is none that can be read.

    `halving` is what a person writes to have the learning rate halved.
    """

    def __init__(self, on_nan: OnNan, checkpoint_at: Callable[[int], Checkpoint | None], halving: str) -> None:
        self._on_nan, self._checkpoint_at, self._halving = on_nan, checkpoint_at, halving
        self._waiting: tuple[Divergence, float] | None = None  # what the run is paused for, and its rate's factor then

    def handle(self, trainer: Trainer, divergence: Divergence, metrics: Metrics) -> tuple[Diverged, str]:
        """Change the rate and the weights as chosen; the caller stops or pauses the run as the event's `action` says.

        `metrics` has how often the rate was halved in this epoch, and the best epoch's step. Gives the event, and in
        words which weights were restored, "" for those before the step.
        """
        rate, halvings, weights = f"{trainer.learning_rate:.3g}", metrics.tally.halvings, ""
        action = "stop" if halvings >= MOST_HALVINGS and self._on_nan == "halve-lr" else self._on_nan
        if action == "pause":
            self._waiting = divergence, trainer.rate_factor
            again = "" if divergence.by_rate else f", from {self._fallback(metrics)[1]}"
            advice = f"with a smaller learning rate than {rate} training can go on{again}"
        elif action == "stop":
            tried = f": {halvings} halvings of it in this epoch did not help"
            advice = f"try a smaller learning rate than {rate}"
            advice += tried if self._on_nan == "halve-lr" else f", or {self._halving}"
        else:
            trainer.rate_factor = scaled(trainer.rate_factor, 0.5)
            weights = "" if divergence.by_rate else self._restore(trainer, metrics)
            advice = f"the learning rate is halved to {trainer.learning_rate:.3g}"
            advice += f", and training goes on from {weights}" if weights else ""
        message = f"{divergence.sentence} The step was undone; {advice}."
        event = Diverged(action=action, learning_rate=trainer.learning_rate, message=message, **vars(divergence))
        return event, weights

    def before_step(self, trainer: Trainer, metrics: Metrics) -> str:
        """Restore sound weights where a pause for a divergence is over and the rate is smaller.

        Gives what they are in words; "" where nothing was done.
        """
        if self._waiting is None:
            return ""
        (divergence, factor), self._waiting = self._waiting, None
        if divergence.by_rate or trainer.rate_factor >= factor:
            return ""
        return self._restore(trainer, metrics)

    def _fallback(self, metrics: Metrics) -> tuple[Checkpoint | None, str]:
        """The weights to go on from, None for freshly drawn ones; and what they are in words."""
        first = metrics.best_step and not metrics.tally.halvings
        best = self._checkpoint_at(metrics.best_step) if first else None
        if best is not None:
            return best, f"the weights after epoch {best.epochs}"
        return self._checkpoint_at(0), BEGINNING

    def _restore(self, trainer: Trainer, metrics: Metrics) -> str:
        checkpoint, words = self._fallback(metrics)
        if checkpoint is not None:
            try:
                restore_arrays(checkpoint, trainer)
            except UserError:  # somebody put another file in its place
                pass
            else:
                return words
        trainer.begin_again()
        return BEGINNING


def scaled(factor: float, by: float) -> float:
    """A rate's factor, changed, within reason."""
    return min(_MOST_FACTOR, max(1 / _MOST_FACTOR, factor * by))
