"""One image out of an array that NumPy has saved (`.npy`)."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuicnn.lazy_numpy import np

from .base import DataError
from .pictures import LARGEST_FILE
from .places import reading

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["read_array"]


def read_array(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """An image of the `shape` (C, H, W) as uint8 (H, W, C). Raises `DataError`.

    The file holds (H, W), (H, W, C) or (C, H, W), whole numbers from 0 to 255.
    """
    channels, height, width = shape
    with reading(path):
        if path.stat().st_size > LARGEST_FILE:
            raise DataError(f"{path} has {path.stat().st_size} bytes: too large for an image.")
        data = path.read_bytes()
    try:
        found: NDArray[Any] = np.load(io.BytesIO(data), allow_pickle=False)
    except Exception as error:  # NumPy parses the header as Python text: a damaged one raises nearly anything
        raise DataError(f"{path} is not an .npy file of numbers, or is damaged.") from error
    whole = isinstance(found, np.ndarray) and found.dtype.kind in "iu"
    if not whole or (found.size and not 0 <= found.min() <= found.max() <= 255):
        raise DataError(f"{path} must hold whole numbers from 0 to 255, as pictures do.")
    shapes = [(height, width, channels), shape, *([(height, width)] if channels == 1 else [])]
    if found.shape not in shapes:
        taken = " or ".join(map(str, shapes))
        raise DataError(f"{path} has the shape {found.shape}, but the network takes an image of {taken}.")
    if found.shape == shape != shapes[0]:
        found = found.transpose(1, 2, 0)
    return np.ascontiguousarray(found.reshape(shapes[0]).astype(np.uint8))
