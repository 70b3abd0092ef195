"""A plan made executable: weights, forward, backward.

    network = Network.from_text("conv 8 3x3 pad=1 -> relu -> maxpool 2 -> flatten -> dense 10")
    outputs = network.forward(images)                                # (N, 1, 28, 28) -> (N, 10)
    loss, gradients = network.loss_and_gradients(images, labels)     # gradients["conv1.weight"]: (8, 1, 3, 3)

Everything that goes in and comes out here is as PyTorch has it: images (N, C, H, W), weights of a convolution
(out, in, kh, kw) and of a dense layer (out, in). Inside, images are (H, W, N, C).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from tuicnn.engine.evaluation import Evaluation
from tuicnn.engine.executor import Executor
from tuicnn.engine.gradients import GradientSums
from tuicnn.engine.groups.group import ProcessGroup
from tuicnn.engine.parameter_groups import ParameterGroups
from tuicnn.engine.parameters import Store
from tuicnn.engine.step import ForwardBackward
from tuicnn.kernels import long_runs, unchanged_weights
from tuicnn.kernels.arrays import Array
from tuicnn.language import Diagnostic, check, read_file, render_plain
from tuicnn.sharding import INFERENCE_SHARD, shard_bounds

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from tuicnn.data import Dataset
    from tuicnn.language import Plan

    Labels = NDArray[Any]
    from tuicnn.engine.hooks import StepHook
    from tuicnn.engine.step import Fetch, StepResult

__all__ = ["NetError", "Network"]


class NetError(ValueError):
    """A `.net` text cannot be trained; the message is what `tuicnn check` prints."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(render_plain(diagnostics))
        self.diagnostics = tuple(diagnostics)


