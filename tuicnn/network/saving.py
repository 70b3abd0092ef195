"""A network as one file: its weights, its text, and how images are normalised for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tuicnn.errors import UserError
from tuicnn.language import check
from tuicnn.network.images import TrainingImages
from tuicnn.runs.checkpoint_file import CheckpointError, pack_weights, unpack_weights
from tuicnn.system.files import why, why_unwritten, write_shared
from tuicnn.system.machine import installed_memory
from tuicnn.system.regular_files import read_regular
from tuicnn.training.checkpoint import Checkpoint
from tuicnn.training.checkpointing import versions

if TYPE_CHECKING:
    from tuicnn.network.network import Network

    N = TypeVar("N", bound=Network)

__all__ = ["load", "save"]


def save(network: Network, path: Path) -> None:
    """Write a network to a file. Raises `UserError`."""
    plan, seen = network.plan, network.trained_on
    names = seen.class_names if seen is not None else tuple(map(str, range(plan.classes)))
    mean, std = (seen.mean, seen.std) if seen is not None else ((), ())
    packed = pack_weights(
        Checkpoint(
            step=0,
            epochs=0,
            arrays=network.state_dict(),
            text=plan.text,
            input=plan.input,
            class_names=names,
            mean=mean,
            std=std,
            versions=versions(),
        )
    )
    try:
        write_shared(path, packed)
    except OSError as error:
        raise UserError(f"The network cannot be written to {path}: {why_unwritten(path, error)}.") from error


def load(cls: type[N], path: Path) -> N:
    """Read a network from a file. Raises `UserError`."""
    try:
        found = unpack_weights(read_regular(path, installed_memory()), 0, 0)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {why(error)}.") from error
    except CheckpointError as error:
        raise UserError(f"{path} {error}.") from error
    channels, height, width = found.input
    checked = check(
        found.text, name=path.stem, path=path, input=(channels, height, width), classes=len(found.class_names)
    )
    if checked.plan is None:
        first = next(each.message for each in checked.diagnostics if each.severity == "error")
        raise UserError(f"The text of the network in {path} cannot be used: {first}")
    dtypes = {array.dtype for array in found.arrays.values()}
    made = cls(checked.plan, dtype=max(dtypes, key=lambda dtype: dtype.itemsize, default="float32"))
    try:
        made.load_state_dict(found.arrays)
    except (KeyError, ValueError) as error:
        raise UserError(f"The weights in {path} are not those of its text: {error.args[0]}.") from error
    if found.mean:
        made.trained_on = TrainingImages(found.class_names, found.mean, found.std)
    return made
