"""The figures of a run, out of its folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from matplotlib.figure import Figure

from tuicnn.errors import UserError
from tuicnn.language.suggest import closest
from tuicnn.observing.activations import Activations, AskActivations
from tuicnn.observing.image import PinnedImage
from tuicnn.observing.kernels import AskKernels
from tuicnn.observing.question import Question
from tuicnn.plotting.confusion import confusion
from tuicnn.plotting.curves import curves
from tuicnn.plotting.pictures import filters, layer_maps, maps_along, probabilities
from tuicnn.plotting.wanted import Wanted, Width
from tuicnn.runs.history import Record, read_record
from tuicnn.runs.reopened import ReopenedRun

if TYPE_CHECKING:
    from tuicnn.runs.folder import RunFolder
    from tuicnn.training.events import LayerRow, Overview
    from tuicnn.training.trainer import Trainer

__all__ = ["figures_of"]

A = TypeVar("A")

_ROWS = 6  # layers whose maps are drawn where none is chosen


def figures_of(
    folder: RunFolder, wanted: Wanted, warn: Callable[[str], None] = lambda line: None
) -> Iterator[tuple[str, Figure]]:
    """Each figure with its name, as they are drawn; the curves first, which need no data and no weights.

    The weights are those of the newest checkpoint, or after `wanted.epoch`; the run may train meanwhile. Raises
    `UserError` where something that is wanted is not there.
    """
    record = read_record(folder)
    overview = record.overview
    if overview is None:
        raise UserError(f"The journal of the run {folder.name} has no beginning: nothing can be drawn.")
    chosen = [_index(name, overview) for name in wanted.layers]
    if overview.target == "image":  # it says no classes
        kinds = tuple(kind for kind in wanted.kinds if kind not in ("probabilities", "confusion"))
        if not kinds:
            raise UserError(f"The target of {folder.name} is the image: it says no classes that could be drawn.")
        wanted = replace(wanted, kinds=kinds)
    if "curves" in wanted.kinds:
        yield "curves", _curves(record, overview, wanted)
    if set(wanted.kinds) <= {"curves"}:
        return
    run = ReopenedRun(folder, warn=warn)
    with run.turn:
        trainer = run.trainer(wanted.epoch)
        if "filters" in wanted.kinds:
            for index in [i for i in chosen if _has_kernels(trainer, i)] if chosen else _first_kernels(trainer):
                kernels = _answer(AskKernels(index), trainer)
                yield f"filters-{overview.layers[index].name}", filters(kernels, wanted.width)
        if {"maps", "probabilities"} & set(wanted.kinds):
            image = _image(trainer, wanted.image)
            if "maps" in wanted.kinds:
                yield from _maps(trainer, overview, image, chosen, wanted.width)
            if "probabilities" in wanted.kinds:
                last = _answer(AskActivations(len(overview.layers) - 1, image), trainer)
                yield "probabilities", probabilities(last, trainer.dataset.class_names, wanted.width)
        if "confusion" in wanted.kinds:
            yield "confusion", _confusion(trainer, wanted)


def _answer(question: Question[A], trainer: Trainer) -> A:
    """The answer; a network whose numbers are not finite has one too."""
    with np.errstate(all="ignore"):
        return question.answer(trainer)


def _curves(record: Record, overview: Overview, wanted: Wanted) -> Figure:
    history = record.history(0, 0)
    if not len(history.losses):
        raise UserError(f"The run {Path(overview.run).name} has trained no step yet: it has no curves.")
    return curves(history, overview.steps_per_epoch, wanted.width)


def _maps(
    trainer: Trainer, overview: Overview, image: PinnedImage, chosen: Sequence[int], width: Width
) -> Iterator[tuple[str, Figure]]:
    def made(index: int) -> tuple[str, Activations]:
        row = overview.layers[index]
        return f"{row.name}: {row.text}", _answer(AskActivations(index, image), trainer)

    for index in chosen:
        title, activations = made(index)
        yield f"maps-{overview.layers[index].name}", layer_maps(activations, title, width)
    if not chosen:
        some = _along(overview.layers)
        if some:
            yield "maps", maps_along([made(index) for index in some], width)


def _along(layers: Sequence[LayerRow]) -> list[int]:
    """A few layers with feature maps: the first, and the last one of each shape; of many, evenly between them."""
    there = [index for index, row in enumerate(layers) if len(row.shape) == 3 and row.shape[1:] != (1, 1)]
    last = {layers[index].shape: index for index in there}
    some = sorted({*there[:1], *last.values()})
    count = min(_ROWS, len(some))
    return [some[place * (len(some) - 1) // max(1, count - 1)] for place in range(count)]


def _confusion(trainer: Trainer, wanted: Wanted) -> Figure:
    from tuicnn.training.scores import Scores

    found = trainer.evaluate(wanted.part, lambda share: True)
    assert found is not None
    scores = Scores.of(found, trainer.images_of(wanted.part)[1], trainer.dataset.class_names)
    return confusion(scores.answers.confusion(), scores.class_names, wanted.width)


def _image(trainer: Trainer, wanted: int | Path) -> PinnedImage:
    """Raises `UserError` where there is no such image."""
    from tuicnn.data import DataError
    from tuicnn.data.fitting import fit_file, fitting_of

    if isinstance(wanted, Path):
        try:
            return PinnedImage.of(fit_file(wanted, fitting_of(trainer.plan.data, trainer.plan.input)).pixels)
        except DataError as error:
            raise UserError(str(error)) from None
    there = len(trainer.dataset.val_images) or len(trainer.dataset.test_images)
    if wanted >= there:
        raise UserError(f"There is no image {wanted:,}: the data has {there:,} validation images, counted from 0.")
    return PinnedImage(wanted)


def _index(name: str, overview: Overview) -> int:
    """The index of a layer. Raises `UserError`."""
    names = [row.name for row in overview.layers]
    if name not in names:
        near = closest(name, names)
        meant = f"did you mean {near}?" if near else f"its layers are {', '.join(names)}."
        raise UserError(f"The net has no layer {name}; {meant}")
    return names.index(name)


def _has_kernels(trainer: Trainer, index: int) -> bool:
    weights = dict(trainer.network.named_parameters()).get(f"{trainer.plan.nodes[index].name}.weight")
    return weights is not None and weights.ndim in (2, 4)


def _first_kernels(trainer: Trainer) -> list[int]:
    """The first layer that looks at the image."""
    return [index for index in range(len(trainer.plan.nodes)) if _has_kernels(trainer, index)][:1]
