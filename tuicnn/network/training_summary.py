"""How a training goes or went: its figures, and how it shows itself in a session and in a notebook."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import fields
from html import escape

from tuicnn.display.training_curves import training_curves
from tuicnn.network.shown import Epoch
from tuicnn.numbers import counted, duration, percent
from tuicnn.training import events
from tuicnn.training.events import Overview, State
from tuicnn.training.progress import History, Progress

__all__ = ["TrainingSummary"]


class TrainingSummary(ABC):
    """A training by its figures; those that are not known yet are NaN."""

    @property
    @abstractmethod
    def _overview(self) -> Overview:
        """What does not change."""

    @property
    @abstractmethod
    def _now(self) -> Progress:
        """The numbers of this moment."""

    @property
    @abstractmethod
    def _history(self) -> History:
        """The curves."""

    @property
    def epochs(self) -> list[Epoch]:
        """Those that are over, in their order."""
        return [shown(epoch) for epoch in self._history.epochs]

    @property
    def state(self) -> State:
        """What it is doing, or how it ended; see `tuicnn.training.events.State`. Compares equal to its word: `done`."""
        return self._now.state

    @property
    def message(self) -> str:
        """A sentence about what is not as it should be; "" for nothing."""
        return self._now.message

    @property
    def step(self) -> int:
        """Steps trained so far."""
        return self._now.step

    @property
    def test_loss(self) -> float:
        """The mean loss of the test images, which come last."""
        return self._now.test_loss

    @property
    def test_accuracy(self) -> float:
        """The share of the test images that are right, which come last."""
        return self._now.test_accuracy

    def __repr__(self) -> str:
        now, about = self._now, self._overview
        parts = [str(now.state)]
        if about.epochs:
            parts.append(f"{now.epoch} of {counted(about.epochs, 'epoch')}")
        if not math.isnan(now.val_accuracy):
            parts.append(f"validation accuracy {percent(now.val_accuracy, 2)}")
        if not math.isnan(now.test_accuracy):
            parts.append(f"test accuracy {percent(now.test_accuracy, 2)}")
        if now.seconds:
            parts.append(duration(now.seconds))
        return f"{about.net}: {', '.join(parts)}" + (f". {now.message}" if now.message else "")

    def _repr_html_(self) -> str:
        """What a notebook shows: how it stands, how far it is, and the curves."""
        now, about, history = self._now, self._overview, self._history
        bar = ""
        if not now.state.final and now.steps:
            bar = f'<progress value="{now.step}" max="{now.steps}" style="width:20em"></progress>'
            bar += f" {now.step:,} of {now.steps:,} steps"
        loss, accuracy = training_curves(history, about.steps_per_epoch) if now.step else ("", "")
        settings = f"{about.optimizer}, {about.schedule}, batch {about.batch}, seed {about.seed}"
        return f"<p><b>{escape(repr(self))}</b><br>{escape(settings)}<br>{bar}</p>{loss}{accuracy}"


def shown(epoch: events.Epoch) -> Epoch:
    """An epoch that shows itself."""
    return Epoch(**{field.name: getattr(epoch, field.name) for field in fields(epoch)})
