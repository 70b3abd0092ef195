"""Shows a run in the terminal until its person leaves, and prints what is to be said after."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

from tuicnn.cli.output.summary import print_breakdown, print_summary, print_unsaved
from tuicnn.display.terminal import TerminalProfile
from tuicnn.runs.folder import RunFolder
from tuicnn.system.process import redirect_to_null
from tuicnn.training.events import State
from tuicnn.tui.app import TrainApp

__all__ = ["show", "show_runs", "show_sweep"]


def show(folder: RunFolder, terminal: TerminalProfile, process: subprocess.Popen[bytes] | None = None) -> int:
    """Watch a run, whose `process` may be just starting, or look at one that has ended.

    Returns the command's exit code: 1 where the run failed, was lost or could not all be saved, or the screen broke
    down; 128 and the signal's number where a signal ended it.
    """
    return _run(TrainApp.of_run(folder, terminal, process), terminal)


def show_runs(terminal: TerminalProfile) -> int:
    """Show the runs of the working folder; returns the exit code as `show`, of the run that was open at last."""
    return _run(TrainApp(None, terminal, title=""), terminal)


def show_sweep(path: Path, terminal: TerminalProfile) -> int:
    """Show the sweep in a folder; returns the exit code as `show_runs`."""
    return _run(TrainApp(None, terminal, title="", sweep=path), terminal)


def _run(app: TrainApp, terminal: TerminalProfile) -> int:
    outcome = app.show()
    app.restore_terminal()
    folder = app.context.folder  # perhaps another one than at first
    if app.broken:
        print_breakdown(folder, app.broken, terminal)
    if outcome is None:
        return app.return_code or 1
    if app.ended_by is signal.SIGHUP:  # nobody is there to read; Python would still flush what it could not write
        redirect_to_null(1, 2)
        return 128 + signal.SIGHUP
    print_unsaved(outcome, terminal)
    if folder is None:
        return 128 + app.ended_by if app.ended_by is not None else 0
    print_summary(outcome, folder, terminal)
    if app.ended_by is not None:
        return 128 + app.ended_by
    progress = outcome.progress
    unsaved = progress.state.final and bool(progress.trouble)
    failed = progress.state in (State.FAILED, State.DIVERGED, State.LOST)
    return 1 if failed or unsaved or outcome.choice == "gone" else 0
