"""Schedules: the factor on the learning rate at each step.

They depend on the step's number and their count alone; but for `plateau`, which goes by the epochs' validation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from tuicnn.vocabulary import Integer, ListOf, Number, option, word

__all__ = ["Constant", "Cosine", "Linear", "OneCycle", "Plateau", "Restarts", "Schedule", "Step"]

_WARMUP = Number(at_least=0, at_most=100_000)
_WARMUP_HELP = "epochs (also parts of one) over which the rate first rises from 0"
_FINAL = Number(at_least=0, at_most=1)
_FINAL_HELP = "what the rate ends at, as a share of the full rate"


schedule = partial(word, "schedule")


class Schedule:
    """The base of all schedules. Subclasses are frozen dataclasses registered with `schedule(…)`."""

    def scale(self, step: int, steps_per_epoch: int, epochs: int) -> float:
        """What the learning rate is multiplied by at `step` (from 0) of `steps_per_epoch * epochs`."""
        raise NotImplementedError

    def after(self, val_losses: Sequence[float]) -> float:
        """What it is multiplied by from here on, beside `scale`, now that epochs with these validation losses are over.

        1 where nothing changes.
        """
        return 1.0


@schedule(
    "constant",
    help="the same rate all the way",
    aliases=("none", "fixed"),
    example="constant",
    formula="rate = lr",
)
@dataclass(frozen=True)
class Constant(Schedule):
    """The rate as given."""

    def scale(self, step: int, steps_per_epoch: int, epochs: int) -> float:
        return 1.0


@schedule(
    "step",
    help="multiply the rate by a factor after some epochs",
    aliases=("multistep", "steps", "decay"),
    example="step at=[10, 20] factor=0.1",
    formula="rate = lr * factor**sum(epoch >= e for e in at)\nepoch: how many are over",
)
@dataclass(frozen=True)
class Step(Schedule):
    """The rate times `factor` for each of the epochs in `at` that is over."""

    at: tuple[int, ...] = option(
        ListOf(Integer(at_least=1), distinct=True), default=(10, 20), help="after which epochs"
    )
    factor: float = option(Number(above=0, at_most=10), default=0.1, help="what the rate is multiplied by")

    def scale(self, step: int, steps_per_epoch: int, epochs: int) -> float:
        return float(self.factor ** sum(step >= epoch * steps_per_epoch for epoch in self.at))


@dataclass(frozen=True)
class Falling(Schedule):
    """What cosine and linear share: after a warm-up, the rate falls to 0, or to `final`."""

    warmup: float = option(_WARMUP, default=0.0, help=_WARMUP_HELP)
    final: float = option(_FINAL, default=0.0, help=_FINAL_HELP)
    start: float = option(
        _FINAL, default=0.0, help="what the rate rises from in the warm-up, as a share of the full rate"
    )

    def fall(self, t: float) -> float:
        """The factor when a share `t` of the steps after the warm-up is done."""
        raise NotImplementedError

    def scale(self, step: int, steps_per_epoch: int, epochs: int) -> float:
        warm = self.warmup * steps_per_epoch
        rest = steps_per_epoch * epochs - warm
        done = (step - warm) / rest if rest > 0 else 0.0  # a warm-up as long as training: all of it rises
        share = self.final + (1 - self.final) * self.fall(min(1.0, max(0.0, done)))
        rise = min(1.0, (step + 1) / warm) if warm else 1.0
        return (self.start + (1 - self.start) * rise) * share


_FALLING = "rise: from `start` to 1 over the first `warmup` epochs, then 1\nt: 0 during them, then from 0 to 1"


@schedule(
    "cosine",
    help="from the full rate to 0, or to a share of it, along half a cosine (Loshchilov and Hutter 2017)",
    aliases=("cosineannealing", "cos"),
    example="cosine warmup=1",
    formula=f"rate = lr * rise * (final + (1 - final)*(1 + cos(pi*t))/2)\n{_FALLING}",
    source="Loshchilov and Hutter, SGDR (2017), equation 5, without restarts",
)
@dataclass(frozen=True)
class Cosine(Falling):
    """(1 + cos(pi t)) / 2, t from 0 to 1 after the warm-up."""

    def fall(self, t: float) -> float:
        return (1 + math.cos(math.pi * t)) / 2


@schedule(
    "linear",
    help="from the full rate straight down to 0, or to a share of it",
    aliases=("poly",),
    example="linear warmup=1",
    formula=f"rate = lr * rise * (final + (1 - final)*(1 - t))\n{_FALLING}",
    source="Goyal and others, Accurate, Large Minibatch SGD (2017), section 2.2, for the warm-up",
)
@dataclass(frozen=True)
class Linear(Falling):
    """1 - t, t from 0 to 1 after the warm-up."""

    def fall(self, t: float) -> float:
        return 1 - t


@schedule(
    "onecycle",
    help="up to the full rate, then down to almost 0 (Smith and Topin 2018)",
    aliases=("1cycle", "one_cycle"),
    example="onecycle",
    formula=(
        "up:   rate = lr * (1 - 0.96*(1 + cos(pi*t))/2)\n"
        "down: rate = lr * (0.000004 + 0.999996*(1 + cos(pi*t))/2)\n"
        "t: from 0 to 1 over the share `rise` of the steps, and again over the others"
    ),
    source="Smith and Topin, Super-Convergence (2018), in PyTorch's form",
)
@dataclass(frozen=True)
class OneCycle(Schedule):
    """Rises from 1/25 to 1 over the first 30% of the steps and falls to 4e-6, both along half a cosine.

    The learning rate of PyTorch's OneCycleLR with its defaults (the momentum stays as it is).
    """

    rise: float = option(Number(above=0, below=1), default=0.3, help="share of the steps over which the rate rises")

    def scale(self, step: int, steps_per_epoch: int, epochs: int) -> float:
        low, end = 1 / 25, 1 / 25 / 1e4
        last = steps_per_epoch * epochs - 1
        if last < 1:
            return 1.0
        peak = self.rise * (last + 1) - 1
        if step <= peak:
            a, b, t = low, 1.0, (step / peak if peak > 0 else 1.0)
        else:
            a, b, t = 1.0, end, (step - peak) / (last - peak)
        return b + (a - b) * (1 + math.cos(math.pi * min(1.0, t))) / 2


@schedule(
    "restarts",
    help="along half a cosine again and again, each time from the full rate (Loshchilov and Hutter 2017)",
    aliases=(
        "sgdr",
        "cosineannealingwarmrestarts",
        "cosine_annealing_warm_restarts",
        "cosine_restarts",
        "warm_restarts",
    ),
    example="restarts every=10 growth=2",
    formula=(
        "rate = lr * (final + (1 - final)*(1 + cos(pi*t))/2)\n"
        "t: from 0 to 1 over the first `every` epochs, then over `growth` times as many, and so on"
    ),
    source="Loshchilov and Hutter, SGDR (2017), equation 5",
)
@dataclass(frozen=True)
class Restarts(Schedule):
    """PyTorch's CosineAnnealingWarmRestarts, with a step for each batch: `every` is its T_0, `growth` its T_mult."""

    every: int = option(Integer(at_least=1, at_most=100_000), default=10, help="epochs until the first restart")
    growth: int = option(Integer(at_least=1, at_most=1000), default=1, help="how many times longer each next cycle is")
    final: float = option(_FINAL, default=0.0, help="what the rate falls to in each cycle, as a share of the full rate")

    def scale(self, step: int, steps_per_epoch: int, epochs: int) -> float:
        begun, length = 0, self.every * steps_per_epoch
        while step >= begun + length:
            if self.growth == 1:
                begun = step - step % length
            else:
                begun, length = begun + length, length * self.growth
        return self.final + (1 - self.final) * (1 + math.cos(math.pi * (step - begun) / length)) / 2

    def ends(self, epochs: int) -> list[int]:
        """After which epochs cycles end: those up to `epochs`, and the next one."""
        found, length = [self.every], self.every
        while found[-1] <= epochs:
            length *= self.growth
            found.append(found[-1] + length)
        return found


