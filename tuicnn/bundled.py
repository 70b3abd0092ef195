"""Finds what is shipped beside the code: the grammar and the networks worth training.

In a checkout and in an editable install they stand beside the package (`grammars/`, `nets/`), in a wheel inside it
(`tuicnn/bundled_files/`). The folder that the program was started in plays no part.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

__all__ = ["bundled", "bundled_nets", "find_bundled", "is_bundled_net"]


@cache
def bundled(folder: str) -> Path:
    """The folder `grammars` or `nets` as shipped. Raises `FileNotFoundError` where the installation is broken."""
    package = Path(__file__).resolve().parent
    for place in (package / "bundled_files" / folder, package.parent / folder):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"tuicnn's own folder {folder} is missing; install tuicnn again")


def bundled_nets() -> list[Path]:
    """The networks that come with tuicnn, by name."""
    return sorted(bundled("nets").glob("*.net"))


def find_bundled(net: str) -> Path | None:
    """The network that comes with tuicnn and is meant by `mnist`, `mnist.net` or `nets/mnist.net`; None for another."""
    path = Path(net)
    if path.is_absolute() or path.parts[:-1] not in ((), ("nets",)):
        return None
    found = bundled("nets") / (path.name if path.suffix else f"{path.name}.net")
    return found if found.is_file() else None


def is_bundled_net(path: Path) -> bool:
    """Whether a path is that of a network that comes with tuicnn, which stays as it is."""
    return path.resolve().is_relative_to(bundled("nets").resolve())
