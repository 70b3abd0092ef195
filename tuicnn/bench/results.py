"""What a benchmark found, as figures and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from tuicnn.bench.turns import LayerTimes

__all__ = ["Figures", "Result", "geometric_mean"]


@dataclass
class Figures:
    """What one side did: images a second in each round, its layers' times of one step, and its peak of memory."""

    training_rounds: list[float] = field(default_factory=list)
    inference_rounds: list[float] = field(default_factory=list)
    layers: LayerTimes = field(default_factory=list)
    memory: int = 0

    @property
    def training(self) -> float:
        """Images a second while training, the median."""
        return median(self.training_rounds)

    @property
    def inference(self) -> float:
        """Images a second of an evaluation, the median."""
        return median(self.inference_rounds)


@dataclass
class Result:
    """One net with one number of threads. `sides` has `tuicnn`, and `contiguous` and `channels_last` of PyTorch.

    `nodes` has each layer's name, its text, and the kernel that computes it here, "" where there is no choice.
    """

    net: str
    threads: int
    batch: int
    data: str
    own_data: bool
    images: int
    nodes: list[tuple[str, str, str]]
    training_flops: int
    inference_flops: int
    sgemm: float
    sides: dict[str, Figures]

    @property
    def ours(self) -> Figures:
        """This engine's figures."""
        return self.sides["tuicnn"]

    def best(self, kind: str) -> str | None:
        """The memory format in which PyTorch is faster at `training` or `inference`; None where it was not measured."""
        theirs = [side for side in self.sides if side != "tuicnn"]
        return max(theirs, key=lambda side: float(getattr(self.sides[side], kind)), default=None)

    def ratio(self, kind: str) -> float | None:
        """How many times as fast as PyTorch in its better memory format."""
        best = self.best(kind)
        return None if best is None else getattr(self.ours, kind) / getattr(self.sides[best], kind)

    def share(self, side: str, kind: str) -> float:
        """The part of the machine's sgemm speed that a side's products come to."""
        flops = self.training_flops if kind == "training" else self.inference_flops
        return float(getattr(self.sides[side], kind)) * flops / self.sgemm

    def as_json(self) -> dict[str, Any]:
        """The object that `tuicnn bench --json` prints; its keys are described in docs/bench.md."""
        return {
            "net": self.net,
            "threads": self.threads,
            "batch": self.batch,
            "data": self.data,
            "own_data": self.own_data,
            "images": self.images,
            "training_flops": self.training_flops,
            "inference_flops": self.inference_flops,
            "sgemm_flops_per_second": self.sgemm,
            "training_ratio": self.ratio("training"),
            "inference_ratio": self.ratio("inference"),
            "sides": {name: self._side(name) for name in self.sides},
        }

    def _side(self, name: str) -> dict[str, Any]:
        side = self.sides[name]
        return {
            "training": side.training,
            "inference": side.inference,
            "training_share": self.share(name, "training"),
            "inference_share": self.share(name, "inference"),
            "memory": side.memory,
            "training_rounds": side.training_rounds,
            "inference_rounds": side.inference_rounds,
            "layers": [
                {
                    "name": node,
                    "text": text,
                    **({"kernel": kernel} if kernel and name == "tuicnn" else {}),
                    "forward": forward,
                    "backward": backward,
                }
                for (node, text, kernel), (forward, backward) in zip(self.nodes, side.layers, strict=True)
            ],
        }


def geometric_mean(values: Iterable[float]) -> float:
    """`exp(mean(log(values)))`: the mean of ratios that does not depend on which side is divided by which."""
    logarithms = [math.log(value) for value in values]
    return math.exp(sum(logarithms) / len(logarithms))
