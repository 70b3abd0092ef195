"""The settings `train:` and `input:`, which take arguments alone."""

from __future__ import annotations

from dataclasses import dataclass

from tuicnn.limits import BATCH, EPOCHS, SEED
from tuicnn.vocabulary import Duration, Integer, Size, SizeKind, option, positional, word

__all__ = ["Input", "Train"]


@word("setting", "train", help="how long, in what portions, from which seed", example="epochs=10 batch=64 seed=0")
@dataclass(frozen=True)
class Train:
    """`train: epochs=10 batch=64 seed=0`."""

    epochs: int = option(Integer(EPOCHS.least, EPOCHS.most), default=10, help="passes over the training images")
    batch: int = option(Integer(BATCH.least, BATCH.most), default=64, help="images a step")
    seed: int = option(Integer(SEED.least, SEED.most), default=0, help="where all randomness starts")
    checkpoint: float = option(
        Duration(at_least=1, at_most=86_400),
        default=30.0,
        help="how often a checkpoint is written, beside those at each epoch's end",
    )
    patience: int | None = option(
        Integer(at_least=1, at_most=EPOCHS.most),
        default=None,
        help="end early, after so many epochs in a row without a better validation accuracy",
    )


@word(
    "setting",
    "input",
    help="the shape of an image; the data set's own where it is left out",
    example="1x28x28",
    usage="input CxHxW",
)
@dataclass(frozen=True)
class Input:
    """`input: 1x28x28`."""

    shape: Size = positional(SizeKind(axes=3, square=False, at_most=65_536), help="channels x height x width")
