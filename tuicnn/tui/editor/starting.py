"""A run of a text that is edited: prepared as the commands do it, and its process started."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tuicnn.runs.folder import RUNS, RunFolder
from tuicnn.runs.prepared import PreparedRun
from tuicnn.tui.editor.edited_file import EditedFile
from tuicnn.worker.launch import start
from tuicnn.worker.logout import past_logout, remembered, threat

__all__ = ["prepare", "start_process"]


def prepare(text: str, edited: EditedFile, former: RunFolder | None, *, warm: bool) -> PreparedRun:
    """Make the folder of a run of a text, beside that of the former run and with its options; it takes a while.

    What the text says otherwise than the former run's text stands above the options. With `warm`, layers that are the
    same keep the former run's newest weights. Raises `UserError`, with nothing left behind.
    """
    from tuicnn.language import check
    from tuicnn.runs.origin import Origin
    from tuicnn.runs.prepared import NetFile, begin, plan_of
    from tuicnn.runs.warm import warm as begin_warm
    from tuicnn.training.options import Options

    path = edited.path or Path("my.net")
    net = NetFile(path, text, check(text, name=str(path), path=edited.path, working=edited.working))
    if former is None:
        return begin(net)
    origin = Origin.of(former)
    before = plan_of(former, Origin(origin.net, origin.folder))  # as the text alone says it
    changed = Options.changed(before, net.plan)
    parent = former.path.absolute().parent
    beside = parent.parent if parent.name == RUNS else None
    if warm:
        return begin_warm(former, net, changed, parent=beside)
    return begin(net, origin.options.overridden_by(changed), parent=beside)


def start_process(run: PreparedRun) -> subprocess.Popen[bytes]:
    """Start the process of a run, which survives the screen, and the logout if the user chose so.

    Raises `UserError`, and a new run's folder is removed.
    """
    through, _ = past_logout(threat(), remembered())
    try:
        return start(run.folder, resume=run.resumes, through=through)
    except BaseException:
        run.folder.remove()
        raise
