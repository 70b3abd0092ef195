"""What was said of an epoch's validation images, as it is gone through: a pair of classes, and the images behind it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tuicnn.display.terminal import TerminalProfile
from tuicnn.display.text import displayable
from tuicnn.numbers import percent
from tuicnn.training.predictions import Predictions
from tuicnn.tui.widgets.gallery import Tile
from tuicnn.tui.widgets.lines import Part

__all__ = ["Mistakes", "Pair"]

#: a class, and what it was taken for; None: any, and any other
Pair = tuple[int | None, int | None]


class Mistakes:
    """The predictions of one epoch, and which of them are looked at: those of a `pair`, one of them at `place`."""

    def __init__(self, predictions: Predictions, class_names: Sequence[str], terminal: TerminalProfile) -> None:
        self.predictions = predictions
        self._terminal = terminal
        names = [displayable(name, terminal) for name in class_names[: predictions.classes]]
        #: what the classes are called; a number where that is not known
        self.names = [*names, *map(str, range(len(names), predictions.classes))]
        self.wrong = int(predictions.wrong.sum())
        found = predictions.confusions()
        #: the rows of a list: all mistakes, and then each pair of classes with mistakes, the most frequent first
        self.pairs: list[Pair] = [(None, None), *((each.label, each.said) for each in found)] if found else []
        self._counts = [self.wrong, *(each.count for each in found)][: len(self.pairs)]
        self.sizes, self.accuracy = predictions.class_sizes(), predictions.class_accuracy()
        #: the classes, the one with the smallest share right first; those without images last
        self.weakest = [int(label) for label in np.lexsort((-self.sizes, np.nan_to_num(self.accuracy, nan=2.0)))]
        self.pair: Pair = self.pairs[1] if found else (None, None)
        self.places: NDArray[np.int64] = np.zeros(0, np.int64)  # of its images in the predictions
        self.place = 0
        self.choose(self.pair)

    def choose(self, pair: Pair) -> None:
        """Look at the images of a pair of classes, at the surest mistake first; of a class that is right, the least."""
        label, said = self.pair = pair
        self.place = 0
        if label is not None and label == said:
            self.places = self.predictions.least_sure(label)
        else:
            self.places = self.predictions.worst(label, said)

    def choose_row(self, row: int) -> None:
        """Look at a row of `pairs`."""
        if self.pairs:
            self.choose(self.pairs[max(0, min(row, len(self.pairs) - 1))])

    def choose_class(self, row: int) -> None:
        """Look at the mistakes of a class, by its row among the `weakest`."""
        self.choose((self.weakest[max(0, min(row, len(self.weakest) - 1))], None))

    def choose_cell(self, down: int, right: int) -> None:
        """Look at a neighbour of the pair in the confusion matrix."""
        last = self.predictions.classes - 1
        label, said = (at if at is not None else 0 for at in self.pair)
        self.choose((max(0, min(last, label + down)), max(0, min(last, said + right))))

    def go(self, place: int) -> None:
        """Look at another of the images."""
        self.place = max(0, min(place, len(self.places) - 1))

    def go_to_number(self, number: int) -> None:
        """Look at the image of a number, where it is one of these."""
        found = np.flatnonzero(self.predictions.numbers[self.places] == number)
        if len(found):
            self.place = int(found[0])

    @property
    def row(self) -> int:
        """The row of the pair; -1 where it is not there."""
        return self.pairs.index(self.pair) if self.pair in self.pairs else -1

    @property
    def class_row(self) -> int:
        """The row of the class that is looked at; -1 where it is a pair, or all."""
        label, said = self.pair
        return self.weakest.index(label) if label is not None and said is None else -1

    @property
    def number(self) -> int:
        """That of the image that is looked at; there is one."""
        return int(self.predictions.numbers[self.places[self.place]])

    def numbers(self, places: NDArray[np.int64]) -> tuple[int, ...]:
        """Those of images."""
        return tuple(self.predictions.numbers[places].tolist())

    # --- in words ---------------------------------------------------------------------------------------------------

    @property
    def pair_rows(self) -> list[tuple[str, str, str]]:
        """Each of `pairs`: what it is, what was said, how often."""
        rows = []
        for (label, said), count in zip(self.pairs, self._counts, strict=True):
            truth = "all" if label is None else self.names[label]
            rows.append((truth, "" if said is None else self.names[said], f"{count:,}"))
        return rows

    def judged(self, of: str) -> tuple[Part, ...]:
        """How good it is, in words, where `of` says on which images: `of 5,000 validation images`."""
        return (
            (f"{percent(self.predictions.accuracy, 2)} right, ", "text"),
            (f"{self.wrong:,}", "bad" if self.wrong else "good"),
            (f" {of} wrong", "text"),
        )

    @property
    def class_head(self) -> tuple[str, str, str]:
        """What stands above the `class_rows`."""
        return "class", "images", "right"

    @property
    def class_rows(self) -> list[tuple[str, str, str]]:
        """Each of the `weakest`: its name, how many images, the share that is right."""
        dash = self._terminal.glyphs.dash
        return [
            (self.names[label], f"{int(self.sizes[label]):,}", percent(float(self.accuracy[label]), 1, dash))
            for label in self.weakest
        ]

    @property
    def title(self) -> str:
        """Which images these are."""
        label, said = self.pair
        if label is None:
            return "all mistakes, the surest first"
        if said == label:
            return f"{self.names[label]} that is right, the least sure first"
        return f"{self.names[label]} said to be {'another class' if said is None else self.names[said]}"

    @property
    def chosen_text(self) -> str:
        """What was said of the image that is looked at, and how much its own class got: `9 98.3%, 4 1.2%`."""
        found, at = self.predictions, self.places[self.place]
        text = f"{self.names[found.said[at]]} {percent(float(found.confidences[at]), 1)}"
        if found.said[at] != found.labels[at]:
            text += f", {self.names[found.labels[at]]} {percent(float(found.truths[at]), 1)}"
        return text

    def tile(self, place: int, pixels: NDArray[np.uint8] | None) -> Tile:
        """An image with what was said of it, by its place in the predictions."""
        found = self.predictions
        label, said = int(found.labels[place]), int(found.said[place])
        sure = percent(float(found.confidences[place]), 0)
        return Tile(pixels, self.names[label], self.names[said], sure, right=said == label)
