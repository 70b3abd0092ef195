"""A run on disk, as a session and a notebook show it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tuicnn.network.training_summary import TrainingSummary
from tuicnn.runs.finding import find_run
from tuicnn.runs.history import read_record
from tuicnn.training.events import Overview
from tuicnn.training.progress import History, Progress

if TYPE_CHECKING:
    from tuicnn.network.network import Network

__all__ = ["Run"]


class Run(TrainingSummary):
    """A run that `tuicnn` trained or trains, as it was when this was made: its figures, its epochs, its network.

    `path` is its folder, `runs/mnist-1`, or its name. Raises `tuicnn.errors.UserError` where there is none.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._folder = find_run(os.fspath(path), Path.cwd())
        self._record = read_record(self._folder)

    @property
    def name(self) -> str:
        """Its folder's name, `mnist-1`."""
        return self._folder.name

    @property
    def text(self) -> str:
        """The net that is trained."""
        return self._folder.text

    def network(self, epoch: int | None = None) -> Network:
        """Its network; see `Network.from_run`."""
        from tuicnn.network.network import Network

        return Network.from_run(self._folder.path, epoch)

    @property
    def _overview(self) -> Overview:
        return self._record.overview or Overview(net=self._folder.net, text=self._folder.text)

    @property
    def _now(self) -> Progress:
        return self._record.progress

    @property
    def _history(self) -> History:
        return self._record.history(0, 0)
