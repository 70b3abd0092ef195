"""Makes room on a full disk: what a run keeps for looking only gives way to what it needs to go on."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

from tuicnn.runs.log import log
from tuicnn.runs.predictions import PredictionFolder
from tuicnn.runs.snapshots import SnapshotFolder
from tuicnn.system.files import why

__all__ = ["make_room"]


def make_room(run: Path, write: Callable[[], None]) -> None:
    """Call what writes a checkpoint or the weights of the run in a folder, again while the disk is full and there are
    snapshots or predictions to be removed. Raises `OSError`.
    """
    snapshots, predictions = SnapshotFolder(run / "snapshots"), PredictionFolder(run / "predictions")
    while True:
        try:
            return write()
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            if snapshots.remove_some():
                what = "snapshots of the weights"
            elif predictions.remove_some():
                what = "what was said of the validation images"
            else:
                raise
            log(f"{why(error).capitalize()}: {what} was removed to make room for the run itself.")
