"""One layer by itself, through `Network`'s outer interface: its inputs are weights, so their gradients come out too.

Image number k of the batch is one-hot: 1 in place k. A dense layer without bias then gives column k of its weights, to
the last bit, which is the k-th input of the layer that is asked about; and the gradient of that column is the gradient
by the input. Nothing here knows how a network keeps its arrays inside.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuicnn import Network

__all__ = ["Alone", "Array", "Shape"]

Array = NDArray[np.floating[Any]]
#: (C, H, W) or (V,)
Shape = tuple[int, ...]


class Alone:
    """A layer as it is written, such as `conv 8 3x3 pad=1`, between inputs of `shapes` and its flattened output.

    `count` is the number of images. `x` are the inputs (N, C, H, W) or (N, V), one for each branch of `add` and
    `concat`; `weights` are the layer's own, by their short names, all of them or none.
    """

    def __init__(
        self,
        layer: str,
        x: Sequence[Array],
        weights: Mapping[str, Array] | None = None,
        *,
        dtype: Any = np.float64,
        end: str = "flatten",
        outputs: int | None = None,
    ) -> None:
        self.shapes: list[Shape] = [tuple(a.shape[1:]) for a in x]
        self.count = len(x[0])
        branches = " | ".join(self._entry(shape) for shape in self.shapes)
        start = f"{layer} {{ {branches} }}" if len(x) > 1 else f"{branches} -> {layer}"
        self.text = f"flatten -> {start} -> {end}\nloss: mse\n"
        self.onehot: Array = np.eye(self.count, dtype=dtype).reshape(self.count, 1, 1, self.count)
        self.outputs = self._size(start) if outputs is None else outputs
        # with one output, mse is for two classes, 0 and 1
        self.network = Network.from_text(
            self.text, input=(1, 1, self.count), classes=max(2, self.outputs), seed=1, dtype=dtype
        )
        names = list(self.network.state_dict())
        self.inputs, rest = names[: len(x)], names[len(x) :]
        #: the full names of the layer's own weights, by short name; what comes after it is not its own
        self.own = {name.rpartition(".")[2]: name for name in reversed(rest)}
        self.load(x, weights)

    @staticmethod
    def _entry(shape: Shape) -> str:
        size = f"dense {math.prod(shape)} bias=false"
        return f"{size} -> reshape {'x'.join(map(str, shape))}" if len(shape) == 3 else size

    def _size(self, start: str) -> int:
        """How many values the layer gives, from a network that goes on after it."""
        probe = Network.from_text(f"flatten -> {start} -> flatten -> dense 2\n", input=(1, 1, self.count), classes=2)
        return math.prod(probe.plan.nodes[-2].shape)

    def load(self, x: Sequence[Array], weights: Mapping[str, Array] | None = None) -> None:
        """Other inputs, and other weights of the layer's own where they are given."""
        given = {name: a.reshape(len(a), -1).T for name, a in zip(self.inputs, x, strict=True)}
        values = {**self.network.state_dict(), **given}
        for short, array in (weights or {}).items():
            values[self.own[short]] = array
        self.network.load_state_dict(values)

    def weights(self) -> dict[str, Array]:
        """The layer's own weights by short name, learnt and kept."""
        state = self.network.state_dict()
        return {short: state[name] for short, name in self.own.items()}

    def forward(self) -> Array:
        """The layer's output, flattened: (N, V)."""
        return self.network.forward(self.onehot)

    def labels(self) -> NDArray[np.int64]:
        """Some label for each image."""
        return np.arange(self.count, dtype=np.int64) % max(2, self.outputs)

    def loss(self) -> float:
        """The loss of a training step."""
        return self.network.loss_and_gradients(self.onehot, self.labels())[0]

    def backward(self) -> tuple[list[Array], dict[str, Array]]:
        """The gradients by the inputs, shaped as they were given, and by the layer's own learnt weights."""
        gradients = self.network.loss_and_gradients(self.onehot, self.labels())[1]
        dxs = [gradients[name].T.reshape(-1, *s) for name, s in zip(self.inputs, self.shapes, strict=True)]
        return dxs, {short: gradients[name] for short, name in self.own.items() if name in gradients}

    def dy(self, y: Array | None = None) -> Array:
        """The gradient of the loss by the layer's output `y` (N, V), by the definition of mse.

        loss = sum over n, v of (y - t)**2 / (N * V), with t 1 at the label and 0 elsewhere. `y` need not be given
        where the layer does the same in training as in `forward`.
        """
        outputs, labels = self.forward() if y is None else y, self.labels()
        targets = np.zeros_like(outputs)
        if self.outputs == 1:
            targets[:, 0] = labels
        else:
            targets[np.arange(self.count), labels] = 1
        slope: Array = 2 * (outputs - targets) / outputs.size
        return slope
