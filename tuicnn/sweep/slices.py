"""Some epochs of a trial as a pure function: net, checkpoint and epochs in, checkpoint and events out.

It writes no file and starts no process. So it may be called anywhere, and again where a machine was lost, and gives the
same bits. What goes in and out is made of plain Python values.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuicnn.errors import UserError
from tuicnn.records import from_plain, to_plain
from tuicnn.runs.checkpoint_file import pack, unpack
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.origin import Origin
from tuicnn.runs.predictions import pack_predictions
from tuicnn.runs.prepared import plan_of
from tuicnn.runs.recorder import trained_here
from tuicnn.training.checkpoint import Checkpoint
from tuicnn.training.checkpointing import CheckpointReason, ResumeState
from tuicnn.training.events import Epoch, Event, Start, event_of, to_dict
from tuicnn.training.predictions import Predictions
from tuicnn.training.session import Session
from tuicnn.version import __version__

__all__ = ["Slice", "SliceResult", "train_slice"]


@dataclass(frozen=True)
class Slice:
    """What is to be trained: a run by its name, net and `origin`, up to `until` epochs.

    `checkpoints` are the files of the newest one, and of that of the best epoch where there is another; `epochs` those
    before it. `begun`: its journal has a beginning. `version` is that of tuicnn.
    """

    name: str
    text: str
    origin: Origin
    until: int
    begun: bool
    checkpoints: tuple[bytes, ...] = ()
    epochs: tuple[Epoch, ...] = ()
    version: str = __version__

    def plain(self) -> dict[str, Any]:
        """It as plain values."""
        alone = {"origin": to_plain(self.origin), "epochs": [to_dict(epoch) for epoch in self.epochs]}
        return {**vars(self), **alone, "checkpoints": list(self.checkpoints)}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Slice:
        """What `plain` gave."""
        epochs = tuple(epoch for each in plain["epochs"] if isinstance(epoch := event_of(each), Epoch))
        alone = {"origin": from_plain(Origin, plain["origin"]), "epochs": epochs}
        return cls(**{**plain, **alone, "checkpoints": tuple(plain["checkpoints"])})


@dataclass(frozen=True)
class SliceResult:
    """What came of it: events as they stand in a journal, checkpoints as in `Slice`, files of predictions."""

    events: tuple[Event, ...]
    checkpoints: tuple[bytes, ...]
    predictions: tuple[bytes, ...]

    def plain(self) -> dict[str, Any]:
        """It as plain values."""
        return {
            "events": [to_dict(event) for event in self.events],
            "checkpoints": list(self.checkpoints),
            "predictions": list(self.predictions),
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> SliceResult:
        """What `plain` gave. Raises `RecordError` where it did not."""
        return cls(
            tuple(map(event_of, plain["events"])), tuple(plain["checkpoints"]), tuple(map(bytes, plain["predictions"]))
        )


def train_slice(work: Slice, tell: Callable[[Epoch], None] = lambda epoch: None) -> SliceResult:
    """Train it; `tell` is given each epoch. Raises `UserError` where it cannot be trained here."""
    if work.version != __version__:
        raise UserError(f"The worker has tuicnn {__version__}, and the sweep {work.version}; install the same on both.")
    plan = plan_of(RunFolder(Path(work.name)), work.origin, work.text)
    training = _Training(work, tell)
    checkpoint = unpack(work.checkpoints[0]) if work.checkpoints else None
    session = Session(
        plan,
        threads=1,
        run=work.name,
        on_event=training.note,
        on_predictions=training.note_predictions,
        offer_checkpoint=lambda reason: training.keep(session, reason),
        checkpoint_at=training.checkpoint_at,
        resume_from=ResumeState(
            checkpoint, work.begun, _unknown(checkpoint.step if checkpoint is not None else 0), work.epochs
        ),
        on_nan=work.origin.options.on_nan or "stop",
        until=work.until,
    )
    session.run()
    return training.result(session.checkpoint() if session.network is not None else None)


class _Training:
    """What is kept of a session while it trains."""

    def __init__(self, work: Slice, tell: Callable[[Epoch], None]) -> None:
        self._tell = tell
        self._events: list[Event] = []
        self._kept = {found.step: found for found in map(unpack, work.checkpoints)}
        self._predictions: dict[int, bytes] = {}

    def note(self, event: Event) -> None:
        if isinstance(event, Start):
            event = dataclasses.replace(trained_here(event), time=round(time.time(), 3))
        self._events.append(event)
        if isinstance(event, Epoch):
            self._tell(event)

    def note_predictions(self, predictions: Predictions) -> None:
        self._predictions[predictions.epoch] = pack_predictions(predictions)

    def keep(self, session: Session, reason: CheckpointReason) -> bool:
        """Keep the best epoch's checkpoint, and predictions of it and of the last one."""
        if reason is CheckpointReason.EPOCH:
            now = session.checkpoint()
            if now.best_step == now.step:
                self._kept[now.step] = unpack(pack(now))  # its arrays change with the next step
            wanted = (now.epochs, now.best_epoch)
            self._predictions = {epoch: data for epoch, data in self._predictions.items() if epoch in wanted}
        return False

    def checkpoint_at(self, step: int) -> Checkpoint | None:
        return self._kept.get(step)

    def result(self, last: Checkpoint | None) -> SliceResult:
        """What came of it, with its last checkpoint."""
        checkpoints: list[Checkpoint] = [last] if last is not None else []
        if last is not None and last.best_step != last.step and last.best_step in self._kept:
            checkpoints.append(self._kept[last.best_step])
        return SliceResult(
            tuple(self._events), tuple(bytes(pack(each)) for each in checkpoints), tuple(self._predictions.values())
        )


def _unknown(steps: int) -> Sequence[tuple[float, float]]:
    """Losses and accuracies that are not known here."""
    return [(float("nan"), float("nan"))] * steps
