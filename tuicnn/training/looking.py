"""One validation image on its way through the network, for whoever watches."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING

import numpy as np

from tuicnn.data import normalise
from tuicnn.training.progress import NAN, Peek

if TYPE_CHECKING:
    from tuicnn.training.trainer import Trainer

__all__ = ["answer", "look_at"]


def answer(trainer: Trainer | None, layer: int, sample: int, step: int, future: Future[Peek]) -> None:
    """Look, and give what is seen to whoever waits for `future`; it is cancelled where there is nothing to be seen."""
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
