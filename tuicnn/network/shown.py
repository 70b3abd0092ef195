"""What a network's training and evaluation give, as it shows itself in a session and in a notebook."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tuicnn.display.epoch_line import epoch_line, loss_text
from tuicnn.display.html import confusion_table, table
from tuicnn.numbers import counted, duration, percent
from tuicnn.training import events, scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ConfusionMatrix", "Epoch", "Scores"]


@dataclass(frozen=True)
class Epoch(events.Epoch):
    """One completed epoch; `epoch` counts from 1, `step` is the number of steps completed at its end.

    Losses are means over images, accuracies shares from 0 to 1; `seconds` are those of training and validation.
    """

    def __str__(self) -> str:
        return epoch_line(self, str(self.epoch))

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        figures = (
            str(self.epoch),
            *map(loss_text, (self.train_loss, self.val_loss)),
            *(percent(share, 2) for share in (self.train_accuracy, self.val_accuracy)),
            f"{self.images_per_second:,.0f}",
            duration(self.seconds),
        )
        heads = ("epoch", "training loss", "validation loss", "training accuracy", "validation accuracy", "images/s")
        return table((*heads, "time"), [figures])


@dataclass(frozen=True, eq=False)
class ConfusionMatrix:
    """How many images of each class (row) were said to be of each class (column); also as an array."""

    counts: NDArray[np.int64]  # (classes, classes)
    class_names: tuple[str, ...]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.counts, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        names, texts = self.class_names, [[f"{count}" if count else "." for count in row] for row in self.counts]
        side = max(map(len, names), default=0)
        wide = 2 + max((len(text) for row in [*texts, list(names)] for text in row), default=1)
        head = " " * side + "".join(name.rjust(wide) for name in names)
        rows = (
            name.ljust(side) + "".join(text.rjust(wide) for text in row) for name, row in zip(names, texts, strict=True)
        )
        return "\n".join([head, *rows])

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return confusion_table(self.counts, self.class_names)


@dataclass(frozen=True, eq=False)
class Scores(scores.Scores):
    """What a network said of some images, and how good that is."""

    def confusion(self) -> ConfusionMatrix:
        """Which classes were taken for which."""
        return ConfusionMatrix(self.answers.confusion(), self.class_names)

    def __repr__(self) -> str:
        if self.of_images:
            error = f"mse {self.mse:.3g}, PSNR {self.psnr:.1f} dB"
            return f"loss {loss_text(self.loss)}, {error}, on {counted(len(self), 'image')}"
        low, high = self.accuracy_interval
        return (
            f"accuracy {percent(self.accuracy, 2)} (95% interval {percent(low, 2)} to {percent(high, 2)}), "
            f"loss {loss_text(self.loss)}, on {counted(len(self), 'image')}"
        )

    def _repr_html_(self) -> str:
        """What a notebook shows: the figures, each class, and the confusion matrix."""
        if self.of_images:
            return f"<p>{self!r}</p>"
        rows = [
            (each.name, f"{each.images:,}", *(percent(share) for share in (each.precision, each.recall, each.f1)))
            for each in self.classes()
        ]
        classes = table(("class", "images", "precision", "recall", "F1"), rows)
        return f"<p>{self!r}</p>{self.confusion()._repr_html_()}<details><summary>By class</summary>{classes}</details>"
