"""The answers that a view draws: of the weights of this moment, or of those after a past epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from tuicnn.errors import UserError
from tuicnn.observing.question import Question
from tuicnn.worker.snapshot import Snapshot
from tuicnn.worker.watcher import Watcher

__all__ = ["Answers"]

A = TypeVar("A")


class Answers:
    """Answers by the kind of question; those of a past epoch are asked for once, since its weights do not change."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._epoch: int | None = None
        self._past: dict[type[Question[Any]], tuple[Question[Any], Any]] = {}

    def missing(self, epoch: int, questions: Sequence[Question[Any]]) -> list[Question[Any]]:
        """Those of the questions that `ask` has not been asked of that epoch."""
        if epoch != self._epoch:
            return list(questions)
        return [q for q in questions if self._past.get(type(q), (None,))[0] != q]

    async def ask(self, epoch: int, questions: Sequence[Question[Any]]) -> None:
        """Ask questions of the weights after an epoch, from 1."""
        for question in questions:
            answer: Any
            try:
                answer = await self._watcher.ask(question, epoch)
            except UserError as error:
                answer = error
            if epoch != self._epoch:
                self._epoch, self._past = epoch, {}
            self._past[type(question)] = question, answer

    def answer(self, kind: type[Question[A]], epoch: int | None, snapshot: Snapshot) -> A | None:
        """The newest answer to a kind of question, None where there is none yet."""
        if epoch is None:
            return snapshot.answer(kind)
        found = self._past.get(kind, (None, None))[1] if epoch == self._epoch else None
        return None if isinstance(found, UserError) else found

    def refusal(self, kind: type[Question[Any]], epoch: int | None, snapshot: Snapshot) -> str:
        """The sentence for why there is no answer; "" where there is one, or none yet."""
        if epoch is None:
            return snapshot.refusal(kind)
        found = self._past.get(kind, (None, None))[1] if epoch == self._epoch else None
        return str(found) if isinstance(found, UserError) else ""
