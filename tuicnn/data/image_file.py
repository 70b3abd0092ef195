"""One image out of a file of a person's own: a picture, or an array that NumPy has saved."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuicnn.lazy_numpy import np

from .base import DataError
from .pictures import ImageShape, Picture, decode_all, image_shape
from .places import reading

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["read_image"]

_LARGEST_FILE = 2**28


def read_image(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """An image of the `shape` (C, H, W) that a network takes, as uint8 (H, W, C). Raises `DataError`.

    An `.npy` file holds (H, W), (H, W, C) or (C, H, W), whole numbers from 0 to 255; all other files are pictures.
    """
    if path.suffix.lower() == ".npy":
        return _of_array(path, shape)
    channels, height, width = shape
    found = image_shape(path)
    if found != shape:
        advice = [f"scale it to {width}x{height}"] if found[1:] != shape[1:] else []
        if found.channels != channels:
            advice.append({1: "save it in grey", 3: "save it in colour"}.get(channels, "save it as an .npy array"))
        takes = ImageShape(*shape) if channels in (1, 3) else f"{width}x{height} with {channels} channels"
        raise DataError(f"{path} is {found}, but the network takes {takes}; {' and '.join(advice)}.")
    image: NDArray[np.uint8] = decode_all([Picture(str(path), 0, path.read_bytes)], found).images[0]
    return image


def _of_array(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    channels, height, width = shape
    with reading(path):
        if path.stat().st_size > _LARGEST_FILE:
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
