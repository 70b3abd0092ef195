"""Makes the three splits of what was read: applies `classes`, `val`, `limit` and `pad`, for every data set.

The order: keep `classes`; split the images into training, validation and test; `limit` the training images; `pad` all.

Which images are held out is chosen by a permutation that does not depend on the run's seed, so that all runs on a data
set validate on the same images. Within each split they keep the order in which they were stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tuicnn.lazy_numpy import np
from tuicnn.randomness import permutation
from tuicnn.system import machine
from tuicnn.system.printable import printable

from .arrays import Images, Labels
from .base import DataError, Dataset, DataSpec, Described, UnknownClassError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Split", "Splits", "assemble", "described", "mean_and_std", "must_agree", "must_fit"]

#: how many images are held out for validation where `val` is not given: so many, or a tenth where that is fewer
VALIDATION = 5000
#: a mean and a standard deviation are known well enough from so many values of a channel
ENOUGH_VALUES = 50_000_000
_BYTES_OF_A_LABEL = 8


@dataclass(frozen=True)
class Split:
    """Images uint8 (N, H, W, C) and their labels int64 (N,), as a data set stores them."""

    images: Images
    labels: Labels
    #: the path of each image's file, text (N,), where each has one
    files: NDArray[Any] | None = None

    def __post_init__(self) -> None:
        if len(self.images) != len(self.labels):
            raise DataError(f"there are {len(self.images)} images but {len(self.labels)} labels.")

    def at(self, which: NDArray[Any]) -> Split:
        """Some of them, by a mask or by indices."""
        return Split(self.images[which], self.labels[which], None if self.files is None else self.files[which])


@dataclass(frozen=True)
class Splits:
    """What a data set has: training images, and test images where it keeps them apart (else a tenth becomes test)."""

    train: Split
    test: Split | None
    #: images that are kept apart for validation; None: some of the training images are held out
    val: Split | None = None
    #: files that could not be read, each with why
    left_out: tuple[str, ...] = ()


def described(
    spec: DataSpec,
    name: str,
    shape: tuple[int, int, int],
    class_names: Sequence[str],
    labels: tuple[Labels, Labels | None, Labels | None] | None = None,
    notes: tuple[str, ...] = (),
) -> Described:
    """What `DataSpec.describe` answers, from the stored shape (C, H, W) and all classes. Raises `DataError`.

    Where the `labels` of training, test and validation images (None: some are held out) are known, it is also judged
    whether they suffice for the three splits: by the same rule as when the data is loaded.
    """
    chosen = _chosen_classes(spec, name, len(class_names))
    if labels is not None:
        _must_suffice(spec, name, chosen, *labels)
    channels, height, width = shape
    return Described(
        (channels, height + 2 * spec.pad, width + 2 * spec.pad),
        tuple(printable(class_names[number]) for number in chosen),
        notes,
    )


def _chosen_classes(spec: DataSpec, name: str, known: int) -> Sequence[int]:
    if spec.classes is None:
        return range(known)
    for number in spec.classes:
        if number >= known:
            message = f"{name} has {known} classes, 0 to {known - 1}; there is no class {number}."
            raise UnknownClassError(message, number, known)
    return spec.classes


def must_agree(name: str, shapes: Sequence[tuple[int, int, int]]) -> None:
    """Refuse test images of another shape (C, H, W) than the training images. Raises `DataError`."""
    if len(set(shapes)) > 1:
        train, test = ("x".join(map(str, shape)) for shape in shapes[:2])
        raise DataError(f"{name}: training images are {train} (CxHxW), but test images are {test}.")


def must_fit(
    spec: DataSpec, name: str, shape: tuple[int, int, int], count: int, *, now: bool = False, itemsize: int = 1
) -> None:
    """Refuse images (C, H, W) that memory cannot hold, before any is read. Raises `DataError`.

    What is free at the moment counts only where they are read `now`: a net is as good while others use the memory.

    They are in memory twice while they are split: as stored, and padded; so are their labels. Values that are stored in
    `itemsize` bytes are there a third time.
    """
    there = machine.memory()
    channels, height, width = shape
    stored, padded = height * width, (height + 2 * spec.pad) * (width + 2 * spec.pad)
    stored *= itemsize + 1 if itemsize > 1 else 1
    need = count * (channels * (stored + padded) + 2 * _BYTES_OF_A_LABEL)
    if there is not None and need > (there.free if now else there.total):
        lack = f"this machine's memory ({machine.in_bytes(there.total)})"
        if need <= there.total:
            lack = f"the memory that is free now ({machine.in_bytes(there.free)})"
        pad = f" with pad={spec.pad}" if spec.pad else ""
        raise DataError(
            f"{name} has {count} images of {channels}x{height}x{width}: reading them{pad} takes "
            f"{machine.in_bytes(need)}, more than {lack}. "
            f"{'Write a smaller pad' if spec.pad else spec.smaller}."
        )


def _must_suffice(
    spec: DataSpec, name: str, chosen: Sequence[int], train: Labels, test: Labels | None, val: Labels | None
) -> None:
    """Whether each of the three splits gets an image at least. Raises `DataError`."""
    for_train, for_test, for_val = (
        None if labels is None else int(np.isin(labels, chosen).sum()) for labels in (train, test, val)
    )
    assert for_train is not None
    if len(chosen) < 2:
        has = "one class" if chosen else "no class"
        raise DataError(f"{name} has images of {has}: it needs two classes at least.")
    available = for_train if for_test is not None else for_train - max(1, for_train // 10)
    if available < (2 if for_val is None else 1) or for_test == 0 or for_val == 0:
        others = {"to test": for_test, "to validate": for_val}
        more = "".join(f", {count} {what}" for what, count in others.items() if count is not None)
        raise DataError(
            f"{name} has too few images ({for_train} to train on{more}): "
            "each of training, validation and test needs one at least."
        )
    if for_val is None:
        _validation_size(spec, name, available)


def assemble(spec: DataSpec, name: str, splits: Splits, class_names: Sequence[str]) -> Dataset:
    """The data set as it is used. Raises `DataError` where nothing would be left of a split."""
    train, test = splits.train, splits.test
    must_agree(
        name,
        [(c, h, w) for _, h, w, c in (split.images.shape for split in (train, test, splits.val) if split is not None)],
    )
    chosen = _chosen_classes(spec, name, len(class_names))
    val = splits.val
    _must_suffice(spec, name, chosen, train.labels, *(None if s is None else s.labels for s in (test, val)))
    if spec.classes is not None:
        train = _keep_classes(train, chosen, len(class_names))
        test = _keep_classes(test, chosen, len(class_names)) if test is not None else None
    if test is None:
        train, test = _hold_out(train, max(1, len(train.labels) // 10), "test")
    if val is None:
        train, val = _hold_out(train, _validation_size(spec, name, len(train.labels)), "validation")
    elif spec.classes is not None:
        val = _keep_classes(val, chosen, len(class_names))
    if spec.limit is not None and spec.limit < len(train.labels):
        _, train = _hold_out(train, spec.limit, "limit")
    if spec.pad:
        train, val, test = (_pad(stored, spec.pad) for stored in (train, val, test))
    mean, std = mean_and_std(train.images) if spec.normalise == "channel" else _unchanged(train.images)
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
        left_out=splits.left_out,
        files={
            part: split.files
            for part, split in (("train", train), ("validation", val), ("test", test))
            if split.files is not None
        },
    )


def _keep_classes(stored: Split, chosen: Sequence[int], known: int) -> Split:
    new_number = np.full(known, -1, dtype=np.int64)
    new_number[list(chosen)] = np.arange(len(chosen))
    labels = new_number[stored.labels]
    kept = labels >= 0
    return replace(stored.at(kept), labels=labels[kept])


def _validation_size(spec: DataSpec, name: str, available: int) -> int:
    if spec.val is None:
        return min(VALIDATION, max(1, available // 10))
    if spec.val >= available:
        raise DataError(
            f"val={spec.val} leaves nothing to train on: {name} has {available} training images here. "
            f"Write val={max(1, available // 10)}, say."
        )
    return spec.val


def _hold_out(stored: Split, count: int, purpose: str) -> tuple[Split, Split]:
    """The others, and `count` of them chosen by the permutation for this purpose; the same ones in every run."""
    held = np.zeros(len(stored.labels), dtype=bool)
    held[permutation(len(stored.labels), 0, purpose)[:count]] = True
    # indices, not masks: several times as fast for large rows
    return stored.at(np.flatnonzero(~held)), stored.at(np.flatnonzero(held))


def _pad(stored: Split, pad: int) -> Split:
    count, height, width, channels = stored.images.shape
    try:
        images = np.zeros((count, height + 2 * pad, width + 2 * pad, channels), dtype=np.uint8)
    except MemoryError:
        raise DataError(f"{count} images with pad={pad} do not fit in this machine's memory.") from None
    images[:, pad : pad + height, pad : pad + width] = stored.images
    return replace(stored, images=images)


def _unchanged(images: Images) -> tuple[NDArray[Any], NDArray[Any]]:
    """The mean and the deviation that leave values divided by 255 as they are."""
    channels = images.shape[3]
    return np.zeros(channels, np.float32), np.ones(channels, np.float32)


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
