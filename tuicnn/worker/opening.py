"""A feed of a run in any state: from its process where it has one, else from its folder."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

from tuicnn.runs.folder import RunFolder
from tuicnn.runs.resuming import resume
from tuicnn.training.options import ON_NAN_WATCHED, Options
from tuicnn.worker.client import RemoteFeed
from tuicnn.worker.feed import Feed, WorkerGone
from tuicnn.worker.launch import start
from tuicnn.worker.logout import past_logout, remembered, threat
from tuicnn.worker.recorded import RecordedFeed

__all__ = ["open_feed", "resume_in_background"]


async def open_feed(
    folder: RunFolder,
    process: subprocess.Popen[bytes] | None = None,
    say: Callable[[str], object] = lambda sentence: None,
) -> Feed:
    """Reach a run; its `process` may be just starting. `say` is told what is read of its folder.

    One that trains elsewhere is looked at as far as it came back. Raises `WorkerGone` where it has a process that
    cannot be reached, or is not there.
    """
    holder = folder.holder
    if process is None and (not folder.alive or (holder is not None and holder.elsewhere)):
        return RecordedFeed(folder, say)
    try:
        return await RemoteFeed.connect(folder, process=process, say=say)
    except WorkerGone:
        if process is not None or folder.alive or not folder.holds_a_run:
            raise
        return RecordedFeed(folder, say)  # it has ended meanwhile


def resume_in_background(folder: RunFolder, options: Options) -> tuple[subprocess.Popen[bytes], str]:
    """Go on with a run, watched by a screen: its process, which is just starting, and what is to be said about it.

    Raises `UserError` where it cannot go on.
    """
    said: list[str] = []
    prepared = resume(folder, options, on_nan=ON_NAN_WATCHED, say=said.append)
    through, trouble = past_logout(threat(), remembered())
    return start(prepared.folder, resume=True, through=through), " ".join(filter(None, [*said, trouble]))
