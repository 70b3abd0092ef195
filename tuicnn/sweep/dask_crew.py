"""Trains the trials of a sweep on a Dask cluster, some epochs of one at a time; see `slices`.

What a worker gives back is written to the trial's folder here, where the lock of each trial that is trained is held:
the workers need no common file system, and nothing that is lost with one of them matters.
"""

from __future__ import annotations

import contextlib
import time
import uuid
import warnings
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING, Any

from tuicnn.errors import UserError
from tuicnn.records import RecordError, from_plain, to_plain
from tuicnn.runs.checkpoint_file import CheckpointError, pack, unpack
from tuicnn.runs.origin import Origin
from tuicnn.runs.predictions import unpack_predictions
from tuicnn.runs.prepared import PreparedRun
from tuicnn.runs.recorder import Recorder
from tuicnn.runs.resume_point import resume_state
from tuicnn.sweep.folder import SweepFolder, Trial
from tuicnn.sweep.slices import Slice, SliceResult, train_slice
from tuicnn.training.checkpointing import CheckpointReason
from tuicnn.training.events import End, Epoch, Start, State

if TYPE_CHECKING:
    from distributed import Client, Future

    from tuicnn.runs.lock import RunLock
    from tuicnn.training.checkpoint import Checkpoint

__all__ = ["DaskCrew", "run_slice"]

#: seconds that a slice of several epochs should take: so much is trained anew where a worker or the scheduler dies
SLICE_SECONDS = 20.0
#: seconds from one count of the workers' threads to the next: they may come and go
PERIOD = 2.0


def run_slice(plain: Mapping[str, Any], topic: str) -> dict[str, Any]:
    """The task: a slice, whose epochs are told as events of Dask's while it is trained."""
    from distributed import get_worker

    worker = get_worker()
    work = Slice.of(plain)

    def tell(epoch: Epoch) -> None:
        worker.log_event(topic, {"trial": work.name, "epoch": to_plain(epoch)})

    return train_slice(work, tell).plain()


@dataclass
class _Work:
    """A trial that is trained, up to an epoch: its lock, how far it is in its folder, and the slice that is out."""

    trial: Trial
    until: int
    lock: RunLock
    origin: Origin
    begun: bool
    epochs: tuple[Epoch, ...]
    checkpoint: Checkpoint | None
    seconds: float = nan  # that an epoch takes
    first: bool = True  # no slice came back yet
    future: Future | None = None

    @property
    def done(self) -> int:
        """Its epochs."""
        return self.checkpoint.epochs if self.checkpoint is not None else 0

    @property
    def slice(self) -> Slice:
        """What is to be trained next."""
        folder, checkpoint = self.trial.folder, self.checkpoint
        files = [checkpoint] if checkpoint is not None else []
        best = checkpoint.best_step if checkpoint is not None else 0
        if checkpoint is not None and best not in (0, checkpoint.step) and best in folder.checkpoints.steps():
            files.append(folder.checkpoints.read(best))
        count = max(1, int(SLICE_SECONDS / self.seconds)) if self.seconds > 0 else 1
        return Slice(
            self.trial.name,
            folder.text,
            self.origin,
            min(self.until, self.done + count),
            self.begun,
            tuple(bytes(pack(each)) for each in files),
            self.epochs,
        )


