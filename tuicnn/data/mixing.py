"""Images that are mixed of two, and their labels: mixup and cutmix.

With which one an image is mixed, and how, depends on (seed, epoch) and its number alone, like all augmentation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tuicnn.lazy_numpy import np
from tuicnn.randomness import generator, permutation

from .base import Augment

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Mixing", "drawn", "mixed", "mixes"]


@dataclass(frozen=True)
class Mixing:
    """How some images are mixed with others: a row for each image.

    `partners` int64 `(N,)` are the others' numbers; `shares` float64 `(N,)`, from 0 to 1, how much of an image is its
    own; `boxes` int64 `(N, 4)`, top, bottom, left and right, the part that is the other's. It is empty where an image
    is mixed as a whole.
    """

    partners: NDArray[np.int64]
    shares: NDArray[np.float64]
    boxes: NDArray[np.int64]

    def of(self, which: NDArray[np.int64]) -> Mixing:
        """The rows of some of the images."""
        return Mixing(self.partners[which], self.shares[which], self.boxes[which])

    def labels(self, labels: NDArray[np.int64], which: NDArray[np.int64]) -> NDArray[np.float64]:
        """The labels of the images `which`, of which these are the rows, as losses take them: `(n, 3)`."""
        return np.stack([labels[which], labels[self.partners], self.shares], axis=1)


def mixes(what: Augment) -> bool:
    """Whether `what` mixes images."""
    return bool(what.mixup or what.cutmix)


def drawn(what: Augment, shape: tuple[int, ...], seed: int, epoch: int) -> Mixing:
    """How all images `(N, H, W, C)` of an epoch are mixed. With both mixup and cutmix, each takes a half of them.

    Sources: Zhang, Cisse, Dauphin and Lopez-Paz, mixup (2018); Yun and others, CutMix (2019), algorithm A1: a part of
    the image's proportions, about a place anywhere in it, cut off at its border.
    """
    count, height, width, _ = shape
    random = generator(seed, "mixing", epoch)
    cut = random.random(count) < (what.cutmix > 0) / (1 + (what.mixup > 0))
    shares = np.ones(count)
    for alpha, own in ((what.mixup, ~cut), (what.cutmix, cut)):
        if alpha:
            shares[own] = random.beta(alpha, alpha, count)[own]
    places = random.random((count, 2))
    boxes = np.zeros((count, 4), np.int64)
    for axis, size in enumerate((height, width)):
        half = np.rint(size * np.sqrt(1 - shares)) / 2
        middle = places[:, axis] * size
        boxes[:, 2 * axis] = np.clip(np.rint(middle - half), 0, size)
        boxes[:, 2 * axis + 1] = np.clip(np.rint(middle + half), 0, size)
    boxes[~cut] = 0
    area = (boxes[:, 1] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 2])
    shares = np.where(cut, 1 - area / (height * width), shares)
    return Mixing(permutation(count, seed, "mixing: with which", epoch), shares, boxes)


def mixed(images: NDArray[np.uint8], others: NDArray[np.uint8], how: Mixing) -> NDArray[np.uint8]:
    """Images mixed with `others`, both uint8 `(N, H, W, C)`."""
    whole: NDArray[Any] = (how.boxes[:, 1] == how.boxes[:, 0]) | (how.boxes[:, 3] == how.boxes[:, 2])
    share = np.where(whole, how.shares, 1).astype(np.float32)[:, None, None, None]
    out: NDArray[np.uint8] = (others + share * (images.astype(np.float32) - others) + 0.5).astype(np.uint8)
    for number in np.flatnonzero(~whole):
        top, bottom, left, right = how.boxes[number]
        out[number, top:bottom, left:right] = others[number, top:bottom, left:right]
    return out
