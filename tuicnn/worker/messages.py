"""The questions that go over a run's socket, and the answers that `feed` and `progress` do not have already."""

from __future__ import annotations

from dataclasses import dataclass

from tuicnn.worker.feed import Action

__all__ = ["REQUESTS", "Act", "AskOverview", "AskPeek", "AskPoll", "Refusal"]


@dataclass(frozen=True)
class AskOverview:
    """Answered with an `Overview`, which is complete once the data is read."""


@dataclass(frozen=True)
class AskPoll:
    """Answered with a `Poll`."""

    since_step: int
    since_epoch: int
    figures: bool


@dataclass(frozen=True)
class AskPeek:
    """Answered with a `Peek`, between two steps."""

    layer: int
    sample: int


@dataclass(frozen=True)
class Act:
    """Answered with the `Progress` after it."""

    action: Action


@dataclass(frozen=True)
class Refusal:
    """The answer where there is none: a sentence for the user. `final` where asking again cannot help."""

    message: str
    final: bool


REQUESTS = {"overview": AskOverview, "poll": AskPoll, "peek": AskPeek, "act": Act}
