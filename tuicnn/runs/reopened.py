"""A run made from its folder: its network with the weights of some moment, its data, and the step that came next.

Imports nothing heavy before a trainer is made: a screen that shows curves needs none.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from tuicnn.errors import UserError
from tuicnn.runs.origin import Origin
from tuicnn.runs.prepared import PreparedRun

if TYPE_CHECKING:
    from tuicnn.data import Dataset
    from tuicnn.language import Plan
    from tuicnn.runs.folder import RunFolder
    from tuicnn.training.trainer import Trainer

__all__ = ["ReopenedRun"]


class ReopenedRun:
    """Gives the trainer of a run as it was, for questions; the run may train meanwhile, in a process of its own.

    The data is read when it is first needed, which may take long; `say` is told how far, in a sentence, and "" at the
    end; `warn` is told of damaged checkpoints. One moment of the run is in memory at a time. May be used from several
    threads, by turns.
    """

    def __init__(
        self,
        folder: RunFolder,
        say: Callable[[str], object] = lambda sentence: None,
        warn: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self.folder, self._say, self._warn = folder, say, warn
        #: who asks holds it until the trainer is not needed any more: the next one may have it at another moment
        self.turn = threading.Lock()
        self._data: Dataset | None = None
        self._fingerprint = ""
        self._trainer: Trainer | None = None
        self._moment: tuple[int | None, int] | None = None  # the epoch that was asked for, and the step

    def trainer(self, epoch: int | None = None) -> Trainer:
        """The run after an `epoch`, or at the newest moment that was saved; the caller holds `turn`, trains nothing.

        Of an epoch there may be weights only: then its `state`, what the optimizer keeps, is empty. Raises `UserError`
        where the data is not here or has changed, or the weights of that moment were not kept.
        """
        from tuicnn.runs.specimens import checkpoint_after, plan_at
        from tuicnn.training.checkpointing import revive

        newest = next(iter(self.folder.checkpoints.steps()), 0) if epoch is None else 0
        if self._trainer is not None and self._moment == (epoch, newest):
            return self._trainer
        checkpoint = checkpoint_after(self.folder, epoch, self._warn)
        plan = plan_at(self.folder, checkpoint)
        if self._data is None:
            PreparedRun(self.folder, plan, Origin.of(self.folder).options).require_data()
            self._read(plan)
        assert self._data is not None
        if checkpoint.data not in ("", self._fingerprint):
            raise UserError(
                f"The data of the run {self.folder.name} is not what it was trained on: its images or labels have "
                "changed. Its curves are as they were; what it makes of an image needs the data as it was."
            )
        self._trainer = None  # one at a time
        self._trainer, self._moment = revive(plan, self._data, checkpoint), (epoch, newest)
        return self._trainer

    def _read(self, plan: Plan) -> None:
        """Read the data. Raises `UserError`."""
        from tuicnn.data import DataError
        from tuicnn.data.reading_progress import report_reading
        from tuicnn.training.fingerprints import data_fingerprint
        from tuicnn.vocabulary import info

        name = info(plan.data).name
        self._say(f"reading {name}")
        try:
            with report_reading(lambda done, total: self._say(f"reading {name}: {done:,} of {total:,} images")):
                self._data = plan.data.load()
        except DataError as error:
            raise UserError(str(error)) from None
        finally:
            self._say("")
        self._fingerprint = data_fingerprint(self._data)