class DaskCrew:
    """See `Crew`: as many trials at a time as the workers have threads, or `jobs`."""

    def __init__(self, folder: SweepFolder, client: Client, jobs: int | None, where: str) -> None:
        """`where` is what a person adds to the command that goes on with the sweep, to reach the cluster."""
        self._folder, self._client, self._jobs, self._where = folder, client, jobs, where
        self._work: dict[int, _Work] = {}
        self._words: dict[int, str] = {}
        self._news: deque[tuple[Trial, Epoch]] = deque()
        self._threads, self._due = 0, 0.0  # the workers' threads, and when they are counted again
        self._topic = f"tuicnn-{uuid.uuid4()}"
        by_name = {trial.name: trial for trial in folder.trials}

        def take(event: tuple[float, dict[str, Any]]) -> None:
            with contextlib.suppress(RecordError):
                if (trial := by_name.get(event[1].get("trial", ""))) is not None:
                    self._news.append((trial, from_plain(Epoch, event[1].get("epoch"))))

        client.subscribe_topic(self._topic, take)
        self._count()

    @property
    def trouble(self) -> str:
        """Where there is no worker."""
        return "" if self._threads else "No worker is connected to the scheduler; the sweep waits for one."

    def _count(self) -> None:
        with contextlib.suppress(OSError, TimeoutError, RuntimeError):  # it is going; the connection will tell
            workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
            self._threads, self._due = sum(int(worker["nthreads"]) for worker in workers), time.monotonic() + PERIOD

    @property
    def jobs(self) -> int:
        """How many trials are trained at a time."""
        return self._jobs or max(1, self._threads)

    def begin(self, trial: Trial, until: int) -> None:
        """Submit a trial's first slice. Raises `UserError`."""
        lock = trial.folder.lock()
        try:
            lock.note(None)
            prepared = PreparedRun.at(trial.folder, resumes=trial.folder.journal.exists())
            state = resume_state(prepared, prepared.options.on_nan or "stop", lambda line: None)
            origin = Origin.of(trial.folder)
            epochs = tuple(state.epochs)
            work = _Work(trial, until, lock, origin, state.begun, epochs, state.checkpoint)
            work.seconds = epochs[-1].seconds if epochs else nan
            self._submit(work)
        except BaseException:
            lock.release()
            raise
        self._work[trial.number] = work

    def busy(self) -> set[int]:
        """The trials that are out; what came back is written to their folders. Raises `UserError`."""
        for work in list(self._work.values()):
            if work.future is not None and work.future.done():
                self._take(work)
        self._require_scheduler()
        if time.monotonic() >= self._due:
            self._count()
        return set(self._work)

    def news(self) -> list[tuple[Trial, Epoch]]:
        """Epochs that workers have told of."""
        return [self._news.popleft() for _ in range(len(self._news))]

    def last_words(self, trial: Trial) -> str:
        """What Dask says of a task that failed."""
        return self._words.get(trial.number, "")

    def stop(self) -> None:
        """Give up the slices that are out: what came back before them is safe."""
        self._client.cancel([work.future for work in self._work.values()], force=True)
        self.close()

    def close(self) -> None:
        """Release the trials."""
        for work in list(self._work.values()):
            self._release(work)

    def _release(self, work: _Work) -> None:
        work.lock.release()
        del self._work[work.trial.number]

    def _require_scheduler(self) -> None:
        """Raises `UserError` where the scheduler is gone."""
        if self._client.status != "running":
            self.close()
            raise UserError(
                "The scheduler is gone. All that its workers gave back is kept; when it is there again, "
                f"{self._folder.go_on} {self._where} goes on."
            )

    def _submit(self, work: _Work) -> None:
        plain, key = work.slice.plain(), f"{self._folder.name}-{work.trial.name}-{uuid.uuid4()}"
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Sending large graph")  # a checkpoint is as large as it is
            work.future = self._client.submit(run_slice, plain, self._topic, key=key, pure=False)

    def _take(self, work: _Work) -> None:
        """Write down what a slice came to, and submit the next one where the trial is not where it is to be."""
        assert work.future is not None
        if work.future.status == "cancelled":  # with the connection to the scheduler
            self._require_scheduler()
        error = work.future.exception() if work.future.status != "finished" else None
        try:
            if error is not None:
                raise UserError(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
            result = SliceResult.of(work.future.result())
            checkpoints = [unpack(data) for data in result.checkpoints]
        except (UserError, RecordError, CheckpointError) as why:
            self._words[work.trial.number] = next(iter(str(why).splitlines()))
            self._release(work)
            return
        ended = self._write(work, result, checkpoints)
        if ended or not checkpoints:
            self._release(work)
        else:
            self._submit(work)

    def _write(self, work: _Work, result: SliceResult, checkpoints: list[Checkpoint]) -> bool:
        """Write down what a slice came to; whether the trial has ended. Raises `UserError` where it is not safe."""
        folder = work.trial.folder
        newest = checkpoints[0] if checkpoints else work.checkpoint
        end = next((event for event in result.events if isinstance(event, End)), End(State.FAILED, "It has no end."))
        ended = end.state is not State.STOPPED or (newest is not None and newest.epochs >= work.until)
        epochs = [event for event in result.events if isinstance(event, Epoch)]
        troubles: list[str] = []
        now: list[Checkpoint] = []  # what is known of this moment: nothing, before the last epoch's end
        recorder = Recorder(
            lambda: folder, lambda: now[0] if now else None, every=0.0, newest=work.checkpoint, say=troubles.append
        )
        try:
            for each in checkpoints[1:]:  # the best one, to which a run that diverges may go back
                if each.step not in folder.checkpoints.steps():
                    folder.checkpoints.write(each)
            for data in result.predictions:
                if (predictions := unpack_predictions(data)) is not None:
                    recorder.note_predictions(predictions)
            for event in result.events:
                if event is (epochs[-1] if epochs else end) and newest is not None:
                    now.append(newest)
                if not isinstance(event, End) and (work.first or not isinstance(event, Start)):
                    recorder.note(event)
            safe = not checkpoints or recorder.offer_checkpoint(CheckpointReason.EPOCH)
            if ended and safe:  # after the checkpoint, without which no run goes on that has an end
                recorder.note(end)
        finally:
            recorder.close()
        if not safe:
            self.close()
            raise UserError(f"{' '.join(troubles)} Once that is fixed, {self._folder.go_on} {self._where} goes on.")
        if epochs:
            work.seconds = epochs[-1].seconds
        work.epochs, work.checkpoint, work.begun, work.first = (*work.epochs, *epochs), newest, True, False
        return ended
