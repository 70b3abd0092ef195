"""What the processes that train together tell each other in a step, measured by itself: without the computing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, cast

from tuicnn.engine.groups.forked import ForkedGroup
from tuicnn.engine.groups.group import ProcessGroup
from tuicnn.training.trainer import STEP, Trainer
from tuicnn.training.workers import Workers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tuicnn.data import Dataset
    from tuicnn.engine.groups.group import Adds, Part, Work
    from tuicnn.language.plan import Plan

__all__ = ["Talk", "TalkingTrainer", "forked_trainer", "talk_of"]

#: the piece of work that is a step's messages alone
_TALK = -1


@dataclass(frozen=True)
class Talk:
    """The seconds of a step, and those of its messages alone: the least of several rounds, by turns."""

    net: str
    group: str
    processes: int
    weights: int
    step: float
    talk: float

    def as_json(self) -> dict[str, Any]:
        """As `--json` has it."""
        return asdict(self)


class _Script:
    """A group that remembers what is said in a step, to say it again."""

    def __init__(self, group: ProcessGroup) -> None:
        self._group = group
        self._said: list[Callable[[], object]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._group, name)

    def begin(self) -> None:
        """A step begins."""
        self._said = []

    def repeat(self) -> None:
        """Say all of the last step again."""
        for each in self._said:
            each()

    def gather(self, own: Sequence[Part]) -> list[Part]:
        self._said.append(partial(self._group.gather, own))
        return self._group.gather(own)

    def allgather(self, own: Sequence[Part]) -> list[Part]:
        self._said.append(partial(self._group.allgather, own))
        return self._group.allgather(own)

    def broadcast(self, array: NDArray[Any]) -> None:
        self._said.append(partial(self._group.broadcast, array))
        self._group.broadcast(array)

    def tree_sum(self, rows: NDArray[Any], filled: Sequence[int], adds: Adds) -> tuple[NDArray[Any], float]:
        self._said.append(partial(self._group.tree_sum, rows, filled, adds))
        return self._group.tree_sum(rows, filled, adds)

    def start(self, work: Work) -> None:
        self._group.start(work)


class _All(Workers):
    """All processes take part, whatever is faster."""

    def chosen(self, possible: int) -> int:
        return possible

    def took(self, possible: int, images: int, seconds: float) -> None:
        pass


class TalkingTrainer(Trainer):
    """A trainer that can also do the messages of a step alone; every process of the group must have one."""

    def __init__(
        self, plan: Plan, dataset: Dataset, *, group: ProcessGroup, choices: Mapping[str, int] | None = None
    ) -> None:
        self._script = _Script(group)
        super().__init__(plan, dataset, group=cast("ProcessGroup", self._script), choices=choices)
        self._workers = _All(group.size)

    def _work(self, kind: int, first: int, second: int, third: int = 0) -> Any:
        if kind == _TALK:
            return self._script.repeat()
        if kind == STEP:
            self._script.begin()
        return super()._work(kind, first, second, third)

    def talk(self) -> None:
        """The messages of the last step, without what is computed between them."""
        self._dispatch(self.group.active, _TALK, 0, 0)


def forked_trainer(plan: Plan, dataset: Dataset, processes: int) -> TalkingTrainer:
    """One whose processes are forked, on this machine."""
    return TalkingTrainer(plan, dataset, group=ForkedGroup(processes))


def talk_of(trainer: TalkingTrainer, kind: str, seconds: float, rounds: int) -> Talk:
    """Measure, by turns of so many seconds. Raises `RuntimeError` where a process is lost."""
    step = talk = float("inf")
    for _ in range(rounds):
        step = min(step, _least(trainer.advance, seconds))
        talk = min(talk, _least(trainer.talk, seconds))
    if trainer.trouble:
        raise RuntimeError(trainer.trouble)
    plan = trainer.plan
    return Talk(plan.name, kind, trainer.group.active, plan.parameters, step, talk)


def _least(work: Callable[[], object], seconds: float) -> float:
    """The least time that a piece of work takes, of all within so many seconds."""
    work()
    least, began = float("inf"), perf_counter()
    while perf_counter() - began < seconds:
        start = perf_counter()
        work()
        least = min(least, perf_counter() - start)
    return least
