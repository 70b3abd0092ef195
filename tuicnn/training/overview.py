"""A plan as rows for people and programs: what the screen's table and `tuicnn check` show."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tuicnn.data.fitting import fitting_of
from tuicnn.language.excerpts import one_line
from tuicnn.numbers import shape
from tuicnn.training.events import LayerRow, Overview
from tuicnn.vocabulary import info, written

if TYPE_CHECKING:
    from tuicnn.data import Dataset
    from tuicnn.language.diagnostics import Note
    from tuicnn.language.plan import Node, Plan

__all__ = ["misfit_of", "overview_of", "rows_of"]


def rows_of(plan: Plan) -> tuple[LayerRow, ...]:
    """The layers of a plan, in order."""
    return tuple(
        LayerRow(
            node.name, node.text, info(node.layer).name, node.shape, node.parameters, node.macs, node.inputs, block
        )
        for node, block in zip(plan.nodes, _blocks(plan.nodes), strict=True)
    )


def _blocks(nodes: Sequence[Node]) -> list[str]:
    """For each node the use of a block in the network's own lines that it came from, "" for none.

    Uses that read alike, and the turns of a repeat, are numbered.
    """
    found: list[tuple[str, int]] = []  # of each node: the use, and which one of those that read alike
    uses: Counter[str] = Counter()
    last: Note | None = None
    for node in nodes:
        note = node.via[-1] if node.via else None
        use = one_line(note.span) if note is not None and note.span is not None else ""
        if note is not last:  # each turn of a repeat has a note of its own
            last = note
            uses[use] += 1
        found.append((use, uses[use]))
    return [f"{use} #{number}" if use and uses[use] > 1 else use for use, number in found]


def misfit_of(dataset: Dataset, plan: Plan) -> str:
    """A clause where images or classes are not those that the plan's network takes; "" where they are."""
    if dataset.input == plan.input and dataset.classes == plan.classes:
        return ""
    return (
        f"{dataset.name} has images of {shape(dataset.input)} and {dataset.classes} classes, but the network takes "
        f"{shape(plan.input)} and tells {plan.classes} classes apart"
    )


def overview_of(
    plan: Plan, dataset: Dataset | None = None, steps_per_epoch: int = 0, *, threads: int, run: str
) -> Overview:
    """What does not change during a run of this plan; without its data set, what is known before that is read."""
    channels, height, width = plan.input
    fitting, usual = fitting_of(plan.data, plan.input), type(plan.train)()
    more = replace(plan.train, epochs=usual.epochs, batch=usual.batch, seed=usual.seed, checkpoint=usual.checkpoint)
    return Overview(
        net=plan.name,
        run=run,
        text=plan.text,
        data=dataset.name if dataset else info(plan.data).name,
        data_spec=written(plan.data),
        input=(channels, height, width),
        fit=fitting.fit,
        border=fitting.border,
        class_names=dataset.class_names if dataset else (),
        layers=rows_of(plan),
        loss=written(plan.loss),
        optimizer=written(plan.optimizer),
        schedule=written(plan.schedule),
        target=plan.target.what,
        augment=_options(plan.augment),
        test=_options(plan.test),
        train=_options(more),
        epochs=plan.train.epochs,
        batch=plan.train.batch,
        seed=plan.train.seed,
        threads=threads,
        parameters=plan.parameters,
        macs=plan.macs,
        train_images=len(dataset.train_images) if dataset else 0,
        val_images=len(dataset.val_images) if dataset else 0,
        test_images=len(dataset.test_images) if dataset else 0,
        steps_per_epoch=steps_per_epoch,
        pid=os.getpid(),
    )


def _options(setting: Any) -> str:
    """What a setting that takes options alone says, as written."""
    return written(setting).removeprefix(info(setting).name).lstrip()
