"""Finds what is shipped beside the code: the grammar and the networks worth training.

In a checkout and in an editable install they stand beside the package (`grammars/`, `nets/`), in a wheel inside it
(`tuicnn/bundled_files/`). The folder that the program was started in plays no part.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

__all__ = ["bundled", "is_bundled_net"]


@cache
def bundled(folder: str) -> Path:
    """The folder `grammars` or `nets` as shipped. Raises `FileNotFoundError` where the installation is broken."""
    package = Path(__file__).resolve().parent
    for place in (package / "bundled_files" / folder, package.parent / folder):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"tuicnn's own folder {folder} is missing; install tuicnn again")


def is_bundled_net(path: Path) -> bool:
    """Whether a path is that of a network that comes with tuicnn, which stays as it is."""
    return path.resolve().is_relative_to(bundled("nets").resolve())
