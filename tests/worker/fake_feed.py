"""A made-up run: what a worker would answer, without one."""

from __future__ import annotations

import base64
from collections import Counter
from dataclasses import replace
from time import monotonic
from typing import TypeVar, cast

import numpy as np

from tuicnn.errors import UserError
from tuicnn.observing.activations import Activations, AskActivations
from tuicnn.observing.histograms import BINS, AskHistograms, Histograms
from tuicnn.observing.image import PinnedImage
from tuicnn.observing.images import AskImages, Images
from tuicnn.observing.kernels import AskKernels, Kernels
from tuicnn.observing.layer_stats import AskLayerStats, LayerStats
from tuicnn.observing.question import Question
from tuicnn.training.divergence import Divergence
from tuicnn.training.events import Epoch, LayerRow, Overview, State
from tuicnn.training.marks import Mark
from tuicnn.training.progress import History, Progress
from tuicnn.worker.feed import Action, Poll, WorkerGone

__all__ = ["OVERVIEW", "FakeFeed"]

A = TypeVar("A")

LAYERS = (
    LayerRow("conv1", "conv 16 3x3 pad=1", "conv", (16, 28, 28), 160, 112_896, (-1,)),
    LayerRow("relu1", "relu", "relu", (16, 28, 28), 0, 0, (0,)),
    LayerRow("conv2", "conv 16 3x3 pad=same bias=false", "conv", (16, 28, 28), 2_304, 1_806_336, (1,)),
    LayerRow("batchnorm1", "batchnorm", "batchnorm", (16, 28, 28), 32, 0, (2,)),
    LayerRow("relu2", "relu", "relu", (16, 28, 28), 0, 0, (3,)),
    LayerRow("conv3", "conv 16 3x3 pad=same bias=false", "conv", (16, 28, 28), 2_304, 1_806_336, (4,)),
    LayerRow("add1", "add", "add", (16, 28, 28), 0, 0, (5, 1)),
    LayerRow("maxpool1", "maxpool 2", "maxpool", (16, 14, 14), 0, 0, (6,)),
    LayerRow("conv4", "conv 8 1x1", "conv", (8, 14, 14), 136, 25_088, (7,)),
    LayerRow("conv5", "conv 8 3x3 pad=1", "conv", (8, 14, 14), 1_160, 225_792, (7,)),
    LayerRow("mixed", "concat as mixed", "concat", (16, 14, 14), 0, 0, (8, 9)),
    LayerRow("flatten1", "flatten", "flatten", (3136,), 0, 0, (10,)),
    LayerRow("dropout1", "dropout 0.25", "dropout", (3136,), 0, 0, (11,)),
    LayerRow("dense1", "dense 10", "dense", (10,), 31_370, 31_360, (12,)),
)

OVERVIEW = Overview(
    net="mnist",
    run="runs/mnist-3",
    text="",
    data="mnist",
    input=(1, 28, 28),
    class_names=tuple("0123456789"),
    layers=LAYERS,
    loss="cross_entropy",
    optimizer="adam lr=0.001",
    schedule="constant",
    epochs=3,
    batch=64,
    seed=0,
    threads=2,
    parameters=sum(row.parameters for row in LAYERS),
    macs=sum(row.macs for row in LAYERS),
    train_images=55_000,
    val_images=5_000,
    test_images=10_000,
    steps_per_epoch=860,
    pid=1,
)


