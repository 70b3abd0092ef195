"""Fetches a published data set that a command needs, with a progress bar."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tuicnn.cli.output.streams import complain, console_for, is_terminal

if TYPE_CHECKING:
    from tuicnn.data import DataSpec

__all__ = ["missing_after_fetching"]


def missing_after_fetching(spec: DataSpec) -> str:
    """Why a data set cannot be had, as a sentence, once it was tried to fetch it; "" where it is here."""
    from tuicnn.data import DataError
    from tuicnn.data.fetching import fetch, may_fetch
    from tuicnn.data.published import Published

    try:
        spec.find()
        return ""
    except DataError as error:
        missing = str(error)
    download = spec.download if isinstance(spec, Published) else None
    if download is None or not may_fetch():
        return missing
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=console_for(sys.stderr), disable=not is_terminal(sys.stderr)) as bar:
            task = bar.add_task(f"fetching {download.name}", total=download.size)
            fetch(download, lambda done, total: bar.update(task, completed=done))
        spec.find()
    except DataError as error:
        return f"{missing} It could not be fetched now: {error}"
    complain(f"{download.name} is in {download.folder} now.")
    return ""
