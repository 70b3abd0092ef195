"""The checked plan: the network, its data and its training, with every shape and cost, without arrays.

A plan is made by `tuicnn.language.check`; it is hashable by its text and can be sent anywhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tuicnn.language.diagnostics import Note, Span
from tuicnn.layers.base import Layer, Shape

if TYPE_CHECKING:
    from tuicnn.data.base import Augment, DataSpec
    from tuicnn.data.views import Views
    from tuicnn.kernels.arrays import Array
    from tuicnn.losses import Loss
    from tuicnn.optimizers import Optimizer
    from tuicnn.schedules import Schedule
    from tuicnn.settings import Target, Train

__all__ = ["INPUT", "Node", "Plan", "costs_of"]

#: the network's own input among a node's `inputs`
INPUT = -1


@dataclass(frozen=True)
class Node:
    """One layer of the plan.

    `name` is unique (`conv1`, `relu2`, or the label where the step has one); `text` is the layer as written,
    with constants and parameters put in (`conv 32 3x3 stride=2`).
    """

    name: str
    layer: Layer
    inputs: tuple[int, ...]
    input_shapes: tuple[Shape, ...]
    shape: Shape
    parameters: int
    macs: int
    text: str
    span: Span
    via: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Plan:
    """A network and how it is trained. `nodes` stand so that they can be computed in turn; the last is the output."""

    name: str
    text: str
    input: Shape
    classes: int
    nodes: tuple[Node, ...]
    data: DataSpec
    augment: Augment
    #: what test images are looked at as
    test: Views
    loss: Loss
    optimizer: Optimizer
    schedule: Schedule
    train: Train
    target: Target
    #: the lines that were filled in, as they would be written: `optim: adam lr=0.001`
    filled_in: tuple[str, ...] = ()

    @cached_property
    def live(self) -> tuple[int, ...]:
        """The numbers of the nodes that the output depends on, in order; others are not computed."""
        wanted = {len(self.nodes) - 1}
        for index in reversed(range(len(self.nodes))):
            if index in wanted:
                wanted.update(source for source in self.nodes[index].inputs if source != INPUT)
        return tuple(sorted(wanted))

    @property
    def settings(self) -> dict[str, Any]:
        """What each setting line says, by its word; with the nodes, all that decides what a run computes."""
        return {
            "data": self.data,
            "target": self.target,
            "augment": self.augment,
            "test": self.test,
            "loss": self.loss,
            "optim": self.optimizer,
            "schedule": self.schedule,
            "train": self.train,
        }

    @property
    def of_images(self) -> bool:
        """Whether the outputs should be the image itself, and not its class."""
        return self.target.what == "image"

    def said(self, outputs: Array) -> Array:
        """What outputs say: of (N, K) the probabilities (N, classes), of images (N, C, H, W) their pixels, 0 to 1."""
        if not self.of_images:
            return self.loss.probabilities(outputs)
        return self.loss.probabilities(outputs.reshape(len(outputs), -1)).reshape(outputs.shape)

    @property
    def parameters(self) -> int:
        """How many weights are learnt."""
        return sum(node.parameters for node in self.nodes)

    @property
    def macs(self) -> int:
        """Multiply-adds of one image's forward pass."""
        return sum(node.macs for node in self.nodes)


def costs_of(layer: Layer, shapes: tuple[Shape, ...]) -> tuple[Shape, int, int]:
    """A layer's output shape, weights to learn and multiply-adds, for inputs of these shapes. Raises `ShapeError`."""
    shape = layer.output(*shapes)  # first: the others ask only what fits
    learnt = sum(math.prod(w.shape) for w in layer.weights(*shapes).values() if w.is_parameter)
    return shape, learnt, layer.macs(*shapes)
