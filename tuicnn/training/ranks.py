"""The ranks that `mpiexec` has started: the first one leads the training, the others follow it.

The leader reads the data, has the network and all files of the run. It tells the others, the members, what is trained;
each reads the data where it is, and does its part of every step. All of them have the same plan, the same data and the
same size of shards, and so compute the same bits as one process alone.
"""

from __future__ import annotations

import dataclasses
import os
import pickle
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from tuicnn.data import DataError, Dataset
from tuicnn.engine.groups.mpi import MPIGroup, patiently
from tuicnn.errors import UserError
from tuicnn.language.plan_encoding import decode_plan, encode_plan
from tuicnn.numbers import counted
from tuicnn.system.machine import processors
from tuicnn.training.fingerprints import data_fingerprint
from tuicnn.training.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mpi4py import MPI

__all__ = ["Ranks"]

#: what each member reads for itself
_READ = ("train_images", "train_labels", "val_images", "val_labels", "test_images", "test_labels", "left_out", "files")
#: ranks for each processor from which on they are refused
_TOO_MANY = 2


@dataclass(frozen=True)
class _Introduction:
    """What is trained: what the members need beside the images."""

    plan: str
    choices: Mapping[str, int]
    data: str  # its fingerprint
    known: Mapping[str, Any] = field(repr=False)  # what else the leader's `Dataset` says, such as the images' mean


class Ranks:
    """All ranks of a communicator, of which this process is one."""

    def __init__(self, communicator: MPI.Comm) -> None:
        """All of them must make one."""
        self._comm, self.group = communicator, MPIGroup(communicator.Dup())
        self.rank, self.size = communicator.rank, communicator.size
        self._following = False  # the members have the network
        self._left = False  # they were told that nothing is trained
        self._crowd = ""  # a sentence where there are more ranks than processors

    def refusal(self) -> str:
        """A sentence where a machine has far more ranks than processors; all must ask."""
        from mpi4py import MPI

        local = self._comm.Split_type(MPI.COMM_TYPE_SHARED)
        # a launcher may have bound each rank to a processor of its own
        allowed = {each for one in local.allgather(_allowed()) for each in one}
        there = max(len(allowed), processors())
        found = self._comm.allgather((local.size / there, local.size, there, socket.gethostname()))
        share, here, there, host = max(found)
        if share <= 1:
            return ""
        said = f"{here} ranks of MPI are on {host}, which has {counted(there, 'processor')}"
        if share >= _TOO_MANY:
            return f"{said}: they would wait for each other all the time. Start as many as there are processors."
        self._crowd = f"{said}: it is faster with fewer of them."
        return ""

    # --- the leader -------------------------------------------------------------------------------------------------

    def introduce(self, trainer: Trainer, data: str) -> str:
        """Tell the members what is trained, with the fingerprint of its data; gives a sentence to be told, or "".

        Raises `UserError` where one of them cannot train it.
        """
        known = {
            each.name: getattr(trainer.dataset, each.name)
            for each in dataclasses.fields(Dataset)
            if each.name not in _READ
        }
        self._send(_Introduction(encode_plan(trainer.plan), trainer.network.choices, data, known))
        problems = [problem for problem in self._comm.gather("") or [] if problem]
        self._comm.bcast(not problems)
        self._following, self._left = not problems, bool(problems)
        if problems:
            raise UserError(problems[0])
        batch = trainer.plan.train.batch
        most = trainer.network.max_workers(batch)
        if most >= self.size:
            return self._crowd
        return (
            f"{self.size - most} of {self.size} ranks have nothing to do: a batch of {batch} has "
            f"{counted(most, 'shard')}; a larger batch has more."
        )

    def release(self) -> None:
        """Let the members end, wherever they are."""
        if self._following:
            self.group.close()
        elif not self._left:
            self._left = True
            self._send(None)

    def _send(self, introduction: _Introduction | None) -> None:
        body = np.frombuffer(pickle.dumps(introduction), np.uint8).copy()
        self._comm.Ibcast(np.array([body.size]), 0).Wait()
        self._comm.Bcast(body, 0)

    # --- a member ---------------------------------------------------------------------------------------------------

    def follow(self, make: Callable[..., Trainer] = Trainer) -> None:
        """Do this rank's part of all that the leader trains, with a trainer that is made as the leader's.

        Comes back when that is over.
        """
        size = np.zeros(1, np.int64)
        patiently(self._comm.Ibcast(size, 0))
        body = np.empty(int(size[0]), np.uint8)
        self._comm.Bcast(body, 0)
        introduction: _Introduction | None = pickle.loads(body.tobytes())  # of a rank of the same launcher
        if introduction is None:
            return
        problem, dataset = "", None
        plan = decode_plan(introduction.plan)
        try:
            dataset = plan.data.load()
            if data_fingerprint(dataset) != introduction.data:
                problem = "its data is not that of the first rank: images or labels differ."
        except DataError as error:
            problem = str(error)
        problem = problem and f"Rank {self.rank} of MPI, on {socket.gethostname()}: {problem}"
        self._comm.gather(problem)
        if self._comm.bcast(None) and dataset is not None:
            dataset = dataclasses.replace(dataset, **introduction.known)
            make(plan, dataset, group=self.group, choices=introduction.choices)


def _allowed() -> set[int]:
    try:
        return os.sched_getaffinity(0)
    except (AttributeError, OSError):
        return set()