@schedule(
    "plateau",
    help="the same rate until the validation loss falls no more, then a share of it",
    aliases=("reducelronplateau", "reduce_lr_on_plateau", "reduce_on_plateau"),
    example="plateau patience=5 factor=0.1",
    formula=(
        "rate = lr * factor**n\n"
        "n: grows by 1 after more than `patience` epochs in a row whose validation loss is not below the lowest "
        "before, less `threshold` of it"
    ),
    source="PyTorch's ReduceLROnPlateau",
)
@dataclass(frozen=True)
class Plateau(Schedule):
    """PyTorch's ReduceLROnPlateau on the validation loss; the number of falls is told as a change of the rate."""

    patience: int = option(Integer(at_most=100_000), default=5, help="epochs without a lower loss that change nothing")
    factor: float = option(Number(above=0, below=1), default=0.1, help="what the rate is multiplied by")
    threshold: float = option(
        Number(at_least=0, below=1), default=1e-4, help="how much lower a loss must be, as a share of the lowest"
    )

    def scale(self, step: int, steps_per_epoch: int, epochs: int) -> float:
        return 1.0

    def after(self, val_losses: Sequence[float]) -> float:
        """See `Schedule.after`: whether the rate falls after the last of these."""
        best, waited, falls = math.inf, 0, False
        for loss in val_losses:
            falls = False
            if loss < best * (1 - self.threshold):
                best, waited = loss, 0
            else:
                waited += 1
            if waited > self.patience:
                waited, falls = 0, True
        return self.factor if falls else 1.0
