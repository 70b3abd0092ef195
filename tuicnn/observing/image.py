"""The image that a person looks at: one of the validation images, or one of their own."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tuicnn.errors import UserError

if TYPE_CHECKING:
    from tuicnn.data import Dataset

__all__ = ["FoundImage", "PinnedImage"]


class FoundImage(NamedTuple):
    """An image as stored, uint8 (H, W, C), its label (-1 where it is not known) and its number (-1: one's own)."""

    pixels: NDArray[np.uint8]
    label: int
    number: int


@dataclass(frozen=True)
class PinnedImage:
    """Any integer, modulo the number of validation images; or `pixels`, the base64 of uint8 (H, W, C), if not empty.

    Where there are no validation images, test images take their place.
    """

    number: int = 0
    pixels: str = ""

    @classmethod
    def of(cls, pixels: NDArray[np.uint8]) -> PinnedImage:
        """An image of one's own, uint8 (H, W, C)."""
        return cls(pixels=base64.b64encode(np.ascontiguousarray(pixels).tobytes()).decode())

    def find(self, data: Dataset, shape: tuple[int, ...]) -> FoundImage:
        """The image, for a network that takes `shape` (C, H, W). Raises `UserError` where pixels do not fit it."""
        if self.pixels:
            channels, height, width = shape
            try:
                values = np.frombuffer(base64.b64decode(self.pixels, validate=True), np.uint8)
                return FoundImage(values.reshape(height, width, channels), -1, -1)
            except (binascii.Error, ValueError):
                raise UserError(f"The image does not fit: the net takes {channels}x{height}x{width}.") from None
        images, labels = (
            (data.val_images, data.val_labels) if len(data.val_images) else (data.test_images, data.test_labels)
        )
        number = self.number % len(images)
        return FoundImage(np.ascontiguousarray(images[number]), int(labels[number]), number)
