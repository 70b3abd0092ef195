"""The network that Python programs use: the engine's, with what lies above it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

from tuicnn.data import fetches, normalise
from tuicnn.engine import network as engine
from tuicnn.network.images import TrainingImages, pixels_of
from tuicnn.network.shown import Scores
from tuicnn.numbers import shape
from tuicnn.sharding import INFERENCE_SHARD, shard_bounds

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from tuicnn.data import Dataset
    from tuicnn.kernels.arrays import Array
    from tuicnn.network.callback import Callback
    from tuicnn.network.fit import Fit
    from tuicnn.specimen.explanation import Explanation

__all__ = ["Network"]

_WIDTH = 100  # columns of a table; a session does not say how wide it is


class Network(engine.Network):
    """A network with its weights. Not safe to train from two threads at once. It shows itself as its table."""

    #: what it was trained on; None where that is not known: before it is trained
    trained_on: TrainingImages | None = None

    @classmethod
    def from_run(cls, path: str | os.PathLike[str], epoch: int | None = None) -> Self:
        """The network of a run with its newest weights, or those after an `epoch`, from 1.

        `path` is its folder, `runs/mnist-1`, or its name. Of a run that another process trains, the newest weights are
        those of this moment; else those of its newest checkpoint, and its data need not be here. Raises
        `tuicnn.errors.UserError` where there is no run or no checkpoint, no snapshot of that epoch, or where a file
        that the net includes has changed.
        """
        from tuicnn.language.plan_encoding import decode_plan
        from tuicnn.runs.finding import find_run
        from tuicnn.runs.specimens import checkpoint_after, plan_at
        from tuicnn.worker.asking import live_specimen

        folder = find_run(os.fspath(path), Path.cwd())
        holder = folder.holder if epoch is None else None
        mine = holder is not None and holder.pid == os.getpid()  # a training of `fit`, which does not answer meanwhile
        if epoch is None and not mine and (live := live_specimen(folder)) is not None:
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
        """The probabilities, (N, classes), that the network gives to images as they are stored; where the target is the
        image, the images (N, C, H, W) that it makes of them, pixels from 0 to 1.

        `images` are uint8, (N, H, W, C) or (N, C, H, W), of one channel also (N, H, W). They are normalised as those
        that the network was trained on, so that it must have been: see `trained_on`. Raises `ValueError`.
        """
        pixels = pixels_of(images, self.plan.input)
        said = [
            self.plan.said(self.forward(self.normalise(pixels[a:b])))
            for a, b in shard_bounds(len(pixels), INFERENCE_SHARD)
        ]
        return np.concatenate(said)

    def normalise(self, images: ArrayLike) -> Array:
        """Images as `forward` and `loss_and_gradients` take them, (N, C, H, W), from those that `predict` takes.

        `activations` and `explain` take one of them. Raises `ValueError`.
        """
        pixels, seen = pixels_of(images, self.plan.input), self._seen()
        x = normalise(pixels, np.array(seen.mean), np.array(seen.std), self.dtype)
        return np.ascontiguousarray(x.transpose(2, 3, 0, 1))

    def read_image(self, path: str | os.PathLike[str]) -> NDArray[np.uint8]:
        """The picture in a file, uint8 (H, W, C), made to fit as `tuicnn predict` makes it.

        It is turned upright, made grey or RGB, scaled, and cut or padded as the data set says. Raises
        `tuicnn.data.DataError`.
        """
        from tuicnn.data.fitting import fit_file, fitting_of

        return fit_file(Path(path), fitting_of(self.plan.data, self.plan.input)).pixels

    def evaluate(self, images: ArrayLike, labels: ArrayLike | None = None) -> Scores:
        """How good it is on images as `predict` takes them, with their `labels` (N,), the numbers of their classes.

        They are looked at as the net's `test:` says. Where the target is the image, there need be no labels. Raises
        `ValueError`.
        """
        pixels, seen, plan = pixels_of(images, self.plan.input), self._seen(), self.plan
        if plan.of_images:
            known = np.zeros(len(pixels), np.int64)
        elif labels is not None:
            known = self._labels(labels, len(pixels))
        else:
            raise ValueError("labels are needed, the number of each image's class")
        mean, std = np.array(seen.mean), np.array(seen.std)
        made = fetches(plan.test, pixels, known, mean, std, self.dtype, of_images=plan.of_images)
        found = self.evaluate_shards(len(pixels), made)
        assert found is not None  # there is one process
        return Scores.of(found, known, seen.class_names)

    def fit(
        self,
        data: Dataset | None = None,
        *,
        epochs: int | None = None,
        callbacks: Iterable[Callback] = (),
        on_nan: Literal["stop", "halve-lr"] = "stop",
        threads: int | None = None,
        run: str | os.PathLike[str] | None = None,
        progress: bool = True,
    ) -> Fit:
        """Train it, from the weights that it has: `for epoch in network.fit(data, epochs=3): print(epoch)`.

        `data` is a `Dataset`; by default what the text names. Loss, optimizer, schedule, augmentation and batch are
        those of the text, and so are the `epochs` where they are not given. A new network comes to the same bits as in
        `tuicnn train`. As many processes train as there are processors, or `threads`; that changes no bit.

        The result iterates epochs, each when it and its validation are over, and has the test's figures after the last
        one; `.run()` trains them all. `callbacks` are told of each step and each epoch: see `Callback`. Where numbers
        become infinite or NaN, the step is undone, and that ends it with a `tuicnn.errors.UserError`; or it goes on
        with half the learning rate (`on_nan="halve-lr"`). With `progress`, a terminal shows a bar and a notebook the
        curves.

        With `run`, a new folder, it is a run as those of the commands: `tuicnn attach` watches it, and what they know
        of it is kept there. It is trained on the data that the text names.
        Raises `ValueError` where the data does not fit the network.
        """
        from tuicnn.network.fit import Fit

        return Fit(
            self,
            data,
            epochs=epochs,
            threads=threads,
            callbacks=callbacks,
            on_nan=on_nan,
            run=run,
            progress=progress,
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write its weights, its text and how images are normalised to one file, `digits.safetensors`.

        `load` takes it, and every program that reads safetensors: the names and axes are PyTorch's.
        Raises `tuicnn.errors.UserError` where it cannot be written.
        """
        from tuicnn.network.saving import save

        save(self, Path(path))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """The network in a file that `save` wrote, or in the `weights.safetensors` of a run.

        Raises `tuicnn.errors.UserError` where it cannot be read.
        """
        from tuicnn.network.saving import load

        return load(cls, Path(path))

    def _seen(self) -> TrainingImages:
        """What is known of the images that it was trained on. Raises `ValueError` where nothing is."""
        if self.trained_on is None:
            raise ValueError(
                "it is not known how images are normalised for this network: `fit`, `from_run` and `load` know it; "
                "images that are normalised go to `forward`"
            )
        return self.trained_on

    def explain(
        self, address: str, image: ArrayLike, label: int | None = None, target: ArrayLike | None = None
    ) -> Explanation:
        """What a number is made of, for one image (C, H, W) as `forward` takes it: see `tuicnn.specimen.address`.

        A loss or a gradient needs the image's `label`, or, with `target: image`, its pixels from 0 to 1, (C, H, W), as
        the `target`. Raises `tuicnn.errors.UserError` for an address that is none.
        """
        from tuicnn.specimen.specimen import Specimen

        return Specimen(self, image, label, target=target).explain(address)

    def __repr__(self) -> str:
        from io import StringIO

        from rich.console import Console

        from tuicnn.display.layer_table import layer_table

        console = Console(file=StringIO(), width=_WIDTH, color_system=None, legacy_windows=False, force_jupyter=False)
        with console.capture() as table:
            console.print(layer_table(self.plan))
        lines = (line.rstrip() for line in table.get().splitlines())
        return "\n".join([self._title, "", *lines])

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from html import escape

        from tuicnn.display.layer_table import layer_table_html

        return f"<p>{escape(self._title)}</p>{layer_table_html(self.plan.nodes)}"

    @property
    def _title(self) -> str:
        plan = self.plan
        target = "the image is the target" if plan.of_images else f"{plan.classes} classes"
        return f"{plan.name}: {shape(plan.input)} images, {target}, {self.dtype}"
