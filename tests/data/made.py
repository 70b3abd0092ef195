"""Small data sets made up on the spot, and where the real ones may lie."""

from __future__ import annotations

import gzip
import io
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
CIFAR = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
REAL = Path(os.environ.get("TUICNN_DATA") or Path(__file__).resolve().parents[2].parent / "shared" / "data")


def real(name: str) -> pytest.MarkDecorator:
    """Skips where a real data set is not on this machine."""
    return pytest.mark.skipif(not (REAL / name).is_dir(), reason=f"the real {name} is not in {REAL}")


def idx_bytes(array: NDArray[Any]) -> bytes:
    code = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}[array.dtype.str[1:]]
    header = bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def images(count: int, *shape: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype=np.uint8)


def write_idx_folder(folder: Path, train: int = 40, test: int = 10, classes: int = 4, zipped: bool = True) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for part, (count, seed) in enumerate(((train, 1), (test, 2))):
        arrays = (images(count, 6, 5, seed=seed), (np.arange(count) % classes).astype(np.uint8))
        for name, array in zip(FILES[2 * part : 2 * part + 2], arrays, strict=True):
            data = idx_bytes(array)
            (folder / (name + ".gz" * zipped)).write_bytes(gzip.compress(data) if zipped else data)


def picture(array: NDArray[Any], kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.fromarray(array).save(out, kind)
    return out.getvalue()


def write_tree(folder: Path, classes: tuple[str, ...], each: int, *shape: int, seed: int = 0) -> NDArray[np.uint8]:
    """`folder/CLASS/00.png` …; the images in the order of classes as given."""
    all_images = images(each * len(classes), *shape, seed=seed)
    for place, array in enumerate(all_images):
        path = folder / classes[place // each] / f"{place % each:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(array))
    return all_images
