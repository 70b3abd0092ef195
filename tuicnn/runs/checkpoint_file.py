"""A checkpoint as the bytes of one file, and back; and a file of its weights alone.

Both are safetensors files of named arrays. Their metadata tell how to use the weights: `format`, `net` (the text),
`input` (C, H, W), `class_names`, `mean` and `std` of the training images, `versions`; all but the first two are JSON.
A checkpoint also has `state`, the rest of its numbers. `sha256` is the hash of the file with 64 zeros in the place of
the hash itself. Whatever was done to a file, reading it gives the checkpoint that was written or raises
`CheckpointError`; nothing in it is ever executed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from tuicnn.kernels.arrays import Array
from tuicnn.records import RecordError, dump, from_plain, parse
from tuicnn.training.checkpoint import Checkpoint

__all__ = [
    "FORMAT", "CheckpointError", "FormatError", "metadata_of", "pack", "pack_weights", "unpack", "unpack_weights",
]  # fmt: skip

#: of both files; 1 and 2 had one flat array of all weights
FORMAT = "3"
#: fields that are metadata of their own
_ALONE = ("input", "class_names", "mean", "std", "versions")
_NO_HASH = "0" * 64
_HASH = re.compile(rb'"sha256":"([0-9a-f]{64})"')
_DTYPES = {np.dtype(np.float32): "F32", np.dtype(np.float64): "F64"}


class CheckpointError(Exception):
    """A file is no checkpoint of tuicnn, or is damaged; the message completes the sentence `NAME …`."""


class FormatError(CheckpointError):
    """A checkpoint in the format of another version of tuicnn."""


def pack(checkpoint: Checkpoint) -> bytearray:
    """The file of a checkpoint."""
    rest = {f.name: getattr(checkpoint, f.name) for f in dataclasses.fields(Checkpoint)}
    for name in ("arrays", "text", *_ALONE):
        del rest[name]
    return _file(checkpoint.arrays, {**_metadata(checkpoint), "state": dump(rest)})


def pack_weights(checkpoint: Checkpoint) -> bytearray:
    """The file of a checkpoint's parameters and buffers, without the optimizer's state."""
    return _file(checkpoint.weights, _metadata(checkpoint))


def unpack(data: bytes | bytearray) -> Checkpoint:
    """The checkpoint in a file's bytes. Raises `CheckpointError`."""
    found = _unpack(data, lambda metadata: parse(metadata["state"]))
    if not found.rate_factor > 0:  # which NaN is not, either
        raise CheckpointError("is not a checkpoint of tuicnn")
    return found


def unpack_weights(data: bytes | bytearray, step: int, epochs: int) -> Checkpoint:
    """What a file of weights alone, from after so many steps and epochs, has of a checkpoint; see `unpack`."""
    return _unpack(data, lambda _: {"step": step, "epochs": epochs})


def _unpack(data: bytes | bytearray, state_of: Callable[[Any], Any]) -> Checkpoint:
    place = _place_of_hash(data)
    digest = hashlib.sha256(data[: place.start])
    digest.update(_NO_HASH.encode())
    digest.update(memoryview(data)[place.stop :])
    if digest.hexdigest().encode() != bytes(data[place]):
        raise CheckpointError("is damaged: what it holds is not what was written")
    try:
        metadata = parse(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
        if metadata.get("format") != FORMAT:
            raise FormatError("was written by another version of tuicnn, in a form that this one does not read")
        alone = {name: parse(metadata[name]) for name in _ALONE}
        state = {**state_of(metadata), **alone, "text": metadata["net"], "arrays": {}}
        found = dataclasses.replace(from_plain(Checkpoint, state), arrays=load(bytes(data)))
    except (SafetensorError, KeyError, TypeError, AttributeError, RecordError) as error:
        raise CheckpointError("is not a checkpoint of tuicnn") from error
    if wrong := found.fault:
        raise CheckpointError(f"is damaged: {wrong}")
    return found


def metadata_of(checkpoint: Checkpoint) -> dict[str, str]:
    """What a file tells of its weights, so that one knows how they are used."""
    return {"net": checkpoint.text, **{n: dump(getattr(checkpoint, n)) for n in _ALONE}}


def _metadata(checkpoint: Checkpoint) -> dict[str, str]:
    return {"format": FORMAT, **metadata_of(checkpoint)}


def _file(arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> bytearray:
    """A safetensors file with its hash. The library writes metadata in an order that differs from time to time."""
    header: dict[str, object] = {"__metadata__": {**metadata, "sha256": _NO_HASH}}
    end = 0
    for name, array in arrays.items():
        start, end = end, end + array.nbytes
        header[name] = {"dtype": _DTYPES[array.dtype], "shape": array.shape, "data_offsets": (start, end)}
    text = dump(header).encode()
    text += b" " * (-len(text) % 8)
    data = bytearray(8 + len(text) + end)
    data[: 8 + len(text)] = len(text).to_bytes(8, "little") + text
    start = 8 + len(text)
    for array in arrays.values():
        np.ndarray(array.shape, array.dtype, data, start)[...] = array
        start += array.nbytes
    place = _place_of_hash(data)
    data[place] = hashlib.sha256(data).hexdigest().encode()
    return data


def _place_of_hash(data: bytes | bytearray) -> slice:
    """The position of the hash in a file. Raises `CheckpointError`."""
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > len(data) - 8:
        raise CheckpointError("is damaged: it is cut off" if data else "is damaged: it is empty")
    found = _HASH.search(data, 8, 8 + length)
    if found is None:
        raise CheckpointError("is damaged: it has no hash")
    return slice(*found.span(1))
