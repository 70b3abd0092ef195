"""Everything that a specimen of a run is made of: one answer, of which it is built without the run and its data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from tuicnn.errors import UserError
from tuicnn.observing.image import PinnedImage
from tuicnn.observing.question import Question
from tuicnn.vocabulary import info

if TYPE_CHECKING:  # the engine and the language are imported where they are wanted: a screen knows all questions
    from tuicnn.data.fitting import Fitting
    from tuicnn.engine.network import Network
    from tuicnn.kernels.arrays import Array
    from tuicnn.specimen.specimen import Specimen
    from tuicnn.specimen.training import NextStep
    from tuicnn.training.trainer import Trainer

__all__ = ["AskSpecimen", "NextBatch", "SpecimenState"]


@dataclass(frozen=True)
class NextBatch:
    """The batch of the step that comes next."""

    images: NDArray[np.uint8]  # (N, H, W, C), augmented, before they are normalised
    labels: NDArray[np.float64]  # (N,); of images that are mixed of two (N, 3), as losses take them
    numbers: NDArray[np.int64]  # (N,): which of the training images they are

    @classmethod
    def of(cls, trainer: Trainer) -> Self:
        """That of a trainer between two steps."""
        place = divmod(trainer.step, trainer.steps_per_epoch)
        images, labels = trainer.batches.pixels(*place)
        return cls(images, labels.astype(np.float64), trainer.batches.indices(*place))


@dataclass(frozen=True)
class SpecimenState:
    """A run between two steps and one image: parameters, buffers and the optimizer's state, and the step to come."""

    plan: str  # see `plan_encoding`
    step: int  # steps done
    epochs: int  # epochs done, perhaps but for the validation of the last
    updates: int  # steps that the optimizer's state has seen
    learning_rate: float  # of the next step: the net's rate, times `schedule_scale`, times `rate_factor`
    schedule_scale: float
    rate_factor: float
    steps: int  # of the whole run
    class_names: tuple[str, ...]
    mean: tuple[float, ...]  # of the training images, for each channel
    std: tuple[float, ...]
    choices: Mapping[str, int]  # of kernels
    names: tuple[str, ...]  # of the arrays, as `Checkpoint.arrays` has them; of a past epoch, those of weights alone
    shapes: tuple[tuple[int, ...], ...]
    values: NDArray[np.float32]  # of all arrays, one after the other
    image: NDArray[np.uint8]  # (H, W, C), as stored
    label: int | None  # of the image; None where it is not known
    number: int  # of the image among the validation images; -1 for one of a person's own
    images: int  # how many validation images there are
    batch: NextBatch | None = None  # of the next step, where it was asked for

    @classmethod
    def of(cls, trainer: Trainer, image: PinnedImage, *, next_step: bool) -> Self:
        """Of a trainer between two steps. Raises `UserError` where the image does not fit."""
        from tuicnn.language.plan_encoding import encode_plan
        from tuicnn.training.checkpointing import named_arrays

        plan, data = trainer.plan, trainer.dataset
        found = image.find(data, plan.input)
        arrays = named_arrays(trainer.network, trainer.state, trainer.averaging)
        return cls(
            plan=encode_plan(plan),
            step=trainer.step,
            epochs=trainer.step // trainer.steps_per_epoch,
            updates=trainer.updates,
            learning_rate=trainer.learning_rate,
            schedule_scale=plan.schedule.scale(trainer.step, trainer.steps_per_epoch, plan.train.epochs),
            rate_factor=trainer.rate_factor,
            steps=trainer.steps,
            class_names=data.class_names,
            mean=tuple(map(float, data.mean)),
            std=tuple(map(float, data.std)),
            choices=trainer.network.choices,
            names=tuple(arrays),
            shapes=tuple(array.shape for array in arrays.values()),
            values=np.concatenate([np.zeros(0, np.float32), *(array.ravel() for array in arrays.values())]),
            image=found.pixels,
            label=found.label if found.label >= 0 else None,
            number=found.number,
            images=len(data.val_images) or len(data.test_images),
            batch=NextBatch.of(trainer) if next_step else None,
        )

    @property
    def input(self) -> tuple[int, int, int]:
        """The shape (C, H, W) of an image."""
        height, width, channels = self.image.shape
        return channels, height, width

    @property
    def fitting(self) -> Fitting:
        """How a picture of a person's own is made to fit."""
        from tuicnn.data.fitting import fitting_of
        from tuicnn.language.plan_encoding import decode_plan

        return fitting_of(decode_plan(self.plan).data, self.input)

    def with_image(self, pixels: NDArray[np.uint8], label: int | None = None) -> SpecimenState:
        """The same of an image of a person's own, uint8 (H, W, C), and its label, where that is known.

        Raises `UserError` where they do not fit.
        """
        from tuicnn.language.plan_encoding import decode_plan

        if pixels.shape != self.image.shape:
            raise UserError(f"The image does not fit: the net takes {'x'.join(map(str, self.input))}.")
        if label is not None and not 0 <= label < (classes := decode_plan(self.plan).classes):
            raise UserError(f"There is no class {label}: the network has {classes}, counted from 0.")
        return replace(self, image=pixels, label=label, number=-1)

    def specimen(self) -> Specimen:
        """The network and the image held still; with the next step, where its batch is there."""
        from tuicnn.data.batches import pixel_targets
        from tuicnn.engine.network import Network
        from tuicnn.language.plan_encoding import decode_plan
        from tuicnn.specimen.specimen import Specimen

        network = Network(decode_plan(self.plan), choices=self.choices)
        arrays = self.arrays
        network.load_state_dict({name: array for name, array in arrays.items() if "/" not in name})
        x = self._normalised(self.image[None])[:, :, 0].transpose(2, 0, 1)
        target = pixel_targets(self.image[None])[0]
        return Specimen(network, x, self.label, self._next_step(network, arrays), target)

    @property
    def arrays(self) -> dict[str, Array]:
        """Parameters, buffers and the optimizer's state by name, as `Checkpoint.arrays` has them."""
        ends = np.cumsum([prod(shape) for shape in self.shapes])[:-1]
        pieces = zip(self.names, np.split(self.values, ends), self.shapes, strict=True)
        return {name: piece.reshape(shape) for name, piece, shape in pieces}

    def _normalised(self, images: NDArray[np.uint8]) -> Array:
        from tuicnn.data import normalise

        return normalise(images, np.array(self.mean), np.array(self.std))

    def _next_step(self, network: Network, arrays: Mapping[str, Array]) -> NextStep | None:
        from tuicnn.data.batches import pixel_targets
        from tuicnn.engine.network import Network
        from tuicnn.specimen.training import NextStep
        from tuicnn.training.averaging import LIVE

        batch, plan = self.batch, network.plan
        if batch is None:
            return None
        labels: NDArray[Any] = batch.labels.astype(np.int64) if batch.labels.ndim == 1 else batch.labels
        if plan.of_images:
            labels = pixel_targets(batch.images)
        live = {name.removesuffix(f"/{LIVE}"): array for name, array in arrays.items() if name.endswith(f"/{LIVE}")}
        average = network.state_dict() if live else None
        if live:
            network = Network(plan, choices=self.choices)
            network.load_state_dict(live)
        changed = f" * {self.rate_factor:g} (changed while it trained)" if self.rate_factor != 1 else ""
        return NextStep(
            network,
            len(batch.labels),
            lambda start, stop: (self._normalised(batch.images[start:stop]), labels[start:stop]),
            step=self.step,
            kept=arrays,
            lr=self.learning_rate,
            updates=self.updates,
            rate=f"{plan.optimizer.lr:g} * {self.schedule_scale:g} ({info(plan.schedule).name}){changed}",
            numbers=batch.numbers.tolist(),
            over=self.epochs >= plan.train.epochs,
            average=average,
            average_share=plan.train.average_share(self.step + 1, self.steps, self.updates + 1),
        )


@dataclass(frozen=True)
class AskSpecimen(Question[SpecimenState]):
    """Costs a copy of the weights and of the optimizer's state; what is computed of it is up to who asks.

    `next_step` asks for the batch of the next step too: some 50 kB to 1 MB.
    """

    period: ClassVar[float] = 2.0  # 60 kB to some 10 MB

    image: PinnedImage = field(default_factory=PinnedImage)
    next_step: bool = False

    def answer(self, trainer: Trainer) -> SpecimenState:
        """Raises `UserError` where the image does not fit."""
        return SpecimenState.of(trainer, self.image, next_step=self.next_step)
