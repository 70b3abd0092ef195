"""Images as PNG, for a page or a notebook."""

from __future__ import annotations

import io
from base64 import b64encode

import numpy as np
from numpy.typing import NDArray

__all__ = ["image_element", "png"]


def png(image: NDArray[np.uint8]) -> bytes:
    """A PNG file of an image uint8 (H, W, 1) or (H, W, 3)."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(file, "PNG", optimize=True)
    return file.getvalue()


def image_element(image: NDArray[np.uint8], width: int) -> str:
    """An `<img>` element with an image uint8 (H, W, 1) or (H, W, 3), `width` pixels wide; its pixels stay squares."""
    height = round(width * image.shape[0] / image.shape[1])
    source = f"data:image/png;base64,{b64encode(png(image)).decode()}"
    return f'<img src="{source}" style="width:{width}px;height:{height}px;image-rendering:pixelated" alt=""/>'
