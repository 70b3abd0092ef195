"""PyTorch as a contender: the twin of a plan, trained as a user who wants speed would write it.

The whole data set lies in memory as float32, normalised once, in the order of axes that the memory format wants; a
batch is one `index_select`. The batches and their order are this engine's own.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from tuicnn.bench.turns import SAMPLE, LayerTimes
from tuicnn.bench.twin import twin
from tuicnn.bench.twin_training import correct, groups_of, loss_of, optimizer_of, set_rate
from tuicnn.data import Batches, pixel_targets
from tuicnn.engine.network import Network

if TYPE_CHECKING:
    from tuicnn.data import Dataset
    from tuicnn.language.plan import Plan

__all__ = ["INFERENCE_BATCH", "Images", "Theirs"]

#: images at a time of an evaluation: PyTorch is slower with far fewer, and by a third with 512
INFERENCE_BATCH = 128


class Images:
    """A data set's training images as tensors. `(N, H, W, C)` in memory where `channels_last`, else `(N, C, H, W)`."""

    def __init__(self, dataset: Dataset, *, channels_last: bool) -> None:
        import torch

        self._torch, self.channels_last = torch, channels_last
        mean, std = (torch.as_tensor(np.asarray(values), dtype=torch.float32) for values in (dataset.mean, dataset.std))
        ready = torch.from_numpy(dataset.train_images).float().div_(255).sub_(mean).div_(std)
        self._images = ready if channels_last else ready.permute(0, 3, 1, 2).contiguous()
        self._labels = torch.from_numpy(dataset.train_labels)

    def __len__(self) -> int:
        return len(self._images)

    def with_pixels(self, dataset: Dataset) -> Images:
        """The same images with their pixels (N, C, H, W), from 0 to 1, in the place of the labels."""
        made = copy(self)
        made._labels = self._torch.from_numpy(pixel_targets(dataset.train_images))
        return made

    def taken(self, which: Any) -> tuple[Any, Any]:
        """The images `(n, C, H, W)` and labels at the places `which`, an array `(n,)`."""
        places = self._torch.from_numpy(which)
        return self._outer(self._images.index_select(0, places)), self._labels.index_select(0, places)

    def part(self, start: int, stop: int) -> tuple[Any, Any]:
        """The images and labels from `start` to `stop`, without a copy."""
        return self._outer(self._images[start:stop]), self._labels[start:stop]

    def _outer(self, images: Any) -> Any:
        return images.permute(0, 3, 1, 2) if self.channels_last else images


class Theirs:
    """A `tuicnn.bench.turns.Contender`. It begins with this engine's first weights."""

    def __init__(self, plan: Plan, dataset: Dataset, images: Images) -> None:
        import torch

        self._torch, self._plan = torch, plan
        self._images = images.with_pixels(dataset) if plan.of_images else images
        made = twin(plan)
        ours = Network(plan)
        ours.see_images(dataset)
        made.load_state_dict(ours.state_dict())
        format = torch.channels_last if images.channels_last else torch.contiguous_format
        self._module = made.module.to(memory_format=format)
        self._loss = loss_of(plan.loss)
        self._optimizer = optimizer_of(plan.optimizer, groups_of(plan, made))
        self._batches = Batches(
            dataset.train_images,
            dataset.train_labels,
            mean=dataset.mean,
            std=dataset.std,
            batch=plan.train.batch,
            seed=plan.train.seed,
        )
        self._step = self._next = 0

    def close(self) -> None:
        """Nothing to end: PyTorch has threads only."""

    def sample_loss(self) -> float:
        self._module.eval()
        with self._torch.inference_mode():
            images, labels = self._images.part(0, SAMPLE)
            return float(self._loss(self._module(images), labels))

    def train(self) -> int:
        self._module.train()
        return self._train(self._module)

    def _train(self, forward: Callable[[Any], Any]) -> int:
        epoch, within = divmod(self._step, self._batches.steps_per_epoch)
        images, labels = self._images.taken(self._batches.indices(epoch, within))
        set_rate(self._optimizer, self._plan, self._step, self._batches.steps_per_epoch)
        self._optimizer.zero_grad(set_to_none=True)
        loss = self._loss(forward(images), labels)
        loss.backward()
        if (clip := self._plan.optimizer.clip) is not None:
            self._torch.nn.utils.clip_grad_norm_(self._module.parameters(), clip)
        self._optimizer.step()
        loss.item()
        self._step += 1
        return len(labels)

    def evaluate(self) -> int:
        if self._next >= len(self._images):
            self._next = 0
        self._module.eval()
        with self._torch.inference_mode():
            images, labels = self._images.part(self._next, self._next + INFERENCE_BATCH)
            outputs = self._module(images)
            float(self._loss(outputs, labels))
            if not self._plan.of_images:
                correct(self._plan.loss, outputs, labels)
        self._next += INFERENCE_BATCH
        return len(labels)

    def layer_times(self) -> LayerTimes:
        clock = _Clock(self._module, len(self._plan.nodes))
        self._module.train()
        self._train(clock.run)
        return list(zip(clock.forward, clock.backward, strict=True))


class _Clock:
    """Runs a twin and notes how long each node of its plan takes, forward, and then in autograd's backward."""

    def __init__(self, module: Any, count: int) -> None:
        from torch import fx

        self.forward, self.backward = [0.0] * count, [0.0] * count
        clock = self

        class Timed(fx.Interpreter):  # type: ignore[misc]
            def run_node(self, node: Any) -> Any:
                began = perf_counter()
                made = super().run_node(node)
                passed = perf_counter() - began
                if "index" in node.meta:
                    clock.forward[node.meta["index"]] += passed
                    # `x.max(1).values` is two nodes, the first of which gives no tensor
                    clock._follow(getattr(made, "grad_fn", None), node.meta["index"])
                return made

        self.run = Timed(module).run
        self._seen: set[Any] = set()
        self._began = 0.0

    def _follow(self, function: Any, index: int) -> None:
        """Time the steps of autograd that lead from a node's output to what is known already: its inputs."""
        pending = [function]
        while pending:
            step = pending.pop()
            if step is None or step in self._seen:
                continue
            self._seen.add(step)
            step.register_prehook(lambda gradients: self._begin())
            step.register_hook(lambda before, after: self._end(index))
            pending += [following for following, _ in step.next_functions]

    def _begin(self) -> None:
        self._began = perf_counter()

    def _end(self, index: int) -> None:
        self.backward[index] += perf_counter() - self._began
