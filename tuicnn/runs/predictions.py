"""What a run said of its validation images, of the last and of the best epoch: a file each.

A file is named for its epoch, `epoch-0003.safetensors`. It holds the arrays of `Predictions`; its metadata have the
rest of it, as JSON. Like the snapshots these files are for looking only, and give way where the disk is full.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Any

from tuicnn.errors import UserError
from tuicnn.records import Between, RecordError, dump, from_plain, parse
from tuicnn.runs.numbered_files import EpochFiles
from tuicnn.system.files import why, write_atomic
from tuicnn.system.regular_files import read_regular
from tuicnn.training.predictions import MOST, Predictions, Split

__all__ = ["PredictionFolder", "pack_predictions", "unpack_predictions"]

_LARGEST = 1 << 20  # bytes of a file
_FORMAT = "2"
_ARRAYS = {
    **dict.fromkeys(("numbers", "labels", "said"), "int32"),
    **dict.fromkeys(("confidences", "truths", "errors"), "float32"),
}


@dataclass(frozen=True)
class _About:
    """What is not an array of `Predictions`."""

    epoch: int
    step: int
    split: Split
    images: int
    accuracy: float
    classes: Annotated[int, Between(1, 1 << 16)]


@dataclass(frozen=True)
class PredictionFolder(EpochFiles):
    """The folder `predictions` of a run; it is made with the first file."""

    def write(self, predictions: Predictions) -> None:
        """Write the file of an epoch. Raises `UserError`, with all files as they were."""
        data = pack_predictions(predictions)
        try:
            self.path.mkdir(mode=0o700, exist_ok=True)
            write_atomic(self.file(predictions.epoch), data)
        except OSError as error:
            raise UserError(f"What was said of the images cannot be written to {self.path}: {why(error)}.") from error

    def prune(self, keep: Collection[int]) -> None:
        """Remove the files of all epochs but some."""
        for epoch in set(self.epochs()) - set(keep):
            with contextlib.suppress(OSError):
                self.file(epoch).unlink()

    def remove_after(self, epoch: int) -> None:
        """Remove those of later epochs, which are trained again."""
        self.prune([each for each in self.epochs() if each <= epoch])

    def remove_some(self) -> bool:
        """Remove all of them: whether there are fewer now."""
        there = self.epochs()
        self.prune(())
        return self.epochs() != there

    def last(self) -> Predictions | None:
        """Those of the last epoch that has them; None where there are none. Raises `UserError` for a damaged file."""
        there = self.epochs()
        return self.read(there[-1]) if there else None

    def best(self) -> Predictions | None:
        """Those of the epoch with the highest accuracy, the first of several; as `last`."""
        best: Predictions | None = None
        for epoch in self.epochs():
            found = self.read(epoch)
            if best is None or found.better_than(best):
                best = found
        return best

    def read(self, epoch: int) -> Predictions:
        """Those after an epoch. Raises `UserError` in one line that names the file."""
        path = self.file(epoch)
        try:
            found = unpack_predictions(bytes(read_regular(path, _LARGEST)))
        except OSError as error:
            raise UserError(f"The predictions {path} cannot be read: {why(error)}.") from error
        if found is None or found.epoch != epoch:
            raise UserError(f"The predictions {path} are damaged; they are written again at the next epoch's end.")
        return found


def pack_predictions(predictions: Predictions) -> bytes:
    """The file of predictions."""
    from safetensors.numpy import save

    about = _About(**{f.name: getattr(predictions, f.name) for f in dataclasses.fields(_About)})
    return bytes(
        save({name: getattr(predictions, name) for name in _ARRAYS}, {"format": _FORMAT, "predictions": dump(about)})
    )


def unpack_predictions(data: bytes) -> Predictions | None:
    """The predictions in a file's bytes; None where they are not what was written here."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        metadata = parse(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
        about = from_plain(_About, parse(metadata["predictions"])) if metadata.get("format") == _FORMAT else None
        arrays: dict[str, Any] = load(data)
    except (SafetensorError, KeyError, TypeError, AttributeError, ValueError, RecordError):
        return None
    if about is None or {name: array.dtype.name for name, array in arrays.items()} != _ARRAYS:
        return None
    made = Predictions(**vars(about), **arrays)
    count = len(made) if made.numbers.ndim == 1 else 0
    fits = (
        0 < count <= MOST
        and all(array.shape == (count,) for array in arrays.values())
        and _within(made.numbers, made.images)
        and _within(made.labels, made.classes)
        and _within(made.said, made.classes)
    )
    return made if fits else None


def _within(numbers: Any, below: int) -> bool:
    return bool(numbers.min() >= 0 and numbers.max() < below)
