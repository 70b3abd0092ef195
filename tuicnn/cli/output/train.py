"""What `tuicnn train` prints while it trains: a progress display, plain lines, or one JSON object a line."""

from __future__ import annotations

import time
from math import isnan
from typing import TYPE_CHECKING, Protocol, TextIO

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from tuicnn.cli.output.streams import to_json
from tuicnn.display.numbers import counted, duration, percent
from tuicnn.training.events import (
    Diverged,
    End,
    Epoch,
    Event,
    RateChanged,
    Reading,
    Resumed,
    Start,
    State,
    Step,
    Unpaused,
    Warned,
    to_dict,
)

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["JsonLines", "PlainLines", "ProgressDisplay", "Reporter"]

#: seconds between two lines in an epoch that takes long
_SILENCE = 10.0

#: ends of a run that are no failure
GOOD_ENDS = (State.DONE, State.STOPPED)


class Reporter(Protocol):
    """Takes a run's events as they come (see `Session`)."""

    def __call__(self, event: Event) -> None: ...

    def close(self) -> None: ...


class JsonLines:
    """One JSON object a line: `start`, `step`, `epoch`, `diverged`, `learning_rate`, `end`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, event: Event) -> None:
        if isinstance(event, Reading):  # of the moment only
            return
        self._stream.write(to_json(to_dict(event)) + "\n")
        if not isinstance(event, Step):
            self._stream.flush()

    def close(self) -> None:
        self._stream.flush()


class PlainLines:
    """Lines without escapes: the start, each epoch, the end, and a sign of life in epochs that take long."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._start = Start()
        self._last = time.monotonic()
        self._loss = 0.0
        self._since = 0

    def __call__(self, event: Event) -> None:
        match event:
            case Start():
                self._start = event
                self._line(describe_start(event))
            case Step(step, loss):
                self._loss += 0.0 if isnan(loss) else loss
                self._since += 1
                if time.monotonic() - self._last > _SILENCE:
                    total = self._start.steps_per_epoch * self._start.epochs
                    self._line(f"step {step} of {total}: training loss {self._loss / self._since:.4f}")
            case Epoch():
                self._line(describe_epoch(event, self._start.epochs))
            case Warned(message):
                self._line(f"warning: {message}")
            case Diverged() if event.action != "stop":
                self._line(event.message)
            case RateChanged():
                self._line(describe_rate(event))
            case End() if event.state in GOOD_ENDS:  # the command itself tells what went wrong
                self._line(describe_end(event))

    def _line(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()
        self._last, self._loss, self._since = time.monotonic(), 0.0, 0

    def close(self) -> None:
        self._stream.flush()


class ProgressDisplay:
    """A bar for the run with loss and speed beside it, and a line for each epoch above it."""

    def __init__(self, console: Console) -> None:
        self._console = console
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
        match event:
            case Reading(message):
                self._progress.update(self._task, description=message)
            case Start():
                self._start, self._last = event, time.monotonic()
                self._console.print(Text(describe_start(event)))
                total, step = event.steps_per_epoch * event.epochs, event.step if isinstance(event, Resumed) else 0
                epoch = f"epoch {1 + step // event.steps_per_epoch}"
                self._progress.update(self._task, description=epoch, total=total, completed=step)
            case Step(step, loss):
                loss = 0.0 if isnan(loss) else loss
                self._loss = loss if self._loss is None else 0.98 * self._loss + 0.02 * loss
                batch, within = self._start.batch, (step - 1) % self._start.steps_per_epoch
                self._images += min(batch, self._start.train_images - within * batch)
                now = time.monotonic()
                self._seconds += now - self._last
                self._last = now
                images = self._images / self._seconds if self._seconds > 0 else 0
                self._progress.update(
                    self._task,
                    completed=step,
                    description=f"epoch {1 + (step - 1) // self._start.steps_per_epoch}",
                    loss=f"loss {self._loss:.4f}",
                    speed=f"{images:,.0f} images/s",
                )
            case Unpaused():
                self._last = time.monotonic()  # pauses are no training
            case Epoch():
                self._last = time.monotonic()  # nor is the validation that has just ended
                self._console.print(Text(describe_epoch(event, self._start.epochs)))
            case Warned(message):
                self._console.print(Text(f"warning: {message}"))
            case Diverged() if event.action != "stop":
                self._console.print(Text(event.message))
            case RateChanged():
                self._console.print(Text(describe_rate(event)))
            case End():
                self.close()
                if event.state in GOOD_ENDS:
                    self._console.print(Text(describe_end(event), style="bold"))

    def close(self) -> None:
        self._progress.stop()


def describe_start(event: Start) -> str:
    """The line with which a training begins."""
    total = event.steps_per_epoch * event.epochs
    resumed = f"; resumed after step {event.step:,} of {total:,}" if isinstance(event, Resumed) else ""
    return (
        f"{event.net}: {event.parameters:,} parameters, {counted(event.train_images, 'training image')} of "
        f"{event.data}, {event.val_images:,} for validation; {event.optimizer}, batch {event.batch}, "
        f"{counted(event.threads, 'thread')}, seed {event.seed}{resumed}"
    )


def describe_epoch(event: Epoch, epochs: int) -> str:
    """The line of an epoch."""
    return (
        f"epoch {event.epoch:>{len(str(epochs))}}/{epochs}: training loss {_loss(event.train_loss)}, "
        f"validation loss {_loss(event.val_loss)}, accuracy {percent(event.val_accuracy, 2)}; "
        f"{event.images_per_second:,.0f} images/s, {duration(event.seconds)}"
    )


def describe_rate(event: RateChanged) -> str:
    """The line of a learning rate that somebody changed."""
    return f"learning rate {event.learning_rate:.3g} from step {event.step + 1:,} on"


def describe_end(event: End) -> str:
    """The line with which a training ends."""
    if event.state is State.STOPPED:
        return f"stopped after step {event.step or 0:,}"
    return (
        f"test accuracy {percent(event.test_accuracy, 2)}, test loss {_loss(event.test_loss)}, "
        f"after {duration(event.seconds or 0.0)} of training"
    )


def _loss(value: float | None) -> str:
    return "-" if value is None or isnan(value) else f"{value:.4f}"
