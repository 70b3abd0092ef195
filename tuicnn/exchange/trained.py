"""A trained network as it leaves tuicnn: its plan, its weights, and what normalises the images it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuicnn.errors import UserError

if TYPE_CHECKING:
    from tuicnn.language import Plan
    from tuicnn.runs.folder import RunFolder
    from tuicnn.training.checkpoint import Checkpoint

__all__ = ["TrainedNetwork"]


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """The network of a run at some moment. `checkpoint` has its weights, class names, mean and standard deviation."""

    name: str
    plan: Plan
    checkpoint: Checkpoint

    @classmethod
    def of_run(
        cls, folder: RunFolder, epoch: int | None = None, warn: Callable[[str], None] = lambda sentence: None
    ) -> TrainedNetwork:
        """With a run's newest weights that are saved, or those after an `epoch`; its data need not be here.

        `warn` is told of damaged checkpoints. Raises `UserError` where there are no weights.
        """
        from tuicnn.runs.specimens import checkpoint_after, plan_at

        checkpoint = checkpoint_after(folder, epoch, warn)
        if not checkpoint.class_names:
            raise UserError(
                f"The run {folder.name} has not begun to train, so that it is not known yet how its images are "
                f"normalised; it begins with: {folder.resume}"
            )
        return cls(folder.name, plan_at(folder, checkpoint, without_data=True), checkpoint)

    @property
    def said(self) -> tuple[int, ...]:
        """The shape of what it says of an image: its classes, or the image itself."""
        return self.plan.input if self.plan.of_images else (len(self.checkpoint.class_names),)

    @property
    def answer(self) -> str:
        """What that is called in a file for other programs."""
        return "pixels" if self.plan.of_images else "probabilities"

    @property
    def outputs(self) -> int:
        """How many numbers the network gives for an image; the loss makes probabilities of them."""
        return self.plan.nodes[-1].shape[0]
