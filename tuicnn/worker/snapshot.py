"""All that is known of a run at one moment, as a screen draws it, and the buffers that its curves grow in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from tuicnn.errors import UserError
from tuicnn.observing.question import Question
from tuicnn.training.epochs import Epochs
from tuicnn.training.events import Overview
from tuicnn.training.marks import Mark
from tuicnn.training.progress import Progress

__all__ = ["Numbers", "Snapshot"]

A = TypeVar("A")


class Numbers:
    """Float32 numbers that grow at the end, in amortised constant time: the buffer doubles."""

    def __init__(self) -> None:
        self._buffer: NDArray[np.float32] = np.empty(1024, np.float32)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def extend(self, values: NDArray[np.float32]) -> None:
        """Append values, shape (n,)."""
        length = self._length + len(values)
        if length > len(self._buffer):
            grown = np.empty(max(length, 2 * len(self._buffer)), np.float32)
            grown[: self._length] = self._buffer[: self._length]
            self._buffer = grown
        self._buffer[self._length : length] = values
        self._length = length

    def thin(self, factor: int) -> None:
        """Each `factor` numbers become their mean; what is left over at the end is dropped."""
        length = self._length // factor
        means = self._buffer[: length * factor].reshape(length, factor).mean(axis=1)
        self._buffer, self._length = np.empty(max(1024, 2 * length), np.float32), 0
        self.extend(means)

    @property
    def values(self) -> NDArray[np.float32]:
        """All of them, shape (n,), read-only, without a copy; what is appended later does not change it."""
        view = self._buffer[: self._length]
        view.flags.writeable = False
        return view


def _none() -> NDArray[np.float32]:
    return np.empty(0, np.float32)


@dataclass(frozen=True, eq=False)
class Snapshot:
    """All that is known of the run at one moment.

    `losses[i]` and `accuracies[i]` are the means over the `stride` steps from `i * stride` on (steps count from 0).
    """

    overview: Overview | None = None
    progress: Progress = field(default_factory=Progress)
    losses: NDArray[np.float32] = field(default_factory=_none)
    accuracies: NDArray[np.float32] = field(default_factory=_none)
    stride: int = 1
    epochs: Epochs = field(default_factory=Epochs)
    marks: tuple[Mark, ...] = ()
    #: by the kind of question: its newest answer, or why there is none
    answers: Mapping[type[Question[Any]], Any | UserError] = field(default_factory=dict)
    frozen: bool = False
    #: a sentence where the run's process cannot be reached any more
    gone: str = ""

    @property
    def begun(self) -> bool:
        """Whether the data is read, and so all is known that does not change."""
        return self.overview is not None and self.overview.complete

    def answer(self, kind: type[Question[A]]) -> A | None:
        """The newest answer to a kind of question, None where there is none."""
        answer = self.answers.get(kind)
        return None if isinstance(answer, UserError) else answer

    def refusal(self, kind: type[Question[Any]]) -> str:
        """The sentence for why there is no answer; "" where there is one, or none was asked for."""
        answer = self.answers.get(kind)
        return str(answer) if isinstance(answer, UserError) else ""
