"""Training batches: any step of any epoch, independent of the steps before it.

An epoch's order and each image's augmentation depend on (seed, epoch) and the image's number alone; so a batch may be
made in shards, by several processes, and again after a restart, with the same result.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tuicnn.kernels.arrays import Array
from tuicnn.kernels.memory import empty
from tuicnn.lazy_numpy import np
from tuicnn.randomness import permutation

from . import augment, mixing
from .base import Augment

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray

__all__ = ["Batches", "normalise", "pixel_targets", "scale_and_offset"]


def scale_and_offset(mean: ArrayLike, std: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`(image / 255 - mean) / std` as a multiply and an add for each channel."""
    m, s = np.asarray(mean, dtype=np.float64), np.asarray(std, dtype=np.float64)
    return 1 / (255 * s), -m / s


def normalise(images: NDArray[np.uint8], mean: NDArray[Any], std: NDArray[Any], dtype: DTypeLike = "float32") -> Array:
    """`(image / 255 - mean) / std`, from uint8 (N, H, W, C), and mean and std (C,), as images (H, W, N, C).

    As one multiply and one add over whole rows: four times as fast as a table of the 256 values, and six times as fast
    as an operation whose last axis is the few channels.
    """
    count, height, width, channels = images.shape
    scale, offset = scale_and_offset(mean, std)
    across = images.transpose(1, 2, 0, 3)
    if channels == 1:  # bytes are moved about faster than numbers four times as large
        across = np.ascontiguousarray(across)
    else:
        scale, offset = np.tile(scale, count), np.tile(offset, count)
    values: Array = empty((height, width, count, channels), dtype)
    values[...] = across
    rows = values.reshape(height * width, count * channels)
    rows *= scale.astype(values.dtype)
    rows += offset.astype(values.dtype)
    return values


def pixel_targets(images: NDArray[np.uint8], dtype: DTypeLike = "float32") -> Array:
    """The pixels that an autoencoder's outputs should be: uint8 (N, H, W, C) as (N, C, H, W) from 0 to 1."""
    pixels: Array = np.ascontiguousarray(images.transpose(0, 3, 1, 2)).astype(dtype)
    pixels *= 1 / 255
    return pixels


@dataclass(frozen=True)
class _Epoch:
    """An epoch: the order of the images, each image's draws for its augmentation, and how it is mixed; None: not."""

    number: int
    order: NDArray[np.int64]
    draws: NDArray[np.float32] | None
    mix: mixing.Mixing | None


class Batches:
    """Batches of training images, uint8 (N, H, W, C), in a new order each epoch."""

    def __init__(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[np.int64],
        mean: NDArray[Any],
        std: NDArray[Any],
        *,
        batch: int,
        seed: int,
        augment: Augment | None = None,
        dtype: DTypeLike = "float32",
        of_images: bool = False,
    ) -> None:
        """With `of_images`, the pixels that are trained on take the place of the labels: see `pixel_targets`."""
        if batch < 1 or len(images) != len(labels) or not len(images):
            raise ValueError(f"{len(images)} images and {len(labels)} labels in batches of {batch}")
        self._images, self._labels, self._mean, self._std = images, labels, mean, std
        self._batch, self._seed, self._dtype = batch, seed, np.dtype(dtype)
        self._augment = augment if augment is not None else Augment()
        self._of_images = of_images
        self._epoch: _Epoch | None = None

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch; the last one may be smaller than the others."""
        return math.ceil(len(self._images) / self._batch)

    def _prepared(self, epoch: int) -> _Epoch:
        if self._epoch is None or self._epoch.number != epoch:
            count, what = len(self._images), self._augment
            draws = mix = None
            if augment.changes(what):
                draws = augment.drawn(what, count, self._seed, "augment", epoch)
                if what.flip == "alternate":
                    augment.alternate(draws, self._seed, epoch)
            if mixing.mixes(what):
                mix = mixing.drawn(what, self._images.shape, self._seed, epoch)
            self._epoch = _Epoch(epoch, permutation(count, self._seed, "order of images", epoch), draws, mix)
        return self._epoch

    def indices(self, epoch: int, step: int) -> NDArray[np.int64]:
        """Which images are in a batch: places in `images`, int64 (n,). Epochs and steps count from 0."""
        if not 0 <= step < self.steps_per_epoch:
            raise IndexError(f"step {step} of {self.steps_per_epoch}")
        return self._prepared(epoch).order[step * self._batch : (step + 1) * self._batch]

    def pixels(
        self, epoch: int, step: int, start: int = 0, stop: int | None = None
    ) -> tuple[NDArray[np.uint8], NDArray[Any]]:
        """The images uint8 (n, H, W, C), augmented, and labels (n,) of the shard `start:stop` of a batch.

        Where images are mixed, labels are (n, 3): an image's own, that of the other, and the share of its own.
        """
        which, prepared = self.indices(epoch, step)[start:stop], self._prepared(epoch)
        images = self._changed(which, prepared)
        if prepared.mix is None:
            return images, self._labels[which]
        mix = prepared.mix.of(which)
        others = self._changed(mix.partners, prepared)
        return mixing.mixed(images, others, mix), mix.labels(self._labels, which)

    def _changed(self, which: NDArray[np.int64], prepared: _Epoch) -> NDArray[np.uint8]:
        """Some images, each augmented by itself."""
        images = self._images[which]
        if prepared.draws is None:
            return images
        return augment.apply(images, self._augment, prepared.draws[which], self._mean)

    def make(self, epoch: int, step: int, start: int = 0, stop: int | None = None) -> tuple[Array, NDArray[Any]]:
        """The same, normalised: images (H, W, n, C), and labels, or pixels as targets."""
        images, labels = self.pixels(epoch, step, start, stop)
        targets = pixel_targets(images, self._dtype) if self._of_images else labels
        return normalise(images, self._mean, self._std, self._dtype), targets
