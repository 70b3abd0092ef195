"""The origin of a run: its file, working folder and options, saved in the run's folder.

Imports nothing but the standard library: the command line uses it before NumPy is there.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tuicnn.errors import UserError
from tuicnn.records import RecordError, dump, from_plain, parse
from tuicnn.system.files import why, write_atomic
from tuicnn.system.regular_files import read_regular
from tuicnn.training.options import Options

if TYPE_CHECKING:
    from tuicnn.runs.folder import RunFolder

__all__ = ["ORIGIN", "Origin"]

#: the file's name in the run's folder
ORIGIN = "origin.json"
_LARGEST = 1 << 16  # bytes


@dataclass(frozen=True)
class Origin:
    """How a run was started, for `tuicnn resume`. `net` and `folder` are absolute; None: not known."""

    net: Path | None = None
    folder: Path | None = None
    options: Options = field(default_factory=Options)

    @property
    def known(self) -> bool:
        """Whether anything is known; False where the file was removed or is damaged."""
        return self != Origin()

    @classmethod
    def here(cls, net: Path, options: Options) -> Origin:
        """For a run that is started now."""
        return cls(Path(os.path.abspath(net)), Path.cwd(), options)  # noqa: PTH100 - links stay as they are

    @property
    def path(self) -> Path | None:
        """The file that the run came from, where at least its folder is there: paths in the net start from that."""
        return self.net if self.net is not None and self.net.parent.is_dir() else None

    @property
    def working(self) -> Path:
        """The folder in which the run was started, where it is there; else the working folder of this moment."""
        return self.folder if self.folder is not None and self.folder.is_dir() else Path()

    def keep(self, run: RunFolder) -> None:
        """Save it in the run's folder. Raises `UserError`."""
        path = run.path / ORIGIN
        try:
            write_atomic(path, dump(self).encode(errors="backslashreplace"))
        except OSError as error:
            raise UserError(f"The run cannot be written to {run.path}: {why(error)}.") from error

    @classmethod
    def of(cls, run: RunFolder) -> Origin:
        """Read it from the run's folder; what is missing or invalid is not known."""
        try:
            found = from_plain(cls, parse(read_regular(run.path / ORIGIN, _LARGEST)))
        except (OSError, RecordError):
            return cls()
        return found if all(path.is_absolute() for path in (found.net, found.folder) if path is not None) else cls()
