"""What others see of the inside of a run: the figures of its layers, one validation image on its way through them."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from tuicnn.data import normalise
from tuicnn.engine.hooks import StepProfile
from tuicnn.training.progress import NAN, Figures, Peek

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tuicnn.training.trainer import Trainer

__all__ = ["Inspector", "look_at"]

#: measured steps whose median is shown
MEASURED = 15


class Inspector:
    """What is made for whoever watches, and only when somebody asked."""

    def __init__(self) -> None:
        self._using = threading.Lock()  # the network is used by one thread at a time
        self._figures: Figures | None = None
        self._wanted = False
        #: of the last measured steps, seconds: each layer, the optimizer, the waits, the whole step
        self._times: deque[NDArray[np.float64]] = deque(maxlen=MEASURED)

    def figures(self) -> Figures | None:
        """The newest figures of the layers; asking makes the next step be measured. From any thread."""
        self._wanted = True
        return self._figures

    def advance(self, trainer: Trainer) -> tuple[float, float, int]:
        """One step, as `Trainer.advance`; measured layer by layer where somebody asked for figures."""
        if not self._wanted:
            return trainer.advance()
        self._wanted = False
        profile = StepProfile(len(trainer.plan.nodes))
        waited, began = trainer.group.waited, perf_counter()
        result = trainer.advance(profile)
        whole, waited = perf_counter() - began, trainer.group.waited - waited
        self._times.append(np.array([*profile.seconds, profile.optimizer_seconds, waited, whole]))
        *layers, optimizer, waiting, step = np.median(self._times, axis=0) * 1000
        self._figures = Figures(
            np.asarray(layers, np.float32),
            profile.activation.astype(np.float32),
            profile.gradient.astype(np.float32),
            profile.dead.astype(np.float32),
            optimizer=float(optimizer),
            waiting=float(waiting) if trainer.group.size > 1 else NAN,
            rest=max(0.0, float(step - sum(layers) - optimizer - waiting)),
            step=float(step),
        )
        return result

    def answer(self, trainer: Trainer | None, layer: int, sample: int, step: int, future: Future[Peek]) -> None:
        """Look, and give what is seen to whoever waits for it; `future` is cancelled where nothing is to be seen.

        Called between two steps; where the run has ended, by whoever asks.
        """
        with self._using:
            if trainer is None or not 0 <= layer < len(trainer.plan.nodes):
                future.cancel()
                return
            if not future.set_running_or_notify_cancel():
                return
            try:
                with np.errstate(all="ignore"):
                    future.set_result(look_at(trainer, layer, sample, step))
            except Exception as error:
                future.set_exception(error)


def look_at(trainer: Trainer, layer: int, sample: int, step: int) -> Peek:
    """One validation image (any integer, modulo their number) and one layer's output for it."""
    data, network = trainer.dataset, trainer.network
    images, labels = (
        (data.val_images, data.val_labels) if len(data.val_images) else (data.test_images, data.test_labels)
    )
    index = sample % len(images)
    seen = normalise(images[index : index + 1], data.mean, data.std, network.dtype)
    outputs = network.look(seen[:, :, 0].transpose(2, 0, 1))
    maps, last = outputs[layer], outputs[-1]
    assert last is not None
    return Peek(
        sample=index,
        samples=len(images),
        label=int(labels[index]),
        image=np.ascontiguousarray(images[index]),
        layer=layer,
        maps=np.full(trainer.plan.nodes[layer].shape, NAN, np.float32) if maps is None else maps.astype(np.float32),
        probabilities=trainer.plan.loss.probabilities(last[None])[0].astype(np.float32),
        step=step,
    )