class Network:
    """A network with its weights. Not safe to train from two threads at once."""

    def __init__(
        self,
        plan: Plan,
        *,
        seed: int | None = None,
        dtype: DTypeLike = np.float32,
        group: ProcessGroup | None = None,
        choices: Mapping[str, int] | None = None,
    ) -> None:
        """`group` is the processes that share its steps; it must not have started. Every process has the network.

        `choices` of another network of this plan make this one compute the same bits.
        """
        self.plan = plan
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
            raise ValueError(f"a network computes in float32 or float64, not in {self.dtype}")
        self.seed = plan.train.seed if seed is None else seed
        self.group = group or ProcessGroup()
        self.store = Store(plan, self.seed, self.dtype, self.group.zeros)
        self.parameter_groups = ParameterGroups(self.store.entries, plan.optimizer)
        self.executor = Executor(plan, self.store, self.seed, (choices or {}).get("shard"))
        self._awaits_images = any(node.layer.of_images for node in plan.nodes)
        self._sums = GradientSums(self.store, self.group, len(self.executor.shards(plan.train.batch)))

    @property
    def choices(self) -> dict[str, int]:
        """What was chosen for this machine and affects the bits of a result: `shard`, the images of a shard."""
        return {"shard": self.executor.shard_size}

    @classmethod
    def from_text(
        cls,
        text: str,
        input: tuple[int, int, int] | None = None,
        classes: int | None = None,
        seed: int | None = None,
        dtype: DTypeLike = np.float32,
        data: Dataset | None = None,
    ) -> Self:
        """A network from a `.net` text. Raises `NetError` with every problem in it.

        `input` (C, H, W) and `classes`, or those of `data`, stand in for those of the data set that the text names;
        the weights are drawn from `seed`, or from the text's own.
        """
        if data is not None:
            input, classes = data.input, data.classes
        checked = check(text, input=input, classes=classes)
        if checked.plan is None:
            raise NetError(checked.diagnostics)
        return cls._made(checked.plan, seed, dtype, data)

    @classmethod
    def _made(cls, plan: Plan, seed: int | None, dtype: DTypeLike, data: Dataset | None) -> Self:
        made = cls(plan, seed=seed, dtype=dtype)
        if data is not None and made.awaits_images:
            made.see_images(data)
        return made

    @classmethod
    def from_file(
        cls,
        path: str | os.PathLike[str],
        seed: int | None = None,
        dtype: DTypeLike = np.float32,
        data: Dataset | None = None,
    ) -> Self:
        """A network from a `.net` file. Raises `NetError` with every problem in it, also where it cannot be read.

        The shape and the number of classes of `data` stand in for those of the data set that the text names.
        """
        text = read_file(Path(path))
        if isinstance(text, Diagnostic):
            raise NetError([text])
        input, classes = (data.input, data.classes) if data is not None else (None, None)
        checked = check(text, name=str(path), path=Path(path), input=input, classes=classes)
        if checked.plan is None:
            raise NetError(checked.diagnostics)
        return cls._made(checked.plan, seed, dtype, data)

    # --- weights ----------------------------------------------------------------------------------------------------

    def named_parameters(self) -> Iterator[tuple[str, Array]]:
        """All learnt weights by name (`conv1.weight`), in the order of the layers, with PyTorch's axes.

        They are views: who writes to them changes the network.
        """
        yield from self.store.named(self.store.flat).items()

    def named_buffers(self) -> Iterator[tuple[str, Array]]:
        """The running statistics by name (`batchnorm1.running_mean`), as `named_parameters`."""
        yield from self.store.named_buffers(self.store.flat_buffers).items()

    def state_dict(self) -> dict[str, Array]:
        """Copies of all parameters and buffers by name, with PyTorch's axes."""
        return self.store.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take weights as `state_dict()` gives them, or as that of a torch.nn.Sequential does; buffers may be missing.

        Values are arrays, or anything NumPy makes one of. Raises `KeyError` for a name that the network does not have
        or that is missing, `ValueError` for another shape; then nothing is changed.
        """
        self.store.load_state_dict(state)
        self._awaits_images = False

    @property
    def awaits_images(self) -> bool:
        """Whether first weights are still to be made from the training images; see `see_images`."""
        return self._awaits_images

    def see_images(self, dataset: Dataset) -> None:
        """Make the first weights that depend on the training images (`init=whiten`), where there are such.

        What other weights there are stays.
        """
        from tuicnn.engine.whitening import whitened

        for node, weights in zip(self.plan.nodes, self.store.weights, strict=True):
            if node.layer.of_images:
                weights["weight"][...] = whitened(node.layer, dataset)
        self._awaits_images = False

    # --- from outside: PyTorch's layout -----------------------------------------------------------------------------

    def forward(self, x: ArrayLike) -> Array:
        """The outputs, `(N, V)` or `(N, C, H, W)`, for images `(N, C, H, W)` that are normalised already."""
        images = self._images(x)
        with unchanged_weights(), long_runs():
            shards = (images[a:b] for a, b in shard_bounds(len(images), INFERENCE_SHARD))
            outputs = [
                _outer(self.executor.infer(_inner(shard[a:b]) for a, b in self.executor.parts(len(shard))))
                for shard in shards
            ]
        return np.concatenate(outputs)

    def loss_and_gradients(self, x: ArrayLike, y: ArrayLike) -> tuple[float, dict[str, Array]]:
        """The mean loss of a batch, and its gradient by every weight, named and shaped as in `state_dict()`.

        As in a training step: batch normalisation uses the batch's own statistics, dropout drops. Nothing is changed.
        """
        images = self._images(x)
        labels = self._labels(y, len(images))
        result = self.replay(len(images), lambda a, b: (_inner(images[a:b]), labels[a:b]), step=0)
        gradients = self.store.named(result.gradient)
        return result.loss, {name: np.array(view, order="C") for name, view in gradients.items()}

    def _labels(self, y: ArrayLike, count: int) -> Labels:
        """Classes (N,), or where the target is the image, its pixels (N, C, H, W)."""
        given = np.asarray(y)
        if self.plan.of_images:
            wanted = (count, *self.plan.input)
            if given.shape != wanted or given.dtype.kind != "f":
                raise ValueError(f"the targets must be images from 0 to 1, a float array of {wanted}")
            return given.astype(self.dtype)
        labels = given.astype(np.int64) if given.dtype.kind in "biuf" else np.zeros(given.shape, np.int64)
        if given.dtype.kind not in "iu" and not np.array_equal(given, labels):
            raise ValueError("labels must be whole numbers, one for each image: the number of its class")
        if labels.shape != (count,):
            raise ValueError(f"{count} images need {count} labels in one row, not an array of {labels.shape}")
        if labels.size and not 0 <= int(labels.min()) <= int(labels.max()) < self.plan.classes:
            raise ValueError(f"labels must lie between 0 and {self.plan.classes - 1}")
        return labels

    def _images(self, x: ArrayLike) -> Array:
        given = np.asarray(x)
        if given.dtype == np.uint8:
            raise ValueError(
                "images of uint8 are not normalised; write (images / 255 - mean) / std, with the mean and the standard "
                "deviation of the training images, or give them to `predict` of a run's network, which does so"
            )
        images = given.astype(self.dtype, copy=False)
        if images.ndim != 4 or images.shape[1:] != self.plan.input or not len(images):
            wanted = ", ".join(map(str, self.plan.input))
            raise ValueError(f"images must be an array of (N, {wanted}), N at least 1, not {images.shape}")
        return images

    # --- from inside: the engine's layout ---------------------------------------------------------------------------

    @property
    def shared_gradient(self) -> Array:
        """The gradient of the last step, flat, as each process of a group that shares memory finds it."""
        return self._sums.row

    def max_workers(self, count: int) -> int:
        """How many processes can share a step over `count` images."""
        return len(self.executor.shards(count))

    def forward_backward(
        self, count: int, fetch: Fetch, *, step: int, hook: StepHook | None = None
    ) -> StepResult | None:
        """The loss and the gradient of a batch of `count` images; nothing is changed. `step` keys dropout.

        `fetch(start, stop)` makes the images `(H, W, n, C)` and labels of a shard. Every process of the group must call
        this; the leader gets the result. `hook` is told of this process's shards.
        """
        self._broadcast()
        return ForwardBackward(self.executor, self.group, self._sums, count, step, hook).run(fetch)

    def replay(
        self, count: int, fetch: Fetch, *, step: int, hook: StepHook | None = None, down_to: int = 0
    ) -> StepResult:
        """As `forward_backward`, by this process alone: the bits are the same.

        With a hook, backward may end with the node `down_to`; weights before it have no gradient in the result.
        """
        result = ForwardBackward(self.executor, ProcessGroup(), self._sums, count, step, hook, down_to).run(fetch)
        assert result is not None
        return result

    def replay_shard(
        self,
        number: int,
        count: int,
        fetch: Fetch,
        before: StepResult | None,
        *,
        step: int,
        hook: StepHook,
        down_to: int = 0,
    ) -> None:
        """One shard of a batch again, for a hook; `before` is of the same step, and came down as far.

        It may be None where no layer is `whole_batch`.
        """
        ForwardBackward(self.executor, ProcessGroup(), self._sums, count, step, hook, down_to).run_shard(
            number, fetch, before
        )

    def _broadcast(self) -> None:
        """Give every process the leader's weights."""
        self.group.broadcast(self.store.flat)
        self.group.broadcast(self.store.flat_buffers)

    def update_running_stats(self, batch_statistics: Mapping[int, Any]) -> None:
        """Update the running statistics from those of a step's batch."""
        for node, statistics in batch_statistics.items():
            self.plan.nodes[node].layer.update_running_stats(statistics, self.store.buffers[node])

    def evaluate_shards(self, count: int, fetches: Sequence[tuple[float, Fetch]]) -> Evaluation | None:
        """What the network makes of `count` images, without training.

        Each of `fetches` makes a view of the images of a shard, with their labels; its share is that in the output.
        Every process of the group must call this; the leader gets the result.
        """
        bounds = shard_bounds(count, INFERENCE_SHARD)
        own = []
        self._broadcast()
        with unchanged_weights(), long_runs(), np.errstate(all="ignore"):
            for number in self.group.partition(len(bounds)):
                first, end = bounds[number]
                z, labels = self._infer(fetches[0][1], first, end)
                if len(fetches) > 1:
                    z = fetches[0][0] * z
                    for share, fetch in fetches[1:]:
                        z += share * self._infer(fetch, first, end)[0]
                own.append(Evaluation.of_shard(self.plan.loss, z, labels))
        parts = self.group.gather(own)
        return None if self.group.rank else Evaluation.of_shards(parts, count)

    def _infer(self, fetch: Fetch, first: int, end: int) -> tuple[Array, Labels]:
        """The outputs for the images of a shard, and their labels; they are fetched part by part."""
        labels = []

        def parts() -> Iterator[Array]:
            for a, b in self.executor.parts(end - first):
                x, y = fetch(first + a, first + b)
                labels.append(y)
                yield x

        return self.executor.infer(parts()), np.concatenate(labels)

    def activations(self, image: Array) -> list[Array | None]:
        """Each layer's output for one image `(C, H, W)`: `(C, H, W)` or `(V,)`; None for a layer that nothing reads."""
        outputs = self.executor.outputs(_inner(np.asarray(image, dtype=self.dtype)[None]))
        return [None if out is None else _outer(out)[0] for out in outputs]


def _inner(images: Array) -> Array:
    """(N, C, H, W) -> (H, W, N, C)."""
    return np.ascontiguousarray(images.transpose(2, 3, 0, 1))


def _outer(inner: Array) -> Array:
    """(H, W, N, C) -> (N, C, H, W); vectors stay (N, V)."""
    return np.ascontiguousarray(inner.transpose(2, 3, 0, 1)) if inner.ndim == 4 else inner
