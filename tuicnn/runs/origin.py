"""Where a run came from: the file, the working folder and the choices of the command line, kept in its folder.

Imports nothing but the standard library: the command line uses it before NumPy is there.
"""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuicnn.errors import UserError
from tuicnn.system.files import why, write_atomic
from tuicnn.system.regular_files import read_regular
from tuicnn.training.options import ON_NAN, Options

if TYPE_CHECKING:
    from tuicnn.runs.folder import RunFolder

__all__ = ["ORIGIN", "Origin"]

#: the file's name in the run's folder
ORIGIN = "origin.json"
_LARGEST = 1 << 16  # bytes
#: what the command line allows
_RANGES = {
    "epochs": range(1, 100_001),
    "batch": range(1, 65_537),
    "seed": range(2**63),
    "limit": range(1, 2**63),
    "threads": range(1, 1025),
}


@dataclass(frozen=True)
class Origin:
    """What `tuicnn resume` must know of how a run was started. `net` and `folder` are absolute; None: not known."""

    net: Path | None = None
    folder: Path | None = None
    options: Options = field(default_factory=Options)

    @property
    def known(self) -> bool:
        """Whether anything is known: not where the file was removed, or is damaged."""
        return self != Origin()

    @classmethod
    def here(cls, net: Path, options: Options) -> Origin:
        """For a run that is started now."""
        return cls(Path(os.path.abspath(net)), Path.cwd(), options)  # noqa: PTH100 - links stay as they are

    def keep(self, run: RunFolder) -> None:
        """Write it to the run's folder. Raises `UserError`."""
        written = {
            "net": str(self.net) if self.net else None,
            "folder": str(self.folder) if self.folder else None,
            "options": dataclasses.asdict(self.options),
        }
        path = run.path / ORIGIN
        try:
            write_atomic(path, json.dumps(written).encode(errors="surrogateescape"))
        except OSError as error:
            raise UserError(f"The run cannot be written to {run.path}: {why(error)}.") from error

    @classmethod
    def of(cls, run: RunFolder) -> Origin:
        """Read it from the run's folder; what is not there, or makes no sense, is not known."""
        try:
            found = json.loads(read_regular(run.path / ORIGIN, _LARGEST))
        except (OSError, ValueError, RecursionError):
            return cls()
        if not isinstance(found, dict):
            return cls()
        options = found.get("options")
        chosen: dict[str, Any] = options if isinstance(options, dict) else {}
        sound = {name: chosen[name] for name, valid in _RANGES.items() if _is_in(chosen.get(name), valid)}
        if chosen.get("on_nan") in ON_NAN:
            sound["on_nan"] = chosen["on_nan"]
        return cls(_path(found.get("net")), _path(found.get("folder")), Options(**sound))


def _is_in(value: Any, valid: range) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value in valid


def _path(value: Any) -> Path | None:
    return Path(value) if isinstance(value, str) and value.startswith("/") and "\0" not in value else None