class FakeFeed:
    """Trains `rate` steps a second, or, where that is 0, when `advance` is called."""

    def __init__(self, overview: Overview = OVERVIEW, *, rate: float = 0.0, reading: float = 0.0) -> None:
        self._overview = overview
        self.steps = overview.epochs * overview.steps_per_epoch
        self.state = State.TRAINING
        self.step = 0
        self.asked: Counter[str] = Counter()
        self.acted: list[Action] = []
        self.activations: list[tuple[int, int]] = []
        self.gone = self.message = self.trouble = ""
        self.saved = 0
        self.stride = 1
        self.marks: tuple[Mark, ...] = ()
        self.learning_rate = 0.001
        self.pace = 0
        self.diverged: Divergence | None = None
        self.trained = 0.0  # seconds of training, where they are not to follow from the steps
        self._rate, self.reading = rate, reading
        self._began = self._last = monotonic()
        self._pass = 0.0
        noise = np.random.default_rng(0).standard_normal((2, self.steps)).astype(np.float32)
        at = np.arange(self.steps, dtype=np.float32)
        self._losses = (2.2 * np.exp(-at / 150) + 0.12 * np.exp(-at / 2000)) * np.exp(0.35 * noise[0])
        self._accuracies = np.clip(np.round((0.985 - 0.9 * np.exp(-at / 120) + 0.02 * noise[1]) * 64) / 64, 0, 1)

    def advance(self, steps: int) -> None:
        """Train so many steps; at the last one the test set is read and the run ends."""
        self.step = min(self.steps, self.step + steps)
        if self.step == self.steps:
            self.state = State.DONE

    def _flow(self) -> None:
        now = monotonic()
        if self._rate and self.state in (State.TRAINING, State.VALIDATING):
            per = self._overview.steps_per_epoch
            steps = int((now - self._last) * self._rate)
            left = per - self.step % per
            if self.state is State.VALIDATING:
                self._pass += (now - self._last) / 1.5
                self._last = now
                if self._pass >= 1:
                    self.state, self._pass = State.DONE if self.step == self.steps else State.TRAINING, 0.0
                return
            if steps:
                self._last = now
                self.step += min(steps, left)
                if steps >= left:
                    self.state = State.VALIDATING
        else:
            self._last = now

    def _answer(self, request: str) -> None:
        if self.gone:
            raise WorkerGone(self.gone)
        self.asked[request] += 1
        self._flow()

    async def overview(self) -> Overview:
        self._answer("overview")
        if monotonic() < self._began + self.reading:
            return replace(
                self._overview, class_names=(), train_images=0, val_images=0, test_images=0, steps_per_epoch=0
            )
        return self._overview

    def _epochs(self) -> tuple[Epoch, ...]:
        per = self._overview.steps_per_epoch
        done = self.step // per - (self.state is State.VALIDATING)
        ends = [per * (i + 1) for i in range(done)]
        return tuple(
            Epoch(
                i + 1,
                end,
                float(self._losses[end - per : end].mean()),
                float(self._accuracies[end - per : end].mean()),
                0.09 / (i + 1) + 0.05,
                0.968 + 0.004 * i,
                12_345.0,
                4.5,
            )
            for i, end in enumerate(ends)
        )

    def progress(self) -> Progress:
        epochs, done = self._epochs(), self.state is State.DONE
        recent = slice(max(0, self.step - 50), max(1, self.step))
        return Progress(
            state=self.state,
            epoch=len(epochs),
            step=self.step,
            steps=self.steps,
            evaluated=self._pass,
            seconds=self.trained or self.step / 190,
            eta=(self.steps - self.step) / 190,
            images_per_second=12_345.6,
            learning_rate=self.learning_rate,
            pace=self.pace,
            diverged=self.diverged,
            train_loss=float(self._losses[recent].mean()),
            train_accuracy=float(self._accuracies[recent].mean()),
            val_loss=epochs[-1].val_loss if epochs else float("nan"),
            val_accuracy=epochs[-1].val_accuracy if epochs else float("nan"),
            best_val_accuracy=epochs[-1].val_accuracy if epochs else float("nan"),
            best_epoch=len(epochs),
            test_loss=0.0712 if done else float("nan"),
            test_accuracy=0.9783 if done else float("nan"),
            message=self.message,
            trouble=self.trouble,
            saved=self.saved,
        )

    async def poll(self, since_step: int, since_epoch: int) -> Poll:
        self._answer("poll")
        start, stop = (step // self.stride * self.stride for step in (since_step, self.step))
        losses, accuracies = (
            values[start:stop].reshape(-1, self.stride).mean(axis=1) for values in (self._losses, self._accuracies)
        )
        marks = tuple(mark for mark in self.marks if mark.step >= start)
        history = History(start, losses, accuracies, self._epochs()[since_epoch:], self.stride, marks)
        return Poll(self.progress(), history)

    async def ask(self, question: Question[A]) -> A:
        self._answer(type(question).__name__)
        match question:
            case AskActivations(layer, PinnedImage(sample, pixels)):
                self.activations.append((layer, sample))
                seen = self._activations(layer, sample)
                if pixels:
                    own = np.frombuffer(base64.b64decode(pixels), np.uint8).reshape(seen.image.shape)
                    seen = replace(seen, sample=-1, label=-1, image=own)
                answer: object = seen
            case AskKernels(layer, picture):
                answer = self._kernels(layer, picture)
            case AskImages(numbers):
                answer = Images(numbers, np.array([_image(*self._overview.input) for _ in numbers]))
            case AskLayerStats():
                answer = self._stats()
            case AskHistograms(layer):
                answer = self._histograms(layer)
        return cast(A, answer)

    def _histograms(self, layer: int) -> Histograms:
        bell = np.exp(-(np.linspace(-3, 3, BINS) ** 2)).astype(np.float32)
        return Histograms(layer, bell / bell.sum(), 0.42, bell[::-1] ** 3 / (bell**3).sum(), 0.0012, self.step)

    def _kernels(self, layer: int, picture: int) -> Kernels:
        row = self._overview.layers[layer]
        if row.kind != "conv":
            raise UserError(f"{row.name} has no kernels: choose a conv or a dense layer.")
        source = row.inputs[0]
        channels = (self._overview.layers[source].shape if source >= 0 else self._overview.input)[0]
        units = np.arange(row.shape[0] * channels)[:, None, None]
        pictures = np.sin(units + np.arange(9).reshape(3, 3)).astype(np.float32)
        return Kernels(layer, f"{row.name}.weight", len(pictures), 0, channels, pictures, False, self.step)

    def _stats(self) -> LayerStats:
        rows = self._overview.layers
        wobble = 1 + 0.1 * np.sin(self.step / 7 + np.arange(len(rows)))
        cost = np.array([row.macs for row in rows]) / 1e6
        relu = np.array([row.kind == "relu" for row in rows])
        return LayerStats(
            milliseconds=((0.05 + 2 * cost) * wobble).astype(np.float32),
            activation=(0.8 * wobble).astype(np.float32),
            gradient=(1e-4 * np.exp(-np.arange(len(rows)) / 4) * wobble).astype(np.float32),
            dead=np.where(relu, 0.031 * wobble, np.nan).astype(np.float32),
            update=np.where([row.parameters for row in rows], 2e-3 * wobble, np.nan).astype(np.float32),
            gradients=(1e-4 * np.exp(-np.outer(np.arange(1, 13), np.arange(1, len(rows) + 1)) / 40)).astype(np.float32),
            optimizer=0.4,
            rest=0.6,
            step=float(((0.05 + 2 * cost) * wobble).sum()) + 1.0,
        )

    def _activations(self, layer: int, sample: int) -> Activations:
        sample %= self._overview.val_images
        shape = self._overview.layers[layer].shape
        label = sample % len(self._overview.class_names)
        generator = np.random.default_rng((sample, layer))
        y, x = np.mgrid[0 : shape[1], 0 : shape[2]] / 6 if len(shape) == 3 else (np.zeros((1, 1)),) * 2
        turn = generator.uniform(-1, 1, (4, shape[0], 1, 1))
        waves = np.maximum(0, np.sin(turn[0] * x * 2 + turn[1] * y * 2 + 3 * turn[2] + self.step / 400))
        maps = (
            waves.reshape(shape).astype(np.float32)
            if len(shape) == 3
            else np.abs(turn[0].reshape(shape)).astype(np.float32)
        )
        chances = np.full(len(self._overview.class_names), 0.004)
        chances[(label + (sample % 3 == 2)) % len(chances)] = 1 - 0.004 * (len(chances) - 1)
        return Activations(
            sample,
            self._overview.val_images,
            label,
            _image(*self._overview.input),
            layer,
            maps,
            chances.astype(np.float32),
            self.step,
        )

    async def close(self) -> None:
        self.asked["close"] += 1

    def at_epoch(self, epoch: int) -> FakeFeed:
        past = FakeFeed(self._overview)
        past.advance(epoch * self._overview.steps_per_epoch)
        past.asked, past.activations = self.asked, self.activations
        return past

    async def act(self, action: Action) -> Progress:
        self._answer("act")
        self.acted.append(action)
        if action == "pause":
            self.state = State.PAUSED
        elif action == "resume":
            self.state, self.diverged = State.TRAINING, None
        elif action == "slower":
            self.pace = {0: 100, 100: 10}.get(self.pace, 2)
        elif action == "faster":
            self.pace = {2: 10, 10: 100}.get(self.pace, 0)
        elif action == "halve-rate":
            self.learning_rate /= 2
        elif action == "double-rate":
            self.learning_rate *= 2
        elif action == "step":
            self.advance(1)
            self.state = State.PAUSED
        elif action == "save":
            self.saved = self.step
        elif action == "stop":
            self.state = State.STOPPED
        else:
            self.state, self.gone = State.STOPPED, "The run was discarded."
        self._last = monotonic()
        return self.progress()


def _image(channels: int, height: int, width: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A seven."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) * np.float32(28) / np.array([height, width]).reshape(2, 1, 1)
    bar = np.exp(-(((y - 7) / 1.4) ** 2)) * (x > 7) * (x < 20)
    stem = np.exp(-(((x - (20 - (y - 7) * 0.5)) / 1.5) ** 2)) * (y > 7) * (y < 23)
    return np.repeat((255 * np.maximum(bar, stem)).astype(np.uint8)[:, :, None], channels, axis=2)
