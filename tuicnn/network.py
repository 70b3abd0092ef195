"""A plan made executable: weights, forward, backward.

    network = Network.from_text("conv 8 3x3 pad=1 -> relu -> maxpool 2 -> flatten -> dense 10")
    outputs = network.forward(images)                                # (N, 1, 28, 28) -> (N, 10)
    loss, gradients = network.loss_and_gradients(images, labels)     # gradients["conv1.weight"]: (8, 1, 3, 3)

Everything that goes in and comes out here is as PyTorch has it: images (N, C, H, W), weights of a convolution
(out, in, kh, kw) and of a dense layer (out, in). Inside, images are (N, H, W, C).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tuicnn.execution import Executor, Observed, Workers, add_up, shards
from tuicnn.language import Diagnostic, check, read_file, render_plain
from tuicnn.parameters import Store

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from tuicnn.language import Plan

    Array = NDArray[np.floating[Any]]
    Labels = NDArray[np.int64]
    Fetch = Callable[[int, int], tuple[Array, Labels]]

__all__ = ["NetError", "Network", "StepResult"]


class NetError(ValueError):
    """A `.net` text cannot be trained; the message is what `tuicnn check` prints."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(render_plain(diagnostics))
        self.diagnostics = tuple(diagnostics)


@dataclass(frozen=True)
class StepResult:
    """What one training step found: the batch's mean loss, how many images were right, and the gradient (flat)."""

    loss: float
    correct: int
    gradient: Array
    combined: Mapping[int, Any]


