"""Writes a trained network for other programs, in one of several formats."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tuicnn.errors import UserError
from tuicnn.system.files import why, write_shared

if TYPE_CHECKING:
    from tuicnn.exchange.trained import TrainedNetwork

__all__ = ["FORMATS", "Format", "export", "format_of", "usual_path"]

Format = Literal["onnx", "torch", "safetensors", "npz"]
#: how the file of each format ends
FORMATS: dict[Format, str] = {"onnx": ".onnx", "torch": ".py", "safetensors": ".safetensors", "npz": ".npz"}


def format_of(path: Path) -> Format:
    """The format that a file's name ends in. Raises `UserError` where it is none of ours."""
    for name, suffix in FORMATS.items():
        if path.suffix.lower() == suffix:
            return name
    raise UserError(f"{path} ends in none of {', '.join(FORMATS.values())}, which say how it is written; or use --to.")


def usual_path(run: str, to: Format) -> Path:
    """The file of a run where none is chosen; a module's name is one that Python can import."""
    return Path(f"{run.replace('-', '_') if to == 'torch' else run}{FORMATS[to]}")


def export(network: TrainedNetwork, to: Format, path: Path) -> list[Path]:
    """Write a network to a file, its weights for `torch` to a second one beside it: the files, in this order.

    Files that are there are replaced, but for a Python file that somebody else wrote. Raises `UserError`.
    """
    if path.suffix.lower() != FORMATS[to]:
        fitting = path.with_suffix(FORMATS[to]) if path.name else f"net{FORMATS[to]}"
        raise UserError(f"A file for --to {to} ends in {FORMATS[to]}: write -o {fitting}")
    if not path.parent.is_dir():
        raise UserError(f"There is no folder {path.parent}; make it first, or choose another one with -o.")
    files = _files(network, to, path)
    try:
        for file, data in reversed(files.items()):  # a module is not there before its weights
            write_shared(file, data)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {why(error)}.") from error
    return list(files)


def _files(network: TrainedNetwork, to: Format, path: Path) -> dict[Path, bytes | bytearray]:
    from tuicnn.runs.checkpoint_file import pack_weights

    if to == "onnx":
        from tuicnn.exchange.onnx_file import onnx_file

        return {path: onnx_file(network)}
    if to == "torch":
        from tuicnn.exchange.torch_file import torch_source, torch_weights

        _require_own(path)
        weights = path.with_suffix(FORMATS["safetensors"])
        source = torch_source(network, module=path.stem, weights=weights.name)
        return {path: source.encode(), weights: torch_weights(network)}
    if to == "npz":
        from tuicnn.exchange.npz_file import npz_file

        return {path: npz_file(network)}
    return {path: pack_weights(network.checkpoint)}


def _require_own(path: Path) -> None:
    """Raises `UserError` where a program is there that we did not write."""
    from tuicnn.exchange.torch_file import MARK

    try:
        with path.open("rb") as file:
            begins = file.read(len(MARK))
    except OSError:  # it is not there; or it cannot be written either, which is told then
        return
    if begins != MARK.encode():
        raise UserError(f"{path} is there, and is no module that tuicnn wrote; choose another name with -o.")
