"""A person's own data: what its files hold as far as headers tell, judged by one rule when checked and when loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tuicnn.lazy_numpy import np

from .arrays import Images, Labels, number_labels
from .base import DataError, Dataset, DataSpec, Described
from .splits import Split, Splits, assemble, described, must_agree, must_fit

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["OwnData", "Part", "Stored"]


@dataclass(frozen=True, eq=False)
class Part:
    """Images that are kept together, and their labels; both are read when they are asked for."""

    name: str  # of the images, for messages
    shape: tuple[int, int, int]  # C, H, W
    count: int
    #: as they are stored, for `number_labels`, with their name for messages
    labels: Callable[[], tuple[NDArray[Any], str]]
    images: Callable[[], Images] | None = None  # None: `Stored.decode` reads them
    itemsize: int = 1  # bytes of a stored value
    #: where headers do not tell that the images are good: reads what tells it. Raises `DataError`
    judge: Callable[[], object] = lambda: None


@dataclass(frozen=True, eq=False)
class Stored:
    """What a data set's files hold. Without `test` a tenth is held out; without `val`, images for validation are."""

    train: Part
    test: Part | None = None
    val: Part | None = None
    class_names: Sequence[str] | None = None  # None: the labels tell
    notes: tuple[str, ...] = ()  # sentences: what is done to the images, what is passed over
    #: how many pictures there are of each (width, height), where they are made alike
    sizes: Mapping[tuple[int, int], int] = field(default_factory=dict)
    #: where the parts are read in one go, and some of their images may be left out. Raises `DataError`
    decode: Callable[[], Splits] | None = None

    @property
    def parts(self) -> list[Part]:
        """Those that there are."""
        return [part for part in (self.train, self.test, self.val) if part is not None]


class OwnData(DataSpec):
    """A data set whose shape, classes and number of images stand in its files alone.

    What it is judged by is the same when a net is checked and when it is trained: what checking accepts is loaded.
    """

    def stored(self) -> Stored:
        """What the files hold; reads headers. Raises `DataError`."""
        raise NotImplementedError

    @property
    def name(self) -> str:
        """What it is called in messages: its path, as it is written."""
        raise NotImplementedError

    def describe(self) -> Described:
        return self._judge(self.stored(), now=False)[0]

    def _judge(self, stored: Stored, *, now: bool) -> tuple[Described, Sequence[str], list[Labels]]:
        """The data set described, all its classes, and the labels of its parts. Raises `DataError`."""
        if stored.val is not None and self.val is not None:
            raise DataError(f"{stored.val.name} holds the validation images: leave val={self.val} out.")
        found, total = [], 0
        for part in stored.parts:
            total += part.count
            must_fit(self, self.name, stored.train.shape, total, now=now, itemsize=part.itemsize)
            labels, name = part.labels()
            if len(labels) != part.count:
                raise DataError(f"{part.name} has {part.count} images, but there are {len(labels)} labels in {name}.")
            found.append((labels, name))
        must_agree(self.name, [part.shape for part in stored.parts])
        names: Sequence[str]
        if stored.class_names is not None:
            names, numbers = stored.class_names, [np.asarray(labels, np.int64) for labels, _ in found]
        else:
            names, numbers = number_labels(found)
        rest = iter(numbers[1:])
        test = next(rest) if stored.test is not None else None
        val = next(rest) if stored.val is not None else None
        answer = described(self, self.name, stored.train.shape, names, (numbers[0], test, val), stored.notes)
        for part in stored.parts:
            part.judge()
        return replace(answer, stored_sizes=stored.sizes), names, numbers

    def load(self) -> Dataset:
        stored = self.stored()
        _, names, numbers = self._judge(stored, now=True)
        return assemble(self, self.name, _read(stored, numbers), names)


def _read(stored: Stored, numbers: Sequence[Labels]) -> Splits:
    if stored.decode is not None:
        return stored.decode()
    read = []
    for part, labels in zip(stored.parts, numbers, strict=True):
        assert part.images is not None
        read.append(Split(part.images(), labels))
    rest = iter(read[1:])
    test = next(rest) if stored.test is not None else None
    return Splits(read[0], test, next(rest, None))