class Network:
    """A network with its weights. Not safe to train from two threads at once; it uses threads of its own."""

    def __init__(self, plan: Plan, *, seed: int | None = None, dtype: DTypeLike = np.float32, threads: int = 1) -> None:
        self.plan = plan
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
            raise ValueError(f"a network computes in float32 or float64, not in {self.dtype}")
        self.seed = plan.train.seed if seed is None else seed
        self.store = Store(plan, self.seed, self.dtype)
        self.executor = Executor(plan, self.store, self.seed)
        self.workers = Workers(threads)
        self._buffers: list[tuple[Array, list[dict[str, Array]]]] = []

    @classmethod
    def from_text(
        cls,
        text: str,
        input: tuple[int, int, int] | None = None,
        classes: int | None = None,
        seed: int | None = None,
        dtype: DTypeLike = np.float32,
        threads: int = 1,
    ) -> Network:
        """A network from a `.net` text. Raises `NetError` with every problem in it.

        `input` (C, H, W) and `classes` stand in for the data set's own; the weights are drawn from `seed`, or from
        the text's own.
        """
        checked = check(text, input=input, classes=classes)
        if checked.plan is None:
            raise NetError(checked.diagnostics)
        return cls(checked.plan, seed=seed, dtype=dtype, threads=threads)

    @classmethod
    def from_file(
        cls,
        path: str | os.PathLike[str],
        seed: int | None = None,
        dtype: DTypeLike = np.float32,
        threads: int = 1,
    ) -> Network:
        """A network from a `.net` file. Raises `NetError` with every problem in it, also where it cannot be read."""
        text = read_file(Path(path))
        if isinstance(text, Diagnostic):
            raise NetError([text])
        checked = check(text, name=str(path), path=Path(path))
        if checked.plan is None:
            raise NetError(checked.diagnostics)
        return cls(checked.plan, seed=seed, dtype=dtype, threads=threads)

    # --- weights ----------------------------------------------------------------------------------------------------

    def parameters(self) -> dict[str, Array]:
        """Copies of all learnt weights by name (`conv1.weight`), in the order of the layers, with PyTorch's axes."""
        return self.store.outer(self.store.flat)

    def state(self) -> dict[str, Array]:
        """`parameters()` and, with them, the running statistics (`batchnorm1.running_mean`)."""
        return {**self.parameters(), **self.store.outer_kept()}

    def load(self, weights: Mapping[str, Any]) -> None:
        """Take weights as `parameters()` or `state()` gives them, or as the state_dict of a torch.nn.Sequential does.

        Values are arrays, or anything NumPy makes one of. Raises `KeyError` for a name that the network does not have
        or that is missing, `ValueError` for another shape; then nothing is changed.
        """
        self.store.load(weights)

    # --- from outside: PyTorch's layout -----------------------------------------------------------------------------

    def forward(self, x: ArrayLike) -> Array:
        """The outputs, `(N, V)` or `(N, C, H, W)`, for images `(N, C, H, W)` that are normalised already."""
        inner = self._inner(x)
        parts = self.workers.map(lambda b: self.executor.infer(inner[b[0] : b[1]]), shards(len(inner)))
        return _outer_images(np.concatenate(parts)) if parts else np.zeros((0, *self.plan.nodes[-1].shape), self.dtype)

    def loss_and_gradients(self, x: ArrayLike, y: ArrayLike) -> tuple[float, dict[str, Array]]:
        """The mean loss of a batch, and its gradient by every weight, named and shaped as in `parameters()`.

        As in a training step: batch normalisation uses the batch's own statistics, dropout drops. Nothing is changed.
        """
        inner = self._inner(x)
        given = np.asarray(y)
        labels = given.astype(np.int64)
        if given.dtype.kind not in "iu" and not np.array_equal(given, labels):
            raise ValueError("labels must be whole numbers, one for each image: the number of its class")
        if labels.shape != (len(inner),):
            raise ValueError(f"{len(inner)} images need {len(inner)} labels in one row, not an array of {labels.shape}")
        if labels.size and not 0 <= int(labels.min()) <= int(labels.max()) < self.plan.classes:
            raise ValueError(f"labels must lie between 0 and {self.plan.classes - 1}")
        result = self.step(len(inner), lambda a, b: (inner[a:b], labels[a:b]), step=0)
        return result.loss, self.store.outer(result.gradient)

    def _inner(self, x: ArrayLike) -> Array:
        images = np.asarray(x, dtype=self.dtype)
        if images.ndim != 4 or images.shape[1:] != self.plan.input or not len(images):
            wanted = ", ".join(map(str, self.plan.input))
            raise ValueError(f"images must be an array of (N, {wanted}), N at least 1, not {images.shape}")
        return np.ascontiguousarray(images.transpose(0, 2, 3, 1))

    # --- from inside: the engine's layout ---------------------------------------------------------------------------

    def step(self, count: int, fetch: Fetch, *, step: int, observed: Observed | None = None) -> StepResult:
        """Forward and backward for a batch of `count` images; nothing is changed. `step` keys dropout.

        `fetch(start, stop)` makes the images `(n, H, W, C)` and labels of a shard, in the thread that will use them.
        """
        bounds = shards(count)
        while len(self._buffers) < len(bounds):
            flat = np.zeros_like(self.store.flat)
            self._buffers.append((flat, self.store.views(flat)))
        buffers = self._buffers[: len(bounds)]
        if len(self.executor.live) < len(self.plan.nodes):  # what nothing reads has no gradient, and none is written
            for flat, _ in buffers:
                flat.fill(0)
        labels: dict[int, Labels] = {}

        def images(start: int, stop: int) -> Array:
            x, labels[start] = fetch(start, stop)
            return x

        made, combined = self.executor.train_forward(bounds, images, self.workers, step, observed is not None)
        loss = self.plan.loss
        total, correct = 0.0, 0
        for shard, (start, _) in zip(made, bounds, strict=True):
            z = shard.outputs[-1]
            assert z is not None
            total += float(loss.forward(z, labels[start]).sum(dtype=np.float64))
            correct += int((loss.predictions(z) == labels[start]).sum())
            shard.gradients[-1] = loss.backward(z, labels[start], count)
        if observed is not None:
            self.executor.observe(made, observed, self.workers.threads, before_backward=True)
        self.executor.train_backward(made, [views for _, views in buffers], self.workers, step, observed is not None)
        if observed is not None:
            self.executor.observe(made, observed, self.workers.threads, before_backward=False)
        return StepResult(total / count, correct, add_up(flat for flat, _ in buffers), combined)

    def keep(self, combined: Mapping[int, Any]) -> None:
        """Update running statistics from what a step's `whole_batch` layers combined."""
        for index, shared in combined.items():
            self.executor.layers[index].keep(shared, self.store.kept[index])

    def evaluate(self, count: int, fetch: Fetch) -> tuple[float, int]:
        """The sum of the losses of `count` images and how many are right, without training."""

        def one(bounds: tuple[int, int]) -> tuple[float, int]:
            x, y = fetch(*bounds)
            z = self.executor.infer(x)
            losses = self.plan.loss.forward(z, y)
            return float(losses.sum(dtype=np.float64)), int((self.plan.loss.predictions(z) == y).sum())

        parts = self.workers.map(one, shards(count))
        return sum(p[0] for p in parts), sum(p[1] for p in parts)

    def look(self, image: Array) -> list[Array | None]:
        """Each layer's output for one image `(H, W, C)`: `(C, H, W)` or `(V,)`; None for a layer that nothing reads."""
        outputs = self.executor.forward(np.ascontiguousarray(image[None], dtype=self.dtype))
        return [None if out is None else _outer_images(out)[0] for out in outputs]

    def close(self) -> None:
        """End the network's threads."""
        self.workers.close()


def _outer_images(inner: Array) -> Array:
    return np.ascontiguousarray(inner.transpose(0, 3, 1, 2)) if inner.ndim == 4 else inner
