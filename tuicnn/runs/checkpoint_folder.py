"""The checkpoints of a run on disk: the last two and the best, one file each, written whole or not at all.

A file is named for its step, `step-0000001234.safetensors`. The new one is safe on disk before an old one is removed.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tuicnn.errors import UserError
from tuicnn.runs.numbered_files import numbers_in
from tuicnn.runs.room import make_room
from tuicnn.system.files import remove_temporary, why, write_atomic
from tuicnn.system.machine import installed_memory
from tuicnn.system.regular_files import read_regular

if TYPE_CHECKING:
    from tuicnn.training.checkpoint import Checkpoint

__all__ = ["CheckpointFolder", "NoCheckpointError"]

_NAME = re.compile(r"step-([0-9]{10,18})\.safetensors")


class NoCheckpointError(UserError):
    """There are checkpoints, and none of them can be used."""


@dataclass(frozen=True)
class CheckpointFolder:
    """The folder `checkpoints` of a run; it is made with the first checkpoint."""

    path: Path

    def file(self, step: int) -> Path:
        """Where the checkpoint of a step is, or would be."""
        return self.path / f"step-{step:010}.safetensors"

    def steps(self) -> list[int]:
        """The steps that have a file, the newest first; whether it can be read is another matter."""
        return numbers_in(self.path, _NAME)[::-1]

    def write(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint. Raises `UserError`, with all files as they were."""
        from tuicnn.runs.checkpoint_file import pack

        try:
            self.path.mkdir(mode=0o700, exist_ok=True)
            data = pack(checkpoint)
            make_room(self.path.parent, lambda: write_atomic(self.file(checkpoint.step), data))
        except OSError as error:
            reason = why(error)
            raise UserError(f"{reason[0].upper()}{reason[1:]}: no checkpoint can be written to {self.path}.") from error

    def prune(self, *keep: int) -> None:
        """Remove all checkpoints but those of some steps, and what a killed process left half-written."""
        for step in set(self.steps()) - set(keep):
            with contextlib.suppress(OSError):
                self.file(step).unlink()
        remove_temporary(self.path)

    def read(self, step: int) -> Checkpoint:
        """The checkpoint of a step. Raises `UserError` in one line that names the file."""
        from tuicnn.runs.checkpoint_file import CheckpointError, FormatError, unpack

        path = self.file(step)
        try:
            checkpoint = unpack(read_regular(path, installed_memory()))  # a larger one was never written here
        except OSError as error:
            raise UserError(f"The checkpoint {path} cannot be read: {why(error)}.") from error
        except MemoryError as error:
            raise UserError(f"The checkpoint {path} cannot be read: it is larger than the memory.") from error
        except FormatError as error:
            raise NoCheckpointError(
                f"The checkpoint {path} {error}; resume the run with that version, or train its net anew: "
                f"tuicnn {self.path.parent / 'net.net'}"
            ) from error
        except CheckpointError as error:
            raise UserError(f"The checkpoint {path} {error}.") from error
        if checkpoint.step != step:
            raise UserError(f"The checkpoint {path} is that of step {checkpoint.step}; somebody renamed it.")
        return checkpoint

    def newest(
        self, say: Callable[[str], None], fault: Callable[[Checkpoint], str] = lambda _: ""
    ) -> Checkpoint | None:
        """The newest checkpoint that can be read, or None where there is no file; `say` gets a line for each that
        cannot. `fault` tells what is wrong with one that was read, "" for nothing. Raises `NoCheckpointError` where
        none of several can.
        """
        steps = self.steps()
        for index, step in enumerate(steps):
            try:
                found = self.read(step)
                if wrong := fault(found):
                    raise UserError(f"The checkpoint {self.file(step)} is damaged: {wrong}.")
                return found
            except NoCheckpointError:
                raise
            except UserError as error:
                before = index + 1 < len(steps)
                say(f"{error} The one before it is used." if before else str(error))
        if steps:
            raise NoCheckpointError(
                f"None of the checkpoints in {self.path} can be read, so this run cannot be resumed; "
                f"its net can be trained anew: tuicnn {self.path.parent / 'net.net'}"
            )
        return None
