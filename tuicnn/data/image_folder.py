"""`data: folder "DIR"`: pictures in folders that are named for their classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import Text, positional, word

from .base import DataError, Dataset, DataSpec, Described
from .cache import decoded_once
from .pictures import ImageShape, Picture, decode_all, image_shape, list_classes, must_have_shape
from .places import resolve
from .reading_progress import reading_progress
from .splits import Split, Splits, assemble, described, must_fit

__all__ = ["ImageFolder", "read_tree"]

#: pictures from which on the cache is used: fewer are decoded faster than it is read
_WORTH_KEEPING = 2000
#: folders that are never classes beside others: their pictures are held out of training
_HELD_OUT = ("test", "val")


def _held_out(folder: Path, split: str) -> dict[str, list[Path]] | None:
    """The pictures in `folder/PART/CLASS/`; None: there is no such folder. Raises `DataError` where it has none."""
    place = folder / split
    if not place.is_dir():
        return None
    found = list_classes(place)
    if not found:
        raise DataError(
            f"{place} holds no pictures in {split}/CLASS/; put some in or remove it (a class needs another name)."
        )
    return found


def must_be_classes(
    train: Mapping[str, Sequence[Path]], test: Mapping[str, Sequence[Path]] | None, names: Sequence[str]
) -> None:
    """Refuse a folder that is named for no class in `names`. Raises `DataError`."""
    for split in (train, test or {}):
        for name, paths in split.items():
            if name not in names:
                more = ", …" if len(names) > 12 else ""
                raise DataError(f"{paths[0].parent} is not one of the classes {', '.join(names[:12])}{more}.")


def read_tree(
    folder: Path,
    train: Mapping[str, Sequence[Path]],
    test: Mapping[str, Sequence[Path]] | None,
    names: Sequence[str],
    shape: ImageShape,
    val: Mapping[str, Sequence[Path]] | None = None,
) -> Splits:
    """Decode the pictures in `folder`, by class, which are numbered as in `names`; all must have this `shape`.

    Raises `DataError`.
    """
    for split in (train, test, val):
        must_be_classes(split or {}, None, names)
    number = {name: place for place, name in enumerate(names)}

    def stored(split: Mapping[str, Sequence[Path]]) -> Split:
        return decode_all(
            [Picture(str(p), number[name], p.read_bytes) for name, paths in split.items() for p in paths], shape
        )

    def decode() -> Splits:
        reading_progress().begin(len(every))
        return Splits(stored(train), stored(test) if test is not None else None, stored(val) if val else None)

    every = [path for split in (train, test or {}, val or {}) for paths in split.values() for path in paths]
    return decode() if len(every) < _WORTH_KEEPING else decoded_once("pictures", folder, every, decode)


@word(
    "data",
    "folder",
    help="pictures in DIR/train/CLASS/ and DIR/test/CLASS/, or in DIR/CLASS/ (a tenth of them becomes the test set)",
    example='folder "photos"',
    usage='folder "DIR"',
)
@dataclass(frozen=True)
class ImageFolder(DataSpec):
    """JPEG, PNG and other pictures, all of one size, all grey (C=1) or all in colour (C=3).

    `DIR/train/CLASS/*`, or `DIR/CLASS/*`, to train on; `DIR/test/CLASS/*` to test on, and `DIR/val/CLASS/*` to validate
    on. Without a `test`, a tenth is held out as the test set, always the same pictures.
    Classes are numbered in the order of their names.
    """

    directory: str = positional(Text(), help="the folder with a folder for each class")
    bases: tuple[str, ...] = field(default=(), kw_only=True)

    def _list(self) -> tuple[Path, dict[str, list[Path]], dict[str, list[Path]] | None]:
        folder = resolve(self.directory, self.bases)
        apart = (folder / "train").is_dir()
        train = list_classes(folder / "train") if apart else list_classes(folder, besides=_HELD_OUT)
        if len(train) < 2:
            raise DataError(
                f"{folder} has no pictures of two classes: put them into train/CLASS/ and test/CLASS/, "
                "or into CLASS/, as .jpg, .png or the like."
            )
        return folder, train, _held_out(folder, "test")

    def _validation(self, folder: Path) -> dict[str, list[Path]] | None:
        """The pictures in `val/CLASS/`; None where there is no such folder. Raises `DataError`."""
        found = _held_out(folder, "val")
        if found and self.val is not None:
            raise DataError(f"{folder / 'val'} holds the validation images: leave val={self.val} out.")
        return found

    def validates_on(self) -> str:
        try:
            return f"{self.directory.rstrip('/')}/val" if (resolve(self.directory, self.bases) / "val").is_dir() else ""
        except DataError:  # it need not be on this machine for its network to be looked at
            return ""

    def find(self) -> None:
        resolve(self.directory, self.bases)

    def describe(self) -> Described:
        folder, train, test = self._list()
        return self._judge(train, test, image_shape(next(iter(train.values()))[0]), self._validation(folder))

    def _judge(
        self,
        train: dict[str, list[Path]],
        test: dict[str, list[Path]] | None,
        shape: ImageShape,
        val: dict[str, list[Path]] | None,
        *,
        now: bool = False,
    ) -> Described:
        """What checking and loading both judge the pictures by: their number and their headers. Raises `DataError`."""
        names = list(train)
        described(self, self.directory, shape, names)  # a class that there is not is said first
        for split in (train, test, val):
            must_be_classes(split or {}, None, names)
        of_train, of_test = (
            np.repeat([names.index(name) for name in split], [len(paths) for paths in split.values()])
            for split in (train, test or {})
        )
        answer = described(
            self, self.directory, shape, names, None if val else (of_train, of_test if test is not None else None)
        )
        every = [path for split in (train, test or {}, val or {}) for paths in split.values() for path in paths]
        must_fit(self, self.directory, shape, len(every), now=now)
        for path in every:
            must_have_shape(str(path), image_shape(path), shape)
        return answer

    def load(self) -> Dataset:
        folder, train, test = self._list()
        names = list(train)
        shape = image_shape(train[names[0]][0])
        val = self._validation(folder)
        self._judge(train, test, shape, val, now=True)
        return assemble(self, self.directory, read_tree(folder, train, test, names, shape, val), names)
