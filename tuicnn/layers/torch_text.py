"""PyTorch's modules as a person would write them: what a layer's `torch` is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["module", "square"]


def module(name: str, *given: Any, **options: tuple[Any, Any]) -> str:
    """A module of `torch.nn` as it is written; of each option its value and PyTorch's default, which is left out."""
    written = [repr(value) for value in given]
    written += [f"{option}={value!r}" for option, (value, default) in options.items() if value != default]
    return f"{name}({', '.join(written)})"


def square(size: Sequence[int]) -> int | tuple[int, int]:
    """A size as PyTorch takes it: one number where height and width are the same."""
    height, width = size
    return height if height == width else (height, width)
