"""Shows how far a training is, where somebody looks: in a terminal, or in a notebook."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from rich.errors import LiveError

from tuicnn.display.output import Console
from tuicnn.display.training_bar import TrainingBar
from tuicnn.training.events import End, Epoch, Event, Start

if TYPE_CHECKING:
    from tuicnn.network.fit import Fit

__all__ = ["Display", "display_for"]

#: seconds between two pictures in a notebook
_EVERY = 0.5


class Display:
    """Is told of a training's events as they come; this one shows nothing."""

    def __call__(self, fit: Fit, event: Event) -> None:
        """Something has happened."""

    def go_on(self) -> None:
        """Training goes on after what the caller did with an epoch."""

    def say(self, sentence: str) -> None:
        """Something that whoever looks must know."""

    @property
    def in_this_cell(self) -> bool:
        """Whether the training stands in the output of the notebook's cell that runs now."""
        return False


def display_for(*, wanted: bool) -> Display:
    """A bar in a terminal, a picture in a notebook, and nothing where output is kept: no file gets escape codes."""
    if not wanted:
        return Display()
    console = Console()
    if console.is_jupyter:
        return _Notebook()
    if not sys.stdout.isatty() or not console.is_interactive:
        return Display()
    try:
        return _Terminal(console)
    except LiveError:  # another training has the terminal
        return Display()


class _Terminal(Display):
    """A bar, which goes away at the end."""

    def __init__(self, console: Console) -> None:
        self._console, self._bar = console, TrainingBar(console)

    def __call__(self, fit: Fit, event: Event) -> None:
        self._bar(event)

    def go_on(self) -> None:
        self._bar.go_on()

    def say(self, sentence: str) -> None:
        self._console.print(sentence)


class _Notebook(Display):
    """The training's own picture, drawn again and again in its place."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._cell = -1
        self._due = 0.0

    def __call__(self, fit: Fit, event: Event) -> None:
        now = time.monotonic()
        if now < self._due and not isinstance(event, Start | Epoch | End):
            return
        self._due = now + _EVERY
        data = {"text/plain": repr(fit), "text/html": fit._repr_html_()}
        if self._handle is None:
            from IPython.display import display

            self._handle, self._cell = display(data, raw=True, display_id=True), _cell()
        else:
            self._handle.update(data, raw=True)

    def say(self, sentence: str) -> None:
        sys.stdout.write(f"{sentence}\n")  # under the picture

    @property
    def in_this_cell(self) -> bool:
        return self._cell == _cell()


def _cell() -> int:
    """The number of the notebook's cell that runs now."""
    from IPython import get_ipython

    number: int = get_ipython().execution_count
    return number
