"""The settings `train:`, `input:` and `target:`, which take arguments alone."""

from __future__ import annotations

from dataclasses import dataclass

from tuicnn.limits import BATCH, EPOCHS, SEED
from tuicnn.vocabulary import (
    Choice,
    Duration,
    Integer,
    Number,
    Size,
    SizeKind,
    UnsuitableError,
    option,
    positional,
    word,
)

__all__ = ["Input", "Target", "Train"]


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
        help="end early, after so many epochs in a row that were no better on the validation images",
    )
    ema: float | None = option(
        Number(above=0, below=1),
        default=None,
        help="evaluate and keep a running mean of the weights, of which this share stays at each step, at most "
        "(1 + t) / (10 + t) after t steps",
    )
    lookahead: int | None = option(
        Integer(at_least=1, at_most=1_000_000),
        default=None,
        help="every so many steps the weights go back to slow ones, which have gone a part of the way",
    )
    alpha: float | str | None = option(
        Number(above=0, at_most=1, also=("falling",)),
        default=None,
        help="that part of the way, 0.5 where it is left out; falling: from 1 down to 1 - 0.95**lookahead, as the cube "
        "of the steps done",
    )

    def __post_init__(self) -> None:
        if self.ema and self.lookahead:
            raise UnsuitableError("averages weights by ema or by lookahead, not by both", help="remove one of them")

    @property
    def averages(self) -> bool:
        """Whether what is evaluated is an average of the weights over the steps."""
        return bool(self.ema or self.lookahead)

    def average_share(self, step: int, steps: int, updates: int) -> float:
        """How much of the way to the weights their average goes after a step.

        It is the `step` from 1 of so many `steps`, and number `updates` since the average began. A young running mean
        moves faster, as TensorFlow's: it would else stay near the first weights for long. Slow weights: Zhang, Lucas,
        Hinton and Ba, Lookahead Optimizer (2019); falling: Jordan, 94% on CIFAR-10 in 3.29 Seconds on a Single GPU
        (2024), section 3.4.
        """
        if self.ema:
            return 1 - min(self.ema, (1 + updates) / (10 + updates))
        if not self.lookahead or step % self.lookahead:
            return 0.0
        if isinstance(self.alpha, str):
            return 1 - 0.95**self.lookahead * (step / steps) ** 3
        return 0.5 if self.alpha is None else self.alpha


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


@word(
    "setting",
    "target",
    help="what the outputs are compared with: each image's class, or the image itself",
    example="image",
    usage="target WHAT",
)
@dataclass(frozen=True)
class Target:
    """`target: image`, for autoencoders: the outputs should be the image's own pixels, from 0 to 1."""

    what: str = positional(Choice(("class", "image")), default="class", help="what the network should say")
