"""The requests that go over a run's socket: acts, what is asked of the run as a whole, any question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tuicnn.observing import QUESTIONS
from tuicnn.observing.question import Question
from tuicnn.runs.lock import Identity
from tuicnn.worker.feed import Action

__all__ = ["REQUESTS", "Act", "AskOverview", "AskPoll", "Hello", "Refusal", "kind_of_question"]


@dataclass(frozen=True)
class Hello:
    """Said first: which run is meant. Another run's process answers it with a refusal of the kind `stranger`."""

    run: Identity


@dataclass(frozen=True)
class AskOverview:
    """Answered with an `Overview`, which is complete once the data is read."""


@dataclass(frozen=True)
class AskPoll:
    """Answered with a `Poll`."""

    since_step: int
    since_epoch: int


@dataclass(frozen=True)
class Act:
    """Answered with the `Progress` after it."""

    action: Action


@dataclass(frozen=True)
class Refusal:
    """The answer where there is none: a sentence for the user. `final` where asking again cannot help."""

    message: str
    final: bool


def kind_of_question(question: type[Question[Any]]) -> str:
    """The kind of the frame that carries a question."""
    return f"ask {question.__name__}"


#: by the kind of its frame; a question is answered with its `answer_type`, between two steps
REQUESTS: dict[str, type[Any]] = {
    "hello": Hello,
    "overview": AskOverview,
    "poll": AskPoll,
    "act": Act,
    **{kind_of_question(question): question for question in QUESTIONS},
}
