"""The weights of a layer as small pictures: one for each unit and each channel that it looks at."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from tuicnn.errors import UserError
from tuicnn.observing.question import Question

if TYPE_CHECKING:
    from tuicnn.language.plan import Node, Plan
    from tuicnn.training.trainer import Trainer

__all__ = ["AskKernels", "Kernels"]

_MOST = 1 << 16  # numbers in an answer, unless one picture has more


@dataclass(frozen=True)
class Kernels:
    """Pictures `first` and those after it, of `count`: unit 0 with each of its channels, unit 1, and so on."""

    layer: int
    array: str  # the weights they are of: `conv1.weight`
    count: int
    first: int
    channels: int  # pictures a unit
    pictures: NDArray[np.float32]  # (n, H, W)
    vector: bool  # whether the weights are (units, inputs): a unit's channels follow each other along the inputs
    step: int  # steps completed when it was made

    def index(self, picture: int, row: int, column: int) -> tuple[int, ...]:
        """The index of a pixel among the weights, with PyTorch's axes."""
        unit, channel = divmod(picture, self.channels)
        _, height, width = self.pictures.shape
        return (unit, (channel * height + row) * width + column) if self.vector else (unit, channel, row, column)


@dataclass(frozen=True)
class AskKernels(Question[Kernels]):
    """`layer` is an index into the plan's layers; `picture` is among those answered."""

    period: ClassVar[float] = 0.5

    layer: int
    picture: int = 0

    def answer(self, trainer: Trainer) -> Kernels:
        """Raises `UserError` for a layer that there is not, or that has no kernels."""
        plan, store = trainer.plan, trainer.network.store
        if not 0 <= self.layer < len(plan.nodes):
            raise UserError(f"There is no layer {self.layer}: the layers are 0 to {len(plan.nodes) - 1}.")
        node = plan.nodes[self.layer]
        array = f"{node.name}.weight"
        weights = store.named(store.flat).get(array)
        if weights is None or weights.ndim not in (2, 4):
            raise UserError(f"{node.name} has no kernels: choose a conv or a dense layer.")
        channels, height, width = weights.shape[1:] if weights.ndim == 4 else _seen_by(plan, node)
        count = len(weights) * channels
        most = max(1, _MOST // (height * width))
        first = max(0, min(self.picture, count - 1)) // most * most
        units = weights[first // channels : -(-min(count, first + most) // channels)]
        pictures = units.reshape(-1, height, width)[first % channels :][:most]
        return Kernels(
            layer=self.layer,
            array=array,
            count=count,
            first=first,
            channels=channels,
            pictures=np.array(pictures, np.float32, order="C"),
            vector=weights.ndim == 2,
            step=trainer.step,
        )


def _seen_by(plan: Plan, node: Node) -> tuple[int, int, int]:
    """The maps (C, H, W) that a dense layer's inputs come from, or the squarest picture of as many values."""
    values = math.prod(node.input_shapes[0])
    while True:
        (source,) = node.inputs[:1]
        shape = plan.input if source < 0 else plan.nodes[source].shape
        if math.prod(shape) != values:
            break
        if len(shape) == 3:
            return shape
        node = plan.nodes[source]
        if node.parameters or len(node.inputs) != 1:
            break
    height = next(n for n in range(math.isqrt(values), 0, -1) if values % n == 0)
    return 1, height, values // height
