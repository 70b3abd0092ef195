"""Images as people have them, uint8, for a network that takes normalised ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from tuicnn.layers.base import Shape

__all__ = ["TrainingImages", "pixels_of"]


@dataclass(frozen=True)
class TrainingImages:
    """What is known of the images that a network was trained on: it sees `(pixels / 255 - mean) / std`."""

    class_names: tuple[str, ...]
    mean: tuple[float, ...]  # of each channel
    std: tuple[float, ...]


def pixels_of(images: ArrayLike, input: Shape) -> NDArray[np.uint8]:
    """Images as (N, H, W, C), for a network that takes `input` (C, H, W). Raises `ValueError` where they do not fit."""
    given = np.asarray(images)
    channels, height, width = input
    if given.dtype != np.uint8:
        raise ValueError(
            f"images must be uint8, from 0 to 255 as they are stored, not {given.dtype}; "
            "those that are normalised go to `forward`"
        )
    sizes = given.shape[1:] if given.size else ()
    if sizes == (height, width, channels):
        return given
    if sizes == input:
        return given.transpose(0, 2, 3, 1)
    if sizes == (height, width) and channels == 1:
        return given[..., None]
    raise ValueError(
        f"images must be an array of (N, {height}, {width}, {channels}) or (N, {channels}, {height}, {width}), "
        f"N at least 1, not {given.shape}"
    )
