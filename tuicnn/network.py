"""The network that Python programs use: the engine's, with what lies above it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tuicnn.engine import network as engine
from tuicnn.numbers import shape

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from tuicnn.specimen.explanation import Explanation

__all__ = ["Network"]

_WIDTH = 100  # columns of a table; a session does not say how wide it is


class Network(engine.Network):
    """A network with its weights. Not safe to train from two threads at once. It shows itself as its table."""

    @classmethod
    def from_run(cls, path: str | os.PathLike[str], epoch: int | None = None) -> Self:
        """The network of a run with its newest weights, or those after an `epoch`, from 1.

        `path` is its folder, `runs/mnist-1`, or its name. Of a run that trains, the newest weights are those of this
        moment; else those of its newest checkpoint. Raises `tuicnn.errors.UserError` where there is no run or no
        checkpoint, no snapshot of that epoch, or where a file that the net includes has changed.
        """
        from tuicnn.language.plan_encoding import decode_plan
        from tuicnn.runs.finding import find_run
        from tuicnn.runs.specimens import checkpoint_after, plan_at
        from tuicnn.worker.asking import live_specimen

        folder = find_run(os.fspath(path), Path.cwd())
        if epoch is None and (live := live_specimen(folder)) is not None:
            plan, choices, arrays = decode_plan(live.plan), live.choices, live.arrays
        else:
            checkpoint = checkpoint_after(folder, epoch)
            plan, choices, arrays = plan_at(folder, checkpoint), checkpoint.choices, dict(checkpoint.arrays)
        made = cls(plan, choices=choices)
        made.load_state_dict({name: array for name, array in arrays.items() if "/" not in name})
        return made

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
