"""Small pictures of some of the images that a run is validated on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tuicnn.errors import UserError
from tuicnn.observing.activations import pictures_of
from tuicnn.observing.image import PinnedImage
from tuicnn.observing.question import Question

if TYPE_CHECKING:
    from tuicnn.training.trainer import Trainer

__all__ = ["MOST_IMAGES", "AskImages", "Images"]

#: images in an answer
MOST_IMAGES = 128
#: pixels of an image's longer side; larger ones are made smaller
SIDE = 64


@dataclass(frozen=True)
class Images:
    """Images, in the order in which they were asked for."""

    numbers: tuple[int, ...]
    #: (N, H, W, C), as stored, or smaller; where the image is the target, (N, H, 2·W, C): to the right of each image
    #: stands what the network makes of it
    pixels: NDArray[np.uint8]


@dataclass(frozen=True)
class AskImages(Question[Images]):
    """`numbers` are those of `PinnedImage`; at most `MOST_IMAGES`, of which none has to be asked for twice."""

    period: ClassVar[float] = 3600.0  # images do not change

    numbers: tuple[int, ...]

    def answer(self, trainer: Trainer) -> Images:
        """Raises `UserError` where too many are asked for."""
        from tuicnn.data import normalise

        if len(self.numbers) > MOST_IMAGES:
            raise UserError(f"{len(self.numbers):,} images are too many to be shown at a time: {MOST_IMAGES} at most.")
        shape = trainer.plan.input
        found = [PinnedImage(number).find(trainer.dataset, shape).pixels for number in self.numbers]
        channels, height, width = shape
        images = np.array(found, np.uint8).reshape(-1, height, width, channels)
        if not (trainer.plan.of_images and len(images)):
            return Images(self.numbers, _small(images))
        data, network = trainer.dataset, trainer.network
        x = normalise(images, data.mean, data.std, network.dtype).transpose(2, 3, 0, 1)
        rebuilt = pictures_of(trainer.plan, network.forward(x))
        return Images(self.numbers, np.concatenate([_small(images), _small(rebuilt)], axis=2))


def _small(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Images (N, H, W, C) made smaller by a whole number, by the mean of each square, so that they fit `SIDE`."""
    times = -(-max(images.shape[1:3]) // SIDE)
    if times == 1:
        return images
    sums: NDArray[Any] = images.astype(np.float32)
    for axis in (1, 2):
        starts = np.arange(0, images.shape[axis], times)
        sizes = np.diff(starts, append=images.shape[axis])
        sums = np.add.reduceat(sums, starts, axis) / sizes.reshape([-1 if a == axis else 1 for a in range(4)])
    small: NDArray[np.uint8] = np.rint(sums).astype(np.uint8)
    return small
