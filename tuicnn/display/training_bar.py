"""The bar of a training in a terminal: how far it is, loss and speed beside it."""

from __future__ import annotations

import time
from math import isnan
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tuicnn.training.events import End, Epoch, Event, Reading, Resumed, Start, Step, Unpaused

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["TrainingBar"]


class TrainingBar:
    """Takes a run's events as they come (see `Session`); what is printed meanwhile stands above the bar."""

    def __init__(self, console: Console) -> None:
        self._start = Start()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[loss]}"),
            TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(compact=True),
            console=console,
            refresh_per_second=8,
            transient=True,
        )
        self._task = self._progress.add_task("reading data", total=None, loss="", speed="")
        self._progress.start()
        self._loss: float | None = None
        self._seconds = 0.0
        self._images = 0
        self._last = time.monotonic()  # when the step that is being trained was begun

    def __call__(self, event: Event) -> None:
        now = time.monotonic()
        match event:
            case Reading(message):
                self._progress.update(self._task, description=message)
            case Start():
                self._start, self._last = event, now
                step = event.step if isinstance(event, Resumed) else 0
                self._update(step, f"epoch {1 + step // event.steps_per_epoch}", total=event.steps)
            case Step(step, loss):
                loss = 0.0 if isnan(loss) else loss
                self._loss = loss if self._loss is None else 0.98 * self._loss + 0.02 * loss
                epoch, within = divmod(step - 1, self._start.steps_per_epoch)
                self._images += min(self._start.batch, self._start.train_images - within * self._start.batch)
                self._seconds += now - self._last
                self._last = now
                speed = f"{self._images / self._seconds if self._seconds > 0 else 0:,.0f} images/s"
                self._update(step, f"epoch {1 + epoch}", loss=f"loss {self._loss:.4f}", speed=speed)
            case Unpaused() | Epoch():
                self.go_on()
            case End():
                self.close()

    def go_on(self) -> None:
        """The next step begins now: neither a pause nor what follows an epoch is training."""
        self._last = time.monotonic()

    def _update(self, step: int, description: str, **fields: Any) -> None:
        self._progress.update(self._task, completed=step, description=description, **fields)

    def close(self) -> None:
        self._progress.stop()
