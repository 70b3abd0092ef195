"""One validation image on its way through the network, with the weights of this moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from tuicnn.errors import UserError
from tuicnn.observing.image import PinnedImage
from tuicnn.observing.question import Question

if TYPE_CHECKING:
    from tuicnn.kernels.arrays import Array
    from tuicnn.language.plan import Plan
    from tuicnn.training.trainer import Trainer

__all__ = ["Activations", "AskActivations", "pictures_of"]


def pictures_of(plan: Plan, outputs: Array) -> NDArray[np.uint8]:
    """The outputs (N, C, H, W) of a network whose target is the image, as pictures (N, H, W, C)."""
    pixels = np.nan_to_num(plan.said(outputs)).transpose(0, 2, 3, 1) * 255
    pictures: NDArray[np.uint8] = np.rint(pixels).astype(np.uint8)
    return pictures


@dataclass(frozen=True)
class Activations:
    """An image, what the chosen layer makes of it, and what the network says it is."""

    sample: int  # index into the validation images; -1 for an image of one's own
    samples: int  # how many there are
    label: int  # -1 where it is not known
    image: NDArray[np.uint8]  # (H, W, C), as stored
    layer: int
    maps: NDArray[np.float32]  # the layer's output: (C, H, W), or (V,); NaN where nothing reads it
    probabilities: NDArray[np.float32]  # (classes,); none where the target is the image
    step: int  # steps completed when it was made
    #: (H, W, C), what the network makes of the image where that is its target; else empty
    rebuilt: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, 0, 0), np.uint8))

    @property
    def picture(self) -> NDArray[np.uint8]:
        """The image, with what the network makes of it to its right where the image is the target: (H, W or 2·W, C)."""
        return np.concatenate([self.image, self.rebuilt], axis=1) if self.rebuilt.size else self.image

    @property
    def error(self) -> float:
        """The mean squared error of what was made of the image, of pixels from 0 to 1."""
        return float(np.square((self.rebuilt.astype(np.float64) - self.image) / 255).mean())


@dataclass(frozen=True)
class AskActivations(Question[Activations]):
    """`layer` is an index into the plan's layers."""

    period: ClassVar[float] = 0.5  # feature maps take the most bytes of all that is drawn

    layer: int
    image: PinnedImage = field(default_factory=PinnedImage)

    def answer(self, trainer: Trainer) -> Activations:
        """Raises `UserError` for a layer that there is not, and an image that does not fit."""
        from tuicnn.data import normalise

        data, network, plan = trainer.dataset, trainer.network, trainer.plan
        if not 0 <= self.layer < len(plan.nodes):
            raise UserError(f"There is no layer {self.layer}: the layers are 0 to {len(plan.nodes) - 1}.")
        pixels, label, number = self.image.find(data, plan.input)
        outputs = network.activations(
            normalise(pixels[None], data.mean, data.std, network.dtype)[:, :, 0].transpose(2, 0, 1)
        )
        maps, last = outputs[self.layer], outputs[-1]
        assert last is not None
        return Activations(
            sample=number,
            samples=len(data.val_images) or len(data.test_images),
            label=label,
            image=pixels,
            layer=self.layer,
            maps=np.full(plan.nodes[self.layer].shape, np.nan, np.float32) if maps is None else maps.astype(np.float32),
            probabilities=np.zeros(0, np.float32) if plan.of_images else plan.said(last[None])[0].astype(np.float32),
            step=trainer.step,
            rebuilt=pictures_of(plan, last[None])[0] if plan.of_images else np.zeros((0, 0, 0), np.uint8),
        )
