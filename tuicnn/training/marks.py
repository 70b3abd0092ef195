"""The moments of a run that a curve is marked at: what somebody changed, and what went wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tuicnn.training.events import Count, Diverged, Event, PaceChanged, Paused, RateChanged
from tuicnn.training.pace import pace_text

__all__ = ["MOST_MARKS", "Mark", "mark_of", "with_mark"]

#: marks that are kept of a run, the newest ones: a script may pause it a million times
MOST_MARKS = 256


@dataclass(frozen=True)
class Mark:
    """A moment after so many steps; `text` is a few words (`rate 0.0005`)."""

    step: Count
    kind: Literal["rate", "paused", "pace", "diverged"]
    text: str


def mark_of(event: Event) -> Mark | None:
    """The mark of an event; None where it has none."""
    match event:
        case RateChanged():
            return Mark(event.step, "rate", f"rate {event.learning_rate:.3g}")
        case Paused():
            return Mark(event.step, "paused", "paused")
        case PaceChanged():
            return Mark(event.step, "pace", pace_text(event.pace))
        case Diverged():
            return Mark(max(0, event.step - 1), "diverged", f"{event.what} became {event.value}")
    return None


def with_mark(marks: Iterable[Mark], new: Mark) -> tuple[Mark, ...]:
    """Marks and one more, which takes the place of one of its kind at the same step."""
    return (*(m for m in marks if (m.step, m.kind) != (new.step, new.kind)), new)[-MOST_MARKS:]
