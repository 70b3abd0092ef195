"""What the Mistakes view knows of a network whose target is the image: how far each image is from what was made of it.

Nothing is right or wrong there, so there are no pairs of classes: only all images, and those of each class.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tuicnn.display.terminal import TerminalProfile
from tuicnn.numbers import significant
from tuicnn.training.predictions import Predictions
from tuicnn.tui.mistakes import Mistakes, Pair
from tuicnn.tui.widgets.gallery import Tile
from tuicnn.tui.widgets.lines import Part

__all__ = ["Reconstructions"]


class Reconstructions(Mistakes):
    """As `Mistakes`, with the largest errors in the place of the surest mistakes."""

    def __init__(self, predictions: Predictions, class_names: Sequence[str], terminal: TerminalProfile) -> None:
        super().__init__(predictions, class_names, terminal)
        self.wrong = 0
        self.pairs, self._counts = [(None, None)], [len(predictions)]
        sums = np.bincount(predictions.labels, predictions.errors, predictions.classes)
        #: the mean error of each class's images; NaN of a class without any
        self.errors: NDArray[np.float64] = np.divide(sums, self.sizes, np.full(len(sums), np.nan), where=self.sizes > 0)
        self.weakest = [int(label) for label in np.argsort(-np.nan_to_num(self.errors, nan=-1.0), kind="stable")]
        self.choose((None, None))

    def choose(self, pair: Pair) -> None:
        """Look at all images, or those of a class, the largest error first."""
        label, _ = pair
        self.pair, self.place = (label, None), 0
        places = self.predictions.worst_images()
        self.places = places if label is None else places[self.predictions.labels[places] == label]

    @property
    def mse(self) -> float:
        """The mean squared error over the images."""
        return float(self.predictions.errors.mean(dtype=np.float64))

    @property
    def summary(self) -> str:
        """How good it is: `PSNR 21.3 dB, mean squared error 0.0074`."""
        psnr = f"PSNR {-10 * math.log10(self.mse):.1f} dB, " if self.mse > 0 else ""
        return f"{psnr}mean squared error {significant(self.mse)}"

    def judged(self, of: str) -> tuple[Part, ...]:
        """As `summary`, with the images that it is of."""
        return ((f"{self.summary} {of}", "text"),)

    @property
    def class_head(self) -> tuple[str, str, str]:
        """What stands above the `class_rows`."""
        return "class", "images", "error"

    @property
    def class_rows(self) -> list[tuple[str, str, str]]:
        """Each class: its name, how many images, their mean error."""
        dash = self._terminal.glyphs.dash
        return [
            (self.names[label], f"{int(self.sizes[label]):,}", significant(float(self.errors[label]), dash))
            for label in self.weakest
        ]

    @property
    def title(self) -> str:
        """Which images these are."""
        label, _ = self.pair
        return f"{'all images' if label is None else self.names[label]}, the largest error first"

    @property
    def chosen_text(self) -> str:
        """How far off the image is that is looked at."""
        return f"mean squared error {significant(float(self.predictions.errors[self.places[self.place]]))}"

    def tile(self, place: int, pixels: NDArray[np.uint8] | None) -> Tile:
        """An image, beside it what was made of it, and the error."""
        found = self.predictions
        error = significant(float(found.errors[place]))
        return Tile(pixels, self.names[int(found.labels[place])], "", error, right=True)
