"""Folders of a run whose files are numbered: by the epoch or the step that they were written after."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["EpochFiles", "numbers_in"]

_EPOCH = re.compile(r"epoch-([0-9]{4,18})\.safetensors")


def numbers_in(folder: Path, name: re.Pattern[str]) -> list[int]:
    """The numbers of a folder's files, in order; the first group of `name` is the number; [] without a folder."""
    try:
        names = os.listdir(folder)  # noqa: PTH208 - names, of which there may be strange ones
    except OSError:
        return []
    return sorted({int(found[1]) for found in map(name.fullmatch, names) if found})


@dataclass(frozen=True)
class EpochFiles:
    """A folder with one file for each of some epochs; it is made with the first file."""

    path: Path

    def file(self, epoch: int) -> Path:
        """Where the file of an epoch is, or would be; epochs are counted from 1."""
        return self.path / f"epoch-{epoch:04}.safetensors"

    def epochs(self) -> list[int]:
        """The epochs that have a file, in order."""
        return numbers_in(self.path, _EPOCH)
