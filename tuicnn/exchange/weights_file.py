"""Weights that come from elsewhere: arrays by name, in groups of one layer each, in the order of the layers.

Files of safetensors, npz and ONNX are read; a pickle never is, since reading one may run any program.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tuicnn.errors import UserError
from tuicnn.records import RecordError, parse
from tuicnn.system.files import why
from tuicnn.system.machine import installed_memory
from tuicnn.system.regular_files import read_regular

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tuicnn.kernels.arrays import Array

__all__ = ["Known", "WeightGroup", "WeightsFile", "groups_of", "in_natural_order", "known_of", "read_weights"]

#: what batch normalisation of PyTorch counts, and nothing needs
_COUNTS = "num_batches_tracked"
_PICKLES = (".pt", ".pth", ".bin", ".pkl", ".ckpt")


@dataclass(frozen=True)
class WeightGroup:
    """The weights of one layer: what they are called in the file, by what the layer calls them (`weight`, `bias`)."""

    name: str
    arrays: Mapping[str, Array] = field(repr=False)
    sources: Mapping[str, str]

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each array."""
        return {short: array.shape for short, array in self.arrays.items()}


@dataclass(frozen=True)
class Known:
    """What a file tells of the images that its network takes: (pixels / 255 - mean) / std. Empty where it does not."""

    class_names: tuple[str, ...] = ()
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()


@dataclass(frozen=True)
class WeightsFile:
    """What was read of a file: its groups in the order of the layers, as far as that is known, and by their names."""

    path: Path
    groups: tuple[WeightGroup, ...]
    named: tuple[WeightGroup, ...]
    known: Known = Known()


def read_weights(path: Path) -> WeightsFile:
    """Read a file of weights by what its name ends in. Raises `UserError` where it is none, or is damaged."""
    suffix = path.suffix.lower()
    if suffix in _PICKLES:
        raise UserError(
            f"{path} may be a pickle, which can run any program when it is read. In PyTorch, write its weights anew: "
            f"safetensors.torch.save_file(model.state_dict(), {path.with_suffix('.safetensors').name!r})"
        )
    if suffix not in (".safetensors", ".npz", ".onnx"):
        raise UserError(f"{path} ends in none of .safetensors, .npz and .onnx, which are read.")
    try:
        data = bytes(read_regular(path, installed_memory()))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {why(error)}.") from error
    if suffix == ".onnx":
        from tuicnn.exchange.onnx_weights import of_onnx

        file = of_onnx(path, data)
    else:
        file = (_of_safetensors if suffix == ".safetensors" else _of_npz)(path, data)
    if not file.groups:
        raise UserError(f"There are no weights in {path}.")
    for group in (*file.groups, *file.named):
        for short, array in group.arrays.items():
            if not np.isfinite(array).all():
                raise UserError(f"{group.sources[short]} in {path} has values that are not finite numbers.")
            if short == "running_var" and (array < 0).any():
                raise UserError(f"{group.sources[short]} in {path} is a variance, and has negative values.")
    return file


def groups_of(arrays: Mapping[str, NDArray[Any]]) -> list[WeightGroup]:
    """Arrays by name in groups: what stands before the last dot is the layer. In float32, without whole numbers."""
    found: dict[str, tuple[dict[str, Array], dict[str, str]]] = {}
    for name, array in arrays.items():
        layer, _, short = name.rpartition(".")
        if short == _COUNTS or array.dtype.kind != "f":
            continue
        values, sources = found.setdefault(layer, ({}, {}))
        values[short], sources[short] = np.ascontiguousarray(array, np.float32), name
    return [WeightGroup(layer, values, sources) for layer, (values, sources) in found.items()]


def in_natural_order(names: Iterable[str]) -> list[str]:
    """Sorted as a person would: `layer2` before `layer10`."""

    def key(name: str) -> list[tuple[int, str]]:
        return [(int(part), "") if part.isdigit() else (-1, part) for part in re.findall(r"[0-9]+|[^0-9]+", name)]

    return sorted(names, key=key)


def known_of(metadata: Mapping[str, str]) -> Known:
    """What metadata tell as we write them, JSON in strings; what is missing or otherwise is not known."""
    try:
        names, mean, std = (parse(metadata.get(name, "[]")) for name in ("class_names", "mean", "std"))
        return Known(tuple(map(str, names)), tuple(map(float, mean)), tuple(map(float, std)))
    except (RecordError, TypeError, ValueError):
        return Known()


def _of_safetensors(path: Path, data: bytes) -> WeightsFile:
    """PyTorch's library writes arrays sorted by name: then numbers in them say what comes first."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    from tuicnn.runs.checkpoint_file import FORMAT, CheckpointError, unpack_weights

    try:
        header = parse(data[8 : 8 + int.from_bytes(data[:8], "little")])
        metadata = header.pop("__metadata__", {})
        if metadata.get("format") == FORMAT and "sha256" in metadata:
            unpack_weights(data, 0, 0)  # ours: damage is told
        arrays = load(data)
    except (SafetensorError, RecordError, AttributeError, KeyError, TypeError) as error:
        raise UserError(f"{path} cannot be read as safetensors, or has numbers that NumPy has not: {error}.") from error
    except CheckpointError as error:
        raise UserError(f"{path} {error}.") from error
    names = [name for name in sorted(header, key=lambda n: header[n]["data_offsets"][0]) if "/" not in name]
    groups = groups_of({name: arrays[name] for name in names})
    layers = [group.name for group in groups]
    if layers == sorted(layers):
        order = in_natural_order(layers)
        groups.sort(key=lambda group: order.index(group.name))
    return WeightsFile(path, tuple(groups), tuple(groups), known_of(metadata))


def _of_npz(path: Path, data: bytes) -> WeightsFile:
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise UserError(f"{path} cannot be read as arrays of NumPy: {error}.") from error
    about = {
        name: arrays.pop(name).tolist() for name in ("class_names", "mean", "std", "input", "net") if name in arrays
    }
    known = known_of({name: json.dumps(value) for name, value in about.items()})
    groups = tuple(groups_of(arrays))
    return WeightsFile(path, groups, groups, known)
