"""What is in a data set: how many images of each class, their values, and which of them are there more than once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from itertools import combinations
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from tuicnn.lazy_numpy import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .arrays import Images, Labels
    from .base import Dataset

__all__ = ["PARTS", "Inspection", "Place", "inspect", "part_of"]

Part: TypeAlias = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")


class Place(NamedTuple):
    """An image: its part, and its number in it, from 0."""

    part: Part
    number: int


@dataclass(frozen=True, eq=False)
class Inspection:
    """What is in a data set. Images are the same where all their pixels are."""

    counts: Mapping[Part, NDArray[np.int64]]  # images of each class (classes,)
    mean: NDArray[np.float64]  # of the training images' values of 0 to 1, by channel (C,)
    std: NDArray[np.float64]
    #: how many images of the second part are in the first one too
    shared: Mapping[tuple[Part, Part], int]
    #: how many images of a part are there before in the same part
    repeated: Mapping[Part, int]
    #: groups of places with the same image; those that are in several parts or have several labels first
    same: tuple[tuple[Place, ...], ...]
    #: how many images have another label elsewhere
    contradictory: int


def part_of(dataset: Dataset, part: Part) -> tuple[Images, Labels]:
    """The images and labels of a part."""
    prefix = "val" if part == "validation" else part
    return getattr(dataset, f"{prefix}_images"), getattr(dataset, f"{prefix}_labels")


def inspect(dataset: Dataset) -> Inspection:
    """Count what is in a data set."""
    classes = len(dataset.class_names)
    found: dict[bytes, list[Place]] = defaultdict(list)
    labels = {part: part_of(dataset, part)[1] for part in PARTS}
    for part in PARTS:
        for index, image in enumerate(np.ascontiguousarray(part_of(dataset, part)[0])):
            found[blake2b(image, digest_size=16).digest()].append(Place(part, index))
    same = [places for places in found.values() if len(places) > 1]
    parts_of = [{place.part for place in places} for places in same]
    contradicted = [len({int(labels[place.part][place.number]) for place in places}) > 1 for places in same]
    order = sorted(
        range(len(same)), key=lambda n: (not contradicted[n], -len(parts_of[n]), [PARTS.index(p.part) for p in same[n]])
    )
    return Inspection(
        {part: np.bincount(labels[part], minlength=classes) for part in PARTS},
        dataset.mean.astype(np.float64),
        dataset.std.astype(np.float64),
        {
            (first, second): sum(
                sum(place.part == second for place in places) for places in same if first in {p.part for p in places}
            )
            for first, second in combinations(PARTS, 2)
        },
        {part: sum(max(0, sum(p.part == part for p in places) - 1) for places in same) for part in PARTS},
        tuple(tuple(same[n]) for n in order),
        sum(len(places) for places, bad in zip(same, contradicted, strict=True) if bad),
    )
