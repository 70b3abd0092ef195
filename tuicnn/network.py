"""The network that Python programs use: the engine's, with what lies above it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tuicnn.engine import network as engine

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from tuicnn.specimen.explanation import Explanation

__all__ = ["Network"]


class Network(engine.Network):
    """A network with its weights. Not safe to train from two threads at once."""

    @classmethod
    def from_run(cls, path: str | os.PathLike[str], epoch: int | None = None) -> Self:
        """The network of a run with the weights of its newest checkpoint, or those after an `epoch`, from 1.

        `path` is its folder, `runs/mnist-1`, or its name; the run may train meanwhile. Raises
        `tuicnn.errors.UserError` where there is no run or no checkpoint, or no snapshot of that epoch.
        """
        from tuicnn.runs.finding import find_run
        from tuicnn.runs.origin import Origin
        from tuicnn.runs.prepared import plan_of
        from tuicnn.runs.specimens import checkpoint_after

        folder = find_run(os.fspath(path), Path.cwd())
        checkpoint = checkpoint_after(folder, epoch)
        made = cls(plan_of(folder, Origin.of(folder), checkpoint.text), choices=checkpoint.choices)
        made.load_state_dict({name: array for name, array in checkpoint.arrays.items() if "/" not in name})
        return made

    def explain(self, address: str, image: ArrayLike, label: int | None = None) -> Explanation:
        """What a number is made of, for one image (C, H, W) as `forward` takes it: see `tuicnn.specimen.address`.

        A loss or a gradient needs the image's `label`. Raises `tuicnn.errors.UserError` for an address that is none.
        """
        from tuicnn.specimen.specimen import Specimen

        return Specimen(self, image, label).explain(address)
