"""What `tuicnn train` prints while it trains: a progress display, plain lines, or one JSON object a line."""

from __future__ import annotations

import time
from math import isnan, nan
from typing import TYPE_CHECKING, Protocol, TextIO

from rich.text import Text

from tuicnn.cli.output.streams import to_json
from tuicnn.display.epoch_line import epoch_line, loss_text
from tuicnn.display.training_bar import TrainingBar
from tuicnn.numbers import counted, duration, percent
from tuicnn.training import events
from tuicnn.training.events import Epoch, Event, Reading, Start, State, Step, to_dict

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["JsonLines", "PlainLines", "ProgressDisplay", "Reporter", "line_of"]

#: seconds between two lines in an epoch that takes long
_SILENCE = 10.0


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
    """Lines without escapes: the start, each epoch, the end, and a line every `_SILENCE` seconds in long epochs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._start = Start()
        self._last = time.monotonic()
        self._loss = 0.0
        self._since = 0

    def __call__(self, event: Event) -> None:
        if isinstance(event, Start):
            self._start = event
        line = line_of(event, self._start.epochs)
        if isinstance(event, Step):
            self._loss += 0.0 if isnan(event.loss) else event.loss
            self._since += 1
            if time.monotonic() - self._last > _SILENCE:
                line = f"step {event.step} of {self._start.steps}: training loss {self._loss / self._since:.4f}"
        if line:
            self._stream.write(line + "\n")
            self._stream.flush()
            self._last, self._loss, self._since = time.monotonic(), 0.0, 0

    def close(self) -> None:
        self._stream.flush()


class ProgressDisplay:
    """A bar for the run with loss and speed beside it, and a line for each epoch above it."""

    def __init__(self, console: Console) -> None:
        self._console, self._bar = console, TrainingBar(console)
        self._epochs = 0

    def __call__(self, event: Event) -> None:
        if isinstance(event, Start):
            self._epochs = event.epochs
        self._bar(event)
        if line := line_of(event, self._epochs):
            self._console.print(Text(line, style="bold" if isinstance(event, events.End) else ""))

    def close(self) -> None:
        self._bar.close()


def line_of(event: Event, epochs: int) -> str:
    """What is told of an event in a run of so many `epochs`; "" where it is not told, or the command itself does."""
    match event:
        case Start():
            resumed = ""
            if isinstance(event, events.Resumed):
                resumed = f"; resumed after step {event.step:,} of {event.steps:,}"
            return (
                f"{event.net}: {event.parameters:,} parameters, {counted(event.train_images, 'training image')} of "
                f"{event.data}, {event.val_images:,} for validation; {event.optimizer}, batch {event.batch}, "
                f"{counted(event.threads, 'thread')}, seed {event.seed}{resumed}"
            )
        case Epoch():
            return epoch_line(event, f"{event.epoch:>{len(str(epochs))}}/{epochs}")
        case events.Warned(message):
            return f"warning: {message}"
        case events.Diverged(action="pause" | "halve-lr", message=message):
            return message
        case events.RateChanged(step, rate):
            return f"learning rate {rate:.3g} from step {step + 1:,} on"
        case events.End(State.STOPPED):
            return f"stopped after step {event.step or 0:,}"
        case events.End(State.DONE):
            accuracy, loss = (nan if figure is None else figure for figure in (event.test_accuracy, event.test_loss))
            known = isnan(loss) or not isnan(accuracy)
            return (
                (f"test accuracy {percent(accuracy, 2)}, " if known else "") + f"test loss {loss_text(loss)}, "
                f"after {duration(event.seconds or 0.0)} of training" + (f". {event.message}" if event.message else "")
            )
    return ""
