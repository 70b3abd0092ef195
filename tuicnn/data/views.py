"""What a test image is looked at as: itself, and it mirrored and shifted; the outputs for all of them are averaged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import Choice, Integer, option, word

from . import augment
from .base import FILLS
from .batches import normalise, pixel_targets

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    from tuicnn.kernels.arrays import Array

    #: makes the images (H, W, n, C) and labels (n,), or pixels, from one place to another
    Fetch = Callable[[int, int], tuple[Array, NDArray[Any]]]

__all__ = ["Views", "fetches"]


@word(
    "setting",
    "test",
    help="look at each test image mirrored and shifted too, and average the outputs",
    example="flip=horizontal shift=1",
)
@dataclass(frozen=True)
class Views:
    """`test: flip=horizontal shift=1 fill=reflect`. In training, validation and prediction an image is itself alone.

    Source: Jordan, 94% on CIFAR-10 in 3.29 Seconds on a Single GPU (2024), section 3.5: an image as it is weighs as
    much as both of its shifts, up and left, and down and right; and an image as much as its mirror image.
    """

    flip: str = option(
        Choice(words=("none", "horizontal")), default="none", help="look at the mirror image too, left and right"
    )
    shift: int = option(
        Integer(at_most=1024), default=0, help="look at it so many pixels up and left, and down and right, too"
    )
    fill: str = option(
        Choice(words=FILLS), default="reflect", help="what comes in where it was moved: reflect is the image itself"
    )

    @property
    def looks(self) -> tuple[tuple[float, bool, int], ...]:
        """Each view's share in the output, whether it is mirrored, and how far it is shifted; the image itself first.

        The shares add to 1.
        """
        moves = ((0.5, 0), (0.25, -self.shift), (0.25, self.shift)) if self.shift else ((1.0, 0),)
        mirrors = (False, True) if self.flip == "horizontal" else (False,)
        return tuple((share / len(mirrors), mirrored, move) for share, move in moves for mirrored in mirrors)

    def view(self, images: NDArray[np.uint8], mirrored: bool, move: int, mean: NDArray[Any]) -> NDArray[np.uint8]:
        """Images (N, H, W, C) as one of the `looks` has them; `mean` as for `augment.shift`."""
        if move:
            moves = np.full(len(images), move)
            images = augment.shift(images, moves, moves, self.fill, mean)
        return images[:, :, ::-1] if mirrored else images


def fetches(
    what: Views,
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    mean: NDArray[Any],
    std: NDArray[Any],
    dtype: DTypeLike,
    *,
    of_images: bool = False,
) -> list[tuple[float, Fetch]]:
    """For each view its share, and what makes some of the images (N, H, W, C), viewed so and normalised.

    With `of_images` their pixels take the place of the labels.
    """

    def targets(a: int, b: int) -> NDArray[Any]:
        return pixel_targets(images[a:b], dtype) if of_images else labels[a:b]

    def of(mirrored: bool, move: int) -> Fetch:
        return lambda a, b: (normalise(what.view(images[a:b], mirrored, move, mean), mean, std, dtype), targets(a, b))

    return [(share, of(mirrored, move)) for share, mirrored, move in what.looks]
