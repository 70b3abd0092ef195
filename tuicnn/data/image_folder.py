"""`data: folder "DIR"`: pictures in folders that are named for their classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import Text, positional, word

from .base import DataError
from .cache import decoded_once
from .own_data import OwnData, Part, Stored
from .pictures import ImageShape, Picture, decode_all, image_shape, list_classes, must_have_shape
from .places import resolve
from .reading_progress import reading_progress
from .splits import Split, Splits

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
class ImageFolder(OwnData):
    """JPEG, PNG and other pictures, all of one size, all grey (C=1) or all in colour (C=3).

    `DIR/train/CLASS/*`, or `DIR/CLASS/*`, to train on; `DIR/test/CLASS/*` to test on, and `DIR/val/CLASS/*` to validate
    on. Without a `test`, a tenth is held out as the test set, always the same pictures.
    Classes are numbered in the order of their names.
    """

    directory: str = positional(Text(), help="the folder with a folder for each class")
    bases: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def name(self) -> str:
        return self.directory

    def validates_on(self) -> str:
        try:
            return f"{self.directory.rstrip('/')}/val" if (resolve(self.directory, self.bases) / "val").is_dir() else ""
        except DataError:  # it need not be on this machine for its network to be looked at
            return ""

    def find(self) -> None:
        resolve(self.directory, self.bases)

    def stored(self) -> Stored:
        folder = resolve(self.directory, self.bases)
        apart = (folder / "train").is_dir()
        train = list_classes(folder / "train") if apart else list_classes(folder, besides=_HELD_OUT)
        if len(train) < 2:
            raise DataError(
                f"{folder} has no pictures of two classes: put them into train/CLASS/ and test/CLASS/, "
                "or into CLASS/, as .jpg, .png or the like."
            )
        test, val = _held_out(folder, "test"), _held_out(folder, "val")
        names = list(train)
        for split in (test, val):
            must_be_classes(split or {}, None, names)
        shape = image_shape(train[names[0]][0])
        for split in (train, test, val):
            for paths in (split or {}).values():
                for path in paths:
                    must_have_shape(str(path), image_shape(path), shape)
        splits = cache(lambda: read_tree(folder, train, test, names, shape, val))

        def part(place: Path, split: dict[str, list[Path]], read: Callable[[], Split | None]) -> Part:
            labels = np.repeat([names.index(name) for name in split], [len(paths) for paths in split.values()])

            def images() -> Split:
                found = read()
                assert found is not None
                return found

            return Part(str(place), shape, len(labels), lambda: (labels, str(place)), images)

        return Stored(
            part(folder, train, lambda: splits().train),
            None if test is None else part(folder / "test", test, lambda: splits().test),
            None if val is None else part(folder / "val", val, lambda: splits().val),
            names,
        )
