"""What all views of a run share."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tuicnn.display.terminal import TerminalProfile
from tuicnn.runs.folder import RunFolder
from tuicnn.tui.editor.desk import Desk
from tuicnn.tui.selection import Selection
from tuicnn.tui.shelf import Shelf
from tuicnn.worker.watcher import Watcher

__all__ = ["ViewContext"]


@dataclass(frozen=True)
class ViewContext:
    """The run that is shown, and what was chosen of it."""

    terminal: TerminalProfile
    watcher: Watcher
    title: str
    #: where the run's files are; None where it has none
    folder: RunFolder | None = None
    selection: Selection = field(default_factory=Selection)
    #: the texts that are edited, the same for all runs that are shown one after the other
    desk: Desk = field(default_factory=Desk)
    #: the run whose changed net this one was begun with in the editor; its curves are drawn behind this one's
    former: RunFolder | None = None
    #: the runs of the folder, the same whichever of them is shown
    shelf: Shelf = field(default_factory=lambda: Shelf.of(Path.cwd()))
    #: whether there is a run at all
    open: bool = True
