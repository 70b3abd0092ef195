"""A run whose network really learns, for the views that look inside: trained a step at a time, when it is told to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from tests.runs.small import made_data
from tests.worker.fake_feed import OVERVIEW, FakeFeed
from tuicnn.language import check
from tuicnn.observing.question import Question
from tuicnn.training.events import State
from tuicnn.training.overview import overview_of
from tuicnn.training.progress import Progress
from tuicnn.training.trainer import Trainer
from tuicnn.worker.feed import Action

__all__ = ["TrainedFeed"]

A = TypeVar("A")

NET = """\
data: npz "{data}" val=10
optim: adam lr=0.01
train: epochs=50 batch=20 seed=4
conv 3 3x3 pad=1 -> relu -> maxpool 2 -> flatten -> dense 3
"""


class TrainedFeed(FakeFeed):
    """Answers every question of its own trainer."""

    def __init__(self, folder: Path, net: str = NET) -> None:
        plan = check(net.format(data=made_data(folder))).plan
        assert plan is not None
        self.trainer = Trainer(plan, plan.data.load(), threads=1)
        overview = overview_of(plan, self.trainer.dataset, self.trainer.steps_per_epoch, threads=1, run=OVERVIEW.run)
        super().__init__(replace(overview, pid=1))
        self.train(4)

    def train(self, steps: int) -> None:
        """Train on."""
        for _ in range(steps):
            self.trainer.advance()
        self.advance(steps)

    async def ask(self, question: Question[A]) -> A:
        """See `Feed`."""
        self._answer(type(question).__name__)
        return question.answer(self.trainer)

    async def act(self, action: Action) -> Progress:
        """Train the one step that is asked for."""
        before = self.step
        progress = await super().act(action)
        if action == "step":
            assert before < self.step
            self.trainer.advance()
            self.state = State.PAUSED
        return progress
