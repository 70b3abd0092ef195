"""A checkpoint as the bytes of one file, and back.

The file is a safetensors file: the arrays, and as metadata the numbers in JSON and a SHA-256 of the whole file (taken
with 64 zeros in the place of the hash itself). Whatever was done to a file, reading it gives the checkpoint that was
written or raises `CheckpointError`; nothing in it is ever executed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import sys
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from tuicnn.training.checkpoint import Checkpoint, Tally
from tuicnn.training.progress import NAN, jsonable

__all__ = ["CheckpointError", "pack", "unpack"]

FORMAT = 2
_MOST = 1 << 63  # counts and seeds are below
_NO_HASH = "0" * 64
_HASH = re.compile(rb'"sha256":"([0-9a-f]{64})"')
_OPTIMIZER = "optimizer."


class CheckpointError(Exception):
    """A file is no checkpoint of ours, or not a whole one; the message completes the sentence `NAME …`."""


_ARRAYS = ("weights", "kept", "optimizer")
_NUMBERS = tuple(f for f in dataclasses.fields(Checkpoint) if f.name not in _ARRAYS)


def pack(checkpoint: Checkpoint) -> bytearray:
    """The file of a checkpoint."""
    numbers = {f.name: getattr(checkpoint, f.name) for f in _NUMBERS}
    numbers["tally"] = dataclasses.asdict(checkpoint.tally)
    state = {"format": FORMAT, **{n: dict(v) if n in ("versions", "choices") else v for n, v in numbers.items()}}
    arrays = {"weights": checkpoint.weights, "kept": checkpoint.kept}
    arrays |= {_OPTIMIZER + name: array for name, array in checkpoint.optimizer.items()}
    metadata = {"sha256": _NO_HASH, "state": json.dumps(jsonable(state), allow_nan=False)}
    data = bytearray(save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, metadata))
    place = _place_of_hash(data)
    data[place] = hashlib.sha256(data).hexdigest().encode()
    return data


def unpack(data: bytes | bytearray) -> Checkpoint:
    """The checkpoint in a file's bytes. Raises `CheckpointError`."""
    place = _place_of_hash(data)
    digest = hashlib.sha256(data[: place.start])
    digest.update(_NO_HASH.encode())
    digest.update(memoryview(data)[place.stop :])
    if digest.hexdigest().encode() != bytes(data[place]):
        raise CheckpointError("is damaged: what it holds is not what was written")
    try:
        state = json.loads(_metadata(data)["state"])
        if not isinstance(state, dict) or state.get("format") != FORMAT:
            raise CheckpointError("was written by another version of tuicnn, in a form that this one does not know")
        arrays = load(bytes(data))
        optimizer = {n.removeprefix(_OPTIMIZER): a for n, a in arrays.items() if n.startswith(_OPTIMIZER)}
        numbers = {f.name: _typed(state[f.name], str(f.type)) for f in _NUMBERS}
        if not numbers["rate_factor"] > 0:  # which NaN is not, either
            raise ValueError("a learning rate that is not positive")
        return Checkpoint(weights=arrays["weights"], kept=arrays["kept"], optimizer=optimizer, **numbers)
    except (SafetensorError, KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise CheckpointError("is not a checkpoint of tuicnn") from error


def _place_of_hash(data: bytes | bytearray) -> slice:
    """Where in a file its hash stands. Raises `CheckpointError`."""
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > len(data) - 8:
        raise CheckpointError("is damaged: it is cut off" if data else "is damaged: it is empty")
    found = _HASH.search(data, 8, 8 + length)
    if found is None:
        raise CheckpointError("is damaged: it has no hash")
    return slice(*found.span(1))


def _metadata(data: bytes | bytearray) -> dict[str, str]:
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    metadata: dict[str, str] = header["__metadata__"]
    return metadata


def _typed(value: Any, wanted: str) -> Any:
    """A number of the JSON as its field has it. Raises `TypeError` or `ValueError`."""
    if wanted == "float":
        return NAN if value is None else _number(value)
    if wanted == "int":
        return _count(value)
    if wanted == "str" and isinstance(value, str):
        return value
    if wanted == "Tally":
        return Tally(
            _number(value["losses"]),
            _number(value["corrects"]),
            _count(value["images"]),
            _number(value["seconds"]),
            _count(value["halvings"]),
        )
    if wanted.startswith("tuple") and len(value) == 4:
        return tuple(_number(item) for item in value)
    if wanted.startswith("Mapping") and isinstance(value, dict):
        of = str if wanted == "Mapping[str, str]" else int
        if all(isinstance(item, of) and not isinstance(item, bool) for item in value.values()):
            return value if of is str else {name: _count(item) for name, item in value.items()}
    raise TypeError(wanted)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= sys.float_info.max:
        raise TypeError("a number")
    return float(value)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _MOST:
        raise TypeError("a count")
    return value
