"""The light of images, uint8 `(N, H, W, C)`: the same change for all pixels of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from tuicnn.lazy_numpy import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["brightness", "contrast"]

Images: TypeAlias = "NDArray[np.uint8]"

#: what red, green and blue give to a grey (ITU-R BT.601)
_LUMA = (0.299, 0.587, 0.114)


def brightness(images: Images, factor: NDArray[Any]) -> Images:
    """Multiply each image by its factor, `(N,)`, as torchvision's `adjust_brightness`."""
    return _as_bytes(images * factor.astype(np.float32)[:, None, None, None])


def contrast(images: Images, factor: NDArray[Any]) -> Images:
    """Move each image's values by its factor, `(N,)`, away from the mean of its greys, or towards it.

    As torchvision's `adjust_contrast`.
    """
    channels = images.shape[3]
    greys = images @ np.array(_LUMA, np.float32) if channels == 3 else images.mean(axis=3, dtype=np.float32)
    mean = greys.mean(axis=(1, 2), dtype=np.float64).astype(np.float32)[:, None, None, None]
    return _as_bytes((images - mean) * factor.astype(np.float32)[:, None, None, None] + mean)


def _as_bytes(values: NDArray[np.float32]) -> Images:
    """Rounded to the nearest, and cut to 0 to 255."""
    values += 0.5
    return np.clip(values, 0, 255).astype(np.uint8)
