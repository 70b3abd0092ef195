"""What is to be drawn of a run. Imports nothing heavy: the command line offers these words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from tuicnn.training.predictions import Split

__all__ = ["KINDS", "Format", "Kind", "Wanted", "Width"]

Kind = Literal["curves", "filters", "maps", "probabilities", "confusion"]
KINDS: tuple[Kind, ...] = get_args(Kind)

Format = Literal["png", "svg", "pdf"]
Width = Literal["column", "page"]


@dataclass(frozen=True)
class Wanted:
    """Which figures, of which validation image, by its number or a file, of which layers, at which moment."""

    kinds: tuple[Kind, ...] = KINDS
    image: int | Path = 0
    layers: tuple[str, ...] = ()  # none: a few are chosen
    part: Split = "test"
    epoch: int | None = None
    width: Width = "column"
