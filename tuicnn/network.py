"""The network that Python programs use: the engine's, with what lies above it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from tuicnn.data import normalise
from tuicnn.engine import network as engine
from tuicnn.numbers import shape
from tuicnn.sharding import INFERENCE_SHARD, shard_bounds

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from tuicnn.kernels.arrays import Array
    from tuicnn.specimen.explanation import Explanation
    from tuicnn.training.scores import Scores

__all__ = ["Network", "TrainingImages"]

_WIDTH = 100  # columns of a table; a session does not say how wide it is


@dataclass(frozen=True)
class TrainingImages:
    """What is known of the images that a network was trained on: it sees `(pixels / 255 - mean) / std`."""

    class_names: tuple[str, ...]
    mean: tuple[float, ...]  # of each channel
    std: tuple[float, ...]


class Network(engine.Network):
    """A network with its weights. Not safe to train from two threads at once. It shows itself as its table."""

    #: None where that is not known: of a network that is no run's
    trained_on: TrainingImages | None = None

    @classmethod
    def from_run(cls, path: str | os.PathLike[str], epoch: int | None = None) -> Self:
        """The network of a run with its newest weights, or those after an `epoch`, from 1.

        `path` is its folder, `runs/mnist-1`, or its name. Of a run that trains, the newest weights are those of this
        moment; else those of its newest checkpoint, and its data need not be here. Raises `tuicnn.errors.UserError`
        where there is no run or no checkpoint, no snapshot of that epoch, or where a file that the net includes has
        changed.
        """
        from tuicnn.language.plan_encoding import decode_plan
        from tuicnn.runs.finding import find_run
        from tuicnn.runs.specimens import checkpoint_after, plan_at
        from tuicnn.worker.asking import live_specimen

        folder = find_run(os.fspath(path), Path.cwd())
        if epoch is None and (live := live_specimen(folder)) is not None:
            plan, choices, arrays = decode_plan(live.plan), live.choices, live.arrays
            seen = TrainingImages(live.class_names, live.mean, live.std)
        else:
            checkpoint = checkpoint_after(folder, epoch)
            plan, choices = plan_at(folder, checkpoint, without_data=True), checkpoint.choices
            arrays = dict(checkpoint.arrays)
            seen = TrainingImages(checkpoint.class_names, checkpoint.mean, checkpoint.std)
        made = cls(plan, choices=choices)
        made.load_state_dict({name: array for name, array in arrays.items() if "/" not in name})
        made.trained_on = seen
        return made

    def predict(self, images: ArrayLike) -> Array:
        """The probabilities, (N, classes), that the network gives to images as they are stored.

        `images` are uint8, (N, H, W, C) or (N, C, H, W), of one channel also (N, H, W). They are normalised as those
        that the network was trained on, so that it must be one of `from_run`. Raises `ValueError`.
        """
        pixels, seen = self._pixels(images), self._seen()
        parts = []
        for a, b in shard_bounds(len(pixels), INFERENCE_SHARD):
            x = normalise(pixels[a:b], np.array(seen.mean), np.array(seen.std), self.dtype)
            parts.append(self.plan.loss.probabilities(self.forward(x.transpose(2, 3, 0, 1))))
        return np.concatenate(parts)

    def evaluate(self, images: ArrayLike, labels: ArrayLike) -> Scores:
        """How good it is on images as `predict` takes them, with their `labels` (N,), the numbers of their classes.

        Raises `ValueError`.
        """
        from tuicnn.training.scores import Scores

        pixels, seen = self._pixels(images), self._seen()
        known, mean, std = self._labels(labels, len(pixels)), np.array(seen.mean), np.array(seen.std)
        found = self.evaluate_shards(
            len(pixels), lambda a, b: (normalise(pixels[a:b], mean, std, self.dtype), known[a:b])
        )
        assert found is not None  # there is one process
        return Scores.of(found, known, seen.class_names)

    def _seen(self) -> TrainingImages:
        """What is known of the images that it was trained on. Raises `ValueError` where nothing is."""
        if self.trained_on is None:
            raise ValueError(
                "it is not known how images are normalised for this network: `Network.from_run` knows it; "
                "images that are normalised go to `forward`"
            )
        return self.trained_on

    def _pixels(self, images: ArrayLike) -> NDArray[np.uint8]:
        """Images as (N, H, W, C). Raises `ValueError` where they are none that the network takes."""
        given = np.asarray(images)
        channels, height, width = self.plan.input
        if given.dtype != np.uint8:
            raise ValueError(
                f"images must be uint8, from 0 to 255 as they are stored, not {given.dtype}; "
                "those that are normalised go to `forward`"
            )
        sizes = given.shape[1:]
        if len(given) and sizes == (height, width, channels):
            return given
        if len(given) and sizes == self.plan.input:
            return given.transpose(0, 2, 3, 1)
        if len(given) and sizes == (height, width) and channels == 1:
            return given[..., None]
        raise ValueError(
            f"images must be an array of (N, {height}, {width}, {channels}) or (N, {channels}, {height}, {width}), "
            f"N at least 1, not {given.shape}"
        )

    def explain(self, address: str, image: ArrayLike, label: int | None = None) -> Explanation:
        """What a number is made of, for one image (C, H, W) as `forward` takes it: see `tuicnn.specimen.address`.

        A loss or a gradient needs the image's `label`. Raises `tuicnn.errors.UserError` for an address that is none.
        """
        from tuicnn.specimen.specimen import Specimen

        return Specimen(self, image, label).explain(address)

    def __repr__(self) -> str:
        from io import StringIO

        from rich.console import Console

        from tuicnn.display.layer_table import layer_table

        console = Console(file=StringIO(), width=_WIDTH, color_system=None, legacy_windows=False)
        with console.capture() as table:
            console.print(layer_table(self.plan))
        lines = (line.rstrip() for line in table.get().splitlines())
        return "\n".join([self._title, "", *lines])

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from html import escape

        from tuicnn.display.layer_table import layer_table_html

        return f"<p>{escape(self._title)}</p>{layer_table_html(self.plan)}"

    @property
    def _title(self) -> str:
        plan = self.plan
        return f"{plan.name}: {shape(plan.input)} images, {plan.classes} classes, {self.dtype}"
