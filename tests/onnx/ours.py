"""What the translators share: when a case is not ours, and how arrays of any rank become images or rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tests.onnx.cases import Node

__all__ = ["NotOursError", "Operator", "Value", "as_images", "from_rows", "need", "real", "to_rows"]

Value = Any
#: takes a node and the arrays that go in, gives those that come out; None for one that our layer does not show
Operator = Callable[[Node, Sequence[Any]], list[Any]]


class NotOursError(Exception):
    """A case asks for something that tuicnn does not have; left_out.txt says so too."""


def need(condition: bool, otherwise: str) -> None:
    """Raises `NotOursError`, saying what it is that we do not have."""
    if not condition:
        raise NotOursError(otherwise)


def real(*arrays: Value) -> Any:
    """The type to compute in: whole numbers wrap around where they grow too large, and half precision rounds."""
    need(all(a.dtype in (np.float32, np.float64) for a in arrays), "neither float32 nor float64")
    return arrays[0].dtype


def as_images(x: Value) -> Value:
    """Values of any shape as images or vectors, for layers that treat each value (or each channel) alike."""
    if x.ndim < 2:
        return x.reshape(1, -1)
    return x.reshape(x.shape[0], x.shape[1], x.shape[2] if x.ndim > 2 else 1, -1)


def to_rows(x: Value, axis: int) -> Value:
    """The axis last, and all others made one: (rows, V)."""
    return np.moveaxis(x, axis, -1).reshape(-1, x.shape[axis])


def from_rows(rows: Value, shape: Sequence[int], axis: int) -> Value:
    """The inverse of `to_rows` for a result of `shape`."""
    axis %= len(shape)
    moved = [*shape[:axis], *shape[axis + 1 :], shape[axis]]
    return np.moveaxis(rows.reshape(moved), -1, axis)
