"""From what was read to the three parts that are used: where `classes`, `val`, `limit` and `pad` are applied, for all.

The order: keep `classes`; part the images into training, validation and test; `limit` the training images; `pad` all.

Which images are held out is chosen by a permutation that knows nothing of the run's seed, so that all runs on a data
set validate on the same images. Within each part they keep the order in which they were stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from tuicnn.later import np
from tuicnn.printable import printable
from tuicnn.randomness import permutation

from .base import DataError, Dataset, DataSpec, Described

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Parts", "Stored", "as_images", "as_labels", "assemble", "count_classes", "described", "mean_and_std"]

#: how many images are held out for validation where `val` is not given: so many, or a tenth where that is fewer
VALIDATION = 5000
#: a mean and a standard deviation are known well enough from so many values of a channel
ENOUGH_VALUES = 50_000_000
MOST_CLASSES = 65_536

Images: TypeAlias = "NDArray[np.uint8]"
Labels: TypeAlias = "NDArray[np.int64]"


@dataclass(frozen=True)
class Stored:
    """Images uint8 (N, H, W, C) and their labels int64 (N,), as a data set stores them."""

    images: Images
    labels: Labels

    def __post_init__(self) -> None:
        if len(self.images) != len(self.labels):
            raise DataError(f"there are {len(self.images)} images but {len(self.labels)} labels.")

    def at(self, which: NDArray[Any]) -> Stored:
        """Some of them, by a mask or by indices."""
        return Stored(self.images[which], self.labels[which])


@dataclass(frozen=True)
class Parts:
    """What a data set has: training images, and test images where it keeps them apart (else a tenth becomes test)."""

    train: Stored
    test: Stored | None


def as_images(array: NDArray[Any], name: str) -> Images:
    """Images as uint8 (N, H, W, C), from (N, H, W), (N, H, W, C) or (N, C, H, W). Raises `DataError`.

    Of the second and the last axis the shorter one is the channels'; where they are equal, the last.
    """
    if array.dtype != np.uint8:
        raise DataError(f"{name} holds {array.dtype.name} values; images must be stored as uint8, from 0 to 255.")
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim != 4 or 0 in array.shape:
        shape = "x".join(map(str, array.shape))
        raise DataError(f"{name} has the shape {shape}; images must be (N, H, W), (N, H, W, C) or (N, C, H, W).")
    if array.shape[3] > array.shape[1]:
        array = array.transpose(0, 2, 3, 1)
    return np.ascontiguousarray(array)


def as_labels(array: NDArray[Any], name: str) -> Labels:
    """Labels as int64 (N,), from whole numbers (N,) or (N, 1). Raises `DataError`."""
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or array.dtype.kind not in "iu":
        shape = "x".join(map(str, array.shape))
        raise DataError(f"{name} holds {array.dtype.name} of shape {shape}; labels must be one whole number an image.")
    if array.size and not 0 <= int(array.min()) <= int(array.max()) < MOST_CLASSES:
        raise DataError(
            f"{name} has labels from {array.min()} to {array.max()}; they must lie in 0 to {MOST_CLASSES - 1}."
        )
    return array.astype(np.int64)


def count_classes(*labels: Labels | None) -> int:
    """How many classes there are, from the highest label."""
    return 1 + max((int(each.max()) for each in labels if each is not None and each.size), default=-1)


def described(spec: DataSpec, name: str, shape: tuple[int, int, int], class_names: Sequence[str]) -> Described:
    """What `DataSpec.describe` answers, from the stored shape (C, H, W) and all classes. Raises `DataError`."""
    chosen = _chosen_classes(spec, name, len(class_names))
    channels, height, width = shape
    return Described(
        (channels, height + 2 * spec.pad, width + 2 * spec.pad),
        tuple(printable(class_names[number]) for number in chosen),
    )


def _chosen_classes(spec: DataSpec, name: str, known: int) -> Sequence[int]:
    if spec.classes is None:
        return range(known)
    for number in spec.classes:
        if number >= known:
            raise DataError(f"{name} has {known} classes, 0 to {known - 1}; there is no class {number}.")
    return spec.classes


def assemble(spec: DataSpec, name: str, parts: Parts, class_names: Sequence[str]) -> Dataset:
    """The data set as it is used. Raises `DataError` where nothing would be left of a part."""
    train, test = parts.train, parts.test
    if test is not None and train.images.shape[1:] != test.images.shape[1:]:
        shapes = ["x".join(map(str, stored.images.shape[1:])) for stored in (train, test)]
        raise DataError(f"{name}: training images are {shapes[0]} (HxWxC), but test images are {shapes[1]}.")
    chosen = _chosen_classes(spec, name, len(class_names))
    if spec.classes is not None:
        train = _keep_classes(train, chosen, len(class_names))
        test = _keep_classes(test, chosen, len(class_names)) if test is not None else None
    if test is None:
        train, test = _hold_out(train, max(1, len(train.labels) // 10), "test")
    train, val = _hold_out(train, _validation_size(spec, name, len(train.labels)), "validation")
    if spec.limit is not None and spec.limit < len(train.labels):
        _, train = _hold_out(train, spec.limit, "limit")
    if not (len(train.labels) and len(val.labels) and len(test.labels)):
        raise DataError(f"{name} has too few images: each of training, validation and test needs one at least.")
    if spec.pad:
        train, val, test = (_pad(stored, spec.pad) for stored in (train, val, test))
    mean, std = mean_and_std(train.images)
    return Dataset(
        name=name,
        class_names=tuple(printable(class_names[number]) for number in chosen),
        train_images=train.images,
        train_labels=train.labels,
        val_images=val.images,
        val_labels=val.labels,
        test_images=test.images,
        test_labels=test.labels,
        mean=mean,
        std=std,
    )


def _keep_classes(stored: Stored, chosen: Sequence[int], known: int) -> Stored:
    new_number = np.full(known, -1, dtype=np.int64)
    new_number[list(chosen)] = np.arange(len(chosen))
    labels = new_number[stored.labels]
    kept = labels >= 0
    return Stored(stored.images[kept], labels[kept])


def _validation_size(spec: DataSpec, name: str, available: int) -> int:
    if spec.val is None:
        return min(VALIDATION, max(1, available // 10))
    if spec.val >= available:
        raise DataError(
            f"val={spec.val} leaves nothing to train on: {name} has {available} training images here. "
            f"Write val={max(1, available // 10)}, say."
        )
    return spec.val


def _hold_out(stored: Stored, count: int, purpose: str) -> tuple[Stored, Stored]:
    """The others, and `count` of them chosen by the permutation for this purpose; the same ones in every run."""
    held = np.zeros(len(stored.labels), dtype=bool)
    held[permutation(len(stored.labels), 0, purpose)[:count]] = True
    # indices, not masks: several times as fast for large rows
    return stored.at(np.flatnonzero(~held)), stored.at(np.flatnonzero(held))


def _pad(stored: Stored, pad: int) -> Stored:
    count, height, width, channels = stored.images.shape
    try:
        images = np.zeros((count, height + 2 * pad, width + 2 * pad, channels), dtype=np.uint8)
    except MemoryError:
        raise DataError(f"{count} images with pad={pad} do not fit in this machine's memory.") from None
    images[:, pad : pad + height, pad : pad + width] = stored.images
    return Stored(images, stored.labels)


def mean_and_std(images: Images) -> tuple[NDArray[Any], NDArray[Any]]:
    """Mean and standard deviation of each channel, of values divided by 255; float32 (C,), std never 0.

    Exact, from a histogram of the 256 values; of a very large set every second image is taken, or every third ….
    """
    every = 1 + images[..., 0].size // ENOUGH_VALUES
    images = images[::every]
    count, height, width, channels = images.shape
    histogram = np.zeros((channels, 256), dtype=np.int64)
    portion = max(1, 2**18 // (height * width))  # bincount makes int64 of its input: keep that in the cache
    for start in range(0, count, portion):
        values = images[start : start + portion].reshape(-1, channels)
        for channel in range(channels):
            histogram[channel] += np.bincount(values[:, channel], minlength=256)
    share = histogram / (count * height * width)
    values_of_bins = np.arange(256) / 255
    mean = share @ values_of_bins
    variance = (share * (values_of_bins - mean[:, None]) ** 2).sum(axis=1)
    std = np.sqrt(variance)
    std[std < 1e-6] = 1.0  # a channel that never changes: leave its scale alone
    return mean.astype(np.float32), std.astype(np.float32)
