"""The completed epochs of a run, in 64 bytes each: there may be a hundred thousand, and a screen is open for days."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from tuicnn.training.events import Epoch

__all__ = ["Epochs"]

_FIELDS = tuple(field.name for field in dataclasses.fields(Epoch))
_RECORD = np.dtype([(name, np.int64 if name in ("epoch", "step") else np.float64) for name in _FIELDS])


class Epochs(Sequence[Epoch]):
    """Epochs, in their order. It never changes, so that it may be read from any thread: `plus` gives a longer one."""

    def __init__(self, epochs: Iterable[Epoch] = ()) -> None:
        rows = [tuple(getattr(epoch, name) for name in _FIELDS) for epoch in epochs]
        self._records: NDArray[np.void] = np.array(rows, _RECORD)

    def plus(self, epochs: Iterable[Epoch]) -> Epochs:
        """These and more."""
        return Epochs._of(np.concatenate([self._records, Epochs(epochs)._records]))

    def column(self, name: str) -> NDArray[Any]:
        """One field of all of them, shape (n,), read-only: int64 for `epoch` and `step`, else float64."""
        column = self._records[name]
        column.flags.writeable = False
        return column

    def __len__(self) -> int:
        return len(self._records)

    @overload
    def __getitem__(self, index: int) -> Epoch: ...
    @overload
    def __getitem__(self, index: slice) -> Epochs: ...
    def __getitem__(self, index: int | slice) -> Epoch | Epochs:
        if isinstance(index, slice):
            return Epochs._of(self._records[index].copy())
        return Epoch(*self._records[index].item())

    @classmethod
    def _of(cls, records: NDArray[np.void]) -> Epochs:
        made = cls()
        made._records = records
        return made
