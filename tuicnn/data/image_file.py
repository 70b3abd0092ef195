"""One image out of a file of a person's own: a picture, or an array that NumPy has saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .array_file import read_array
from .base import DataError
from .fitting import Fitting, fit_file
from .headers import picture_header
from .pictures import ImageShape

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["read_image"]


def read_image(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """An image of the `shape` (C, H, W) that a network takes, as uint8 (H, W, C). Raises `DataError`.

    An `.npy` file holds (H, W), (H, W, C) or (C, H, W), whole numbers from 0 to 255; all other files are pictures.
    """
    if path.suffix.lower() == ".npy":
        return read_array(path, shape)
    channels, height, width = shape
    found = picture_header(path).shape
    if found != shape:
        advice = [f"scale it to {width}x{height}"] if found[1:] != shape[1:] else []
        if found.channels != channels:
            advice.append({1: "save it in grey", 3: "save it in colour"}.get(channels, "save it as an .npy array"))
        takes = ImageShape(*shape) if channels in (1, 3) else f"{width}x{height} with {channels} channels"
        raise DataError(f"{path} is {found}, but the network takes {takes}; {' and '.join(advice)}.")
    return fit_file(path, Fitting(found)).pixels
