"""What may be called while a network is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuicnn.training.events import Step

if TYPE_CHECKING:
    from tuicnn.network.fit import Fit
    from tuicnn.network.shown import Epoch

__all__ = ["Callback"]


class Callback:
    """A class of it overrides one of these, or both. `fit.network` has the weights of the moment, `fit.stop()` ends."""

    def on_step(self, fit: Fit, step: Step) -> None:
        """A step was trained: `step.step`, from 1, with the `loss` and the `accuracy` of its batch."""

    def on_epoch(self, fit: Fit, epoch: Epoch) -> None:
        """An epoch and its validation are over."""
