"""What a benchmark found, as figures and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Literal, get_args

from tuicnn.bench.turns import LayerTimes

__all__ = ["KINDS", "Figures", "Kind", "Result", "geometric_mean"]

#: what is measured, in images a second
Kind = Literal["training", "inference"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass
class Figures:
    """What one side did: images a second in each round, its layers' times of one step, and its peak of memory."""

    rounds: dict[Kind, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    layers: LayerTimes = field(default_factory=list)
    memory: int = 0

    def rate(self, kind: Kind) -> float:
        """Images a second, the median."""
        return median(self.rounds[kind])


@dataclass
class Result:
    """One net with one number of threads. `sides` has `tuicnn`, and `contiguous` and `channels_last` of PyTorch.

    `nodes` has each layer's name, its text, and the kernel that computes it here, "" where there is no choice. `flops`
    are those of the products of one image.
    """

    net: str
    threads: int
    batch: int
    data: str
    own_data: bool
    images: int
    nodes: list[tuple[str, str, str]]
    flops: dict[Kind, int]
    sgemm: float
    sides: dict[str, Figures]

    @property
    def ours(self) -> Figures:
        """This engine's figures."""
        return self.sides["tuicnn"]

    def best(self, kind: Kind) -> str | None:
        """The memory format in which PyTorch is faster; None where it was not measured."""
        theirs = [side for side in self.sides if side != "tuicnn"]
        return max(theirs, key=lambda side: self.sides[side].rate(kind), default=None)

    def ratio(self, kind: Kind) -> float | None:
        """How many times as fast as PyTorch in its better memory format."""
        best = self.best(kind)
        return None if best is None else self.ours.rate(kind) / self.sides[best].rate(kind)

    def share(self, side: str, kind: Kind) -> float:
        """The part of the machine's sgemm speed that a side's products come to."""
        return self.sides[side].rate(kind) * self.flops[kind] / self.sgemm

    def as_json(self) -> dict[str, Any]:
        """The object that `tuicnn bench --json` prints; its keys are described in docs/bench.md."""
        return {
            **{name: getattr(self, name) for name in ("net", "threads", "batch", "data", "own_data", "images")},
            **{f"{kind}_flops": self.flops[kind] for kind in KINDS},
            "sgemm_flops_per_second": self.sgemm,
            **{f"{kind}_ratio": self.ratio(kind) for kind in KINDS},
            "sides": {name: self._side(name) for name in self.sides},
        }

    def _side(self, name: str) -> dict[str, Any]:
        side = self.sides[name]
        layers = []
        for (node, text, kernel), (forward, backward) in zip(self.nodes, side.layers, strict=True):
            chosen = {"kernel": kernel} if kernel and name == "tuicnn" else {}
            layers.append({"name": node, "text": text, **chosen, "forward": forward, "backward": backward})
        return {
            **{kind: side.rate(kind) for kind in KINDS},
            **{f"{kind}_share": self.share(name, kind) for kind in KINDS},
            "memory": side.memory,
            **{f"{kind}_rounds": side.rounds[kind] for kind in KINDS},
            "layers": layers,
        }


def geometric_mean(values: Iterable[float]) -> float:
    """`exp(mean(log(values)))`: the mean of ratios that does not depend on which side is divided by which."""
    logarithms = [math.log(value) for value in values]
    return math.exp(sum(logarithms) / len(logarithms))
