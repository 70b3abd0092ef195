"""A run without training, for the tests of the server and its clients: it does at once what it is asked."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import numpy as np

from tests.worker.fake_feed import OVERVIEW
from tuicnn.errors import UserError
from tuicnn.observing.activations import Activations, AskActivations
from tuicnn.observing.image import PinnedImage
from tuicnn.observing.layer_stats import AskLayerStats, LayerStats
from tuicnn.observing.question import Question
from tuicnn.training.events import Epoch, LayerRow, Overview, State
from tuicnn.training.progress import History, Progress
from tuicnn.worker.feed import Action

__all__ = ["PretendRun", "an_overview"]


def an_overview(**changes: object) -> Overview:
    """An overview of a small network."""
    row = LayerRow("conv1", "conv 8 3x3", "conv", (8, 26, 26), 80, 48672, (-1,))
    made = replace(OVERVIEW, layers=(row, replace(row, name="relu1", inputs=(0,))), parameters=80, macs=48672)
    return replace(made, **changes)  # type: ignore[arg-type]


class PretendRun:
    """Answers as a run does; of layer 1 it waits for `let_answers_go`, of layer 7 it refuses, of layer 8 it breaks."""

    def __init__(self, maps: tuple[int, ...] = (8, 26, 26)) -> None:
        self.overview = an_overview()
        self.now = Progress(state=State.TRAINING, step=3, steps=6)
        self.asked: list[str] = []
        self.waiting: list[Future[Any]] = []
        self.maps = maps
        self.broken = False
        self.doing: Future[None] | None = None  # what an act waits for

    def progress(self) -> Progress:
        """The numbers of this moment."""
        if self.broken:
            raise ZeroDivisionError("on purpose")
        return self.now

    def history(self, since_step: int, since_epoch: int) -> History:
        """Three steps and an epoch."""
        self.asked.append("history")
        losses = np.array([2.0, np.nan, 1.0], np.float32)[since_step:]
        epoch = Epoch(1, 2, 1.5, 0.5, float("nan"), float("nan"), 1000.0, 2.0)
        return History(since_step, losses, losses[::-1].copy(), (epoch,)[since_epoch:])

    def ask(self, question: Question[Any]) -> Future[Any]:
        """See the class."""
        self.asked.append(type(question).__name__)
        future: Future[Any] = Future()
        match question:
            case AskActivations(1):
                self.waiting.append(future)
            case AskActivations(7):
                future.set_exception(UserError("There is no layer 7."))
            case AskActivations(8):
                future.set_exception(ZeroDivisionError("on purpose"))
            case AskActivations(layer, PinnedImage(sample)):
                future.set_result(self._seen(layer, sample))
            case AskLayerStats():
                a, b, c, d, e = (np.arange(2, dtype=np.float32) + i for i in range(5))
                course = np.ones((3, 2), np.float32)
                stats = LayerStats(a, b, c, d, e, course, optimizer=0.5, waiting=1.5, rest=0.25, step=4.0)
                future.set_result(stats)
        return future

    def let_answers_go(self) -> None:
        """Answer what waits."""
        for future in self.waiting:
            if future.set_running_or_notify_cancel():
                future.set_result(self._seen(1, 0))
        self.waiting.clear()

    def act(self, action: Action) -> Future[None] | None:
        """Notes the action."""
        self.asked.append(action)
        state = {"pause": State.PAUSED, "stop": State.STOPPED}.get(action, State.TRAINING)
        self.now = replace(self.now, state=state)
        return self.doing

    def _seen(self, layer: int, sample: int) -> Activations:
        image = np.full((28, 28, 1), 7, np.uint8)
        return Activations(
            sample % 10, 10, 1, image, layer, np.ones(self.maps, np.float32), np.full(2, 0.5, np.float32), 3
        )
