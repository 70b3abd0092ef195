"""Images beside each other in a notebook: a data set's, a layer's feature maps, a layer's kernels."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from tuicnn.display.png import image_element
from tuicnn.numbers import counted

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Gallery"]

#: images that are shown; a page with more takes long
_MOST = 256


class Gallery:
    """Images in rows, each with a caption under it; a notebook shows it where it is the last line of a cell.

    `images` are uint8, (N, H, W), (N, H, W, C) or (N, C, H, W) with C 1 or 3; or numbers (N, H, W), such as feature
    maps, from the least of them all (black) to the largest (white). `width` is that of each, in pixels. Raises
    `ValueError`.
    """

    def __init__(self, images: ArrayLike, captions: Iterable[object] = (), *, width: int = 84) -> None:
        self._images = _pixels(np.asarray(images))
        self._captions = [str(caption) for caption in captions]
        if self._captions and len(self._captions) != len(self._images):
            raise ValueError(f"{len(self._images)} images need as many captions, not {len(self._captions)}")
        self._width = width

    def __len__(self) -> int:
        return len(self._images)

    def __repr__(self) -> str:
        return f"Gallery of {counted(len(self), 'image')}"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        figures = "".join(
            '<figure style="display:inline-block;margin:4px;text-align:center">'
            f"{image_element(image, self._width)}<figcaption>{escape(caption)}</figcaption></figure>"
            for image, caption in zip(self._images[:_MOST], self._captions or [""] * len(self), strict=False)
        )
        more = f"<p>and {len(self) - _MOST:,} more</p>" if len(self) > _MOST else ""
        return f"<div>{figures}</div>{more}"


def _pixels(given: NDArray[Any]) -> NDArray[np.uint8]:
    """Images as uint8 (N, H, W, 1 or 3). Raises `ValueError`."""
    images = given
    if images.dtype != np.uint8 and images.ndim == 3 and images.size:
        known = np.nan_to_num(images.astype(np.float64))
        low, high = float(known.min()), float(known.max())
        images = np.rint((known - low) * (255 / (high - low) if high > low else 0)).astype(np.uint8)
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim == 4 and images.shape[3] not in (1, 3) and images.shape[1] in (1, 3):
        images = images.transpose(0, 2, 3, 1)
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3) or 0 in images.shape[1:3]:
        raise ValueError(
            "images must be uint8 of (N, H, W), (N, H, W, C) or (N, C, H, W), C being 1 or 3, or numbers (N, H, W), "
            f"not {given.dtype} of {given.shape}"
        )
    return np.ascontiguousarray(images)
