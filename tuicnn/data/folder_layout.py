"""Where a folder of pictures has its parts and its classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path

from .base import DataError
from .pictures import ClassFolders, list_classes, must_be_classes

__all__ = ["PARTS", "ListedPart", "list_parts", "part_folder"]

#: the parts, the first without fail, and the folders that they may be in; names after the first only beside `train`
_FOLDERS = {"train": ("train",), "test": ("test",), "val": ("val", "valid", "validation")}
PARTS = tuple(_FOLDERS)


@dataclass(frozen=True)
class ListedPart:
    """The pictures of a part, class by class."""

    place: Path
    classes: dict[str, list[Path]]

    @property
    def paths(self) -> list[Path]:
        """All of them."""
        return [path for paths in self.classes.values() for path in paths]

    def labels(self, names: Sequence[str]) -> list[int]:
        """The class of each of `paths`, by its place in `names`."""
        return [names.index(name) for name, paths in self.classes.items() for _ in paths]

    def keep(self, good: Container[Path]) -> ListedPart:
        """Only those that are `good`. Raises `DataError` where a class has none."""
        classes = {name: [path for path in paths if path in good] for name, paths in self.classes.items()}
        for name, paths in classes.items():
            if not paths:
                raise DataError(f"None of the pictures in {self.place / name} can be read.")
        return ListedPart(self.place, classes)


def part_folder(folder: Path, part: str) -> Path | None:
    """The folder of a part; None where there is none. Raises `DataError` where there are two."""
    apart = (folder / "train").is_dir()  # else `valid` may be a class
    found = [folder / name for name in _FOLDERS[part][: None if apart else 1] if (folder / name).is_dir()]
    if len(found) > 1:
        raise DataError(f"{folder} has the folders {found[0].name} and {found[1].name}: remove one of them.")
    return found[0] if found else None


def list_parts(folder: Path) -> tuple[dict[str, ListedPart], Counter[str]]:
    """The pictures of each part that there is; and how many files of kinds that are not read there are, by ending.

    Raises `DataError`.
    """
    parts: dict[str, ListedPart] = {}
    foreign: Counter[str] = Counter()
    for part in _FOLDERS:
        place = part_folder(folder, part)
        if place is None and part != "train":
            continue
        found = list_classes(place) if place is not None else list_classes(folder, besides=("test", "val"))
        foreign.update(found.foreign)
        if part == "train" and len(found.pictures) < 2:
            raise DataError(
                f"{folder} has no pictures of two classes: put them into train/CLASS/ and test/CLASS/, "
                f"or into CLASS/, as .jpg, .png or the like.{_inner(folder, found)}"
            )
        if not found:
            assert place is not None
            raise DataError(
                f"{place} holds no pictures in {place.name}/CLASS/; put some in or remove it (a class needs another "
                "name)."
            )
        parts[part] = ListedPart(place or folder, found.pictures)
        must_be_classes(parts[part].place, found.pictures, list(parts["train"].classes))
    return parts, foreign


def _inner(folder: Path, found: ClassFolders) -> str:
    """Where the classes are one folder further down, as an archive unpacks them: that folder, to be named."""
    for name in found.pictures:
        if sum(1 for _ in (folder / name).glob("*/")) > 1:
            return f" Or do you mean {folder / name}?"
    return ""
