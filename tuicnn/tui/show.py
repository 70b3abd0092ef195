"""Shows a run in the terminal until its person leaves, and prints what is to be said after."""

from __future__ import annotations

import subprocess

from tuicnn.training.folder import RunFolder
from tuicnn.training.progress import State
from tuicnn.tui.app import TrainApp
from tuicnn.tui.look import Look
from tuicnn.tui.summary import print_summary
from tuicnn.worker.client import RemoteFeed

__all__ = ["show"]


def show(folder: RunFolder, look: Look, process: subprocess.Popen[bytes] | None = None) -> int:
    """Watch a run, whose `process` may be just starting.

    Returns the command's exit code: 1 where the run failed or was lost.
    """
    app = TrainApp(lambda: RemoteFeed.connect(folder, process=process), look, title=folder.name)
    outcome = app.run()
    if outcome is None:
        return app.return_code or 1
    print_summary(outcome, look)
    bad = outcome.progress.state in (State.FAILED, State.DIVERGED) or outcome.choice == "gone"
    return 1 if bad else 0
