"""A data set out of arrays that a program has in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tuicnn.lazy_numpy import np

from .arrays import as_images, as_labels, image_layout
from .base import DataError
from .own_data import OwnData, Part, Stored

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["InMemory", "Pair"]


@dataclass(frozen=True, eq=False)
class Pair:
    """Images and labels, as a program has them; `names` are those of both, for messages."""

    images: NDArray[Any]
    labels: NDArray[Any]
    names: tuple[str, str]

    @classmethod
    def of(cls, pair: tuple[ArrayLike, ArrayLike], what: str = "") -> Pair:
        """Raises `DataError` where it is no pair."""
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise DataError(f"{what or 'training'} data must be a pair (images, labels).")
        images, labels = map(np.asarray, pair)
        of = f"the array of {what} ".rstrip(" ") + " "
        return cls(images, labels, (f"{of}images", f"{of}labels"))

    def part(self, class_names: Sequence[str] | None) -> Part:
        """The part of a data set that it is; with `class_names`, labels are their numbers. Raises `DataError`."""
        name, of_labels = self.names
        count, shape = image_layout(self.images.shape, self.images.dtype, name)
        labels = self.labels
        if class_names is not None:
            labels = as_labels(labels, of_labels)
            if labels.size and labels.max() >= len(class_names):
                raise DataError(
                    f"{of_labels} goes up to {labels.max()}, but there are {len(class_names)} class names; "
                    "labels count from 0."
                )
        return Part(
            name=name,
            shape=shape,
            count=count,
            labels=lambda: (labels, of_labels),
            images=lambda: as_images(self.images, name),
            itemsize=self.images.dtype.itemsize,
        )


@dataclass(frozen=True, eq=False)
class InMemory(OwnData):
    """See `Dataset.from_arrays`; no word of the language."""

    called: str
    train: Pair
    test: Pair | None
    validation: Pair | None
    class_names: Sequence[str] | None

    @property
    def name(self) -> str:
        return self.called

    def find(self) -> None:
        pass

    def stored(self) -> Stored:
        train, test, val = (
            pair.part(self.class_names) if pair is not None else None
            for pair in (self.train, self.test, self.validation)
        )
        assert train is not None
        return Stored(train, test, val, self.class_names)
