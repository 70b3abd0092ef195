"""Measures a net: the sides take turns, A B C A B C, in one run, so that other load on the machine affects all alike.

Each side is a process, and only the one whose turn it is computes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tuicnn.bench.process import SIDES, SideProcess
from tuicnn.bench.results import Figures, Kind, Result
from tuicnn.bench.work import inference_flops, training_flops
from tuicnn.errors import UserError

if TYPE_CHECKING:
    from tuicnn.language.plan import Plan

__all__ = ["Timing", "contest"]

#: by which share the sides' losses may differ before training
_ALIKE = 1e-3
_ORDERS: dict[Kind, str] = {"training": "train", "inference": "evaluate"}


@dataclass(frozen=True)
class Timing:
    """How long to measure: `rounds`, in each of which every side trains and evaluates for `seconds` each."""

    seconds: float = 1.0
    rounds: int = 5


def contest(
    plan: Plan, path: Path, threads: int, timing: Timing, *, against: bool, said: Callable[[str], None]
) -> Result:
    """Measure a net, also `against` PyTorch. `said` is told what is being done. Raises `UserError`."""
    names = SIDES if against else SIDES[:1]
    order = {"text": plan.text, "path": str(path), "threads": threads}
    with ExitStack() as stack:
        said("reading data")
        sides = {names[0]: stack.enter_context(SideProcess(names[0], threads))}
        about = {names[0]: sides[names[0]].ask({**order, "side": names[0]})}
        for name in names[1:]:  # after the first, which has decoded the images for all; then in parallel
            sides[name] = stack.enter_context(SideProcess(name, threads))
            sides[name].send({**order, "side": name})
        about |= {name: sides[name].answer() for name in names[1:]}
        _compare({name: float(found["sample_loss"]) for name, found in about.items()}, plan.name)
        figures = {name: Figures() for name in names}
        _rounds(sides, figures, "training", timing, said)
        for name, side in sides.items():  # before an evaluation, whose batches are others
            figures[name].memory = side.ask({"do": "memory"})["bytes"]
        _rounds(sides, figures, "inference", timing, said)
        said("layer by layer")
        for name, side in sides.items():
            times = side.ask({"do": "layers", "seconds": timing.seconds})["times"]
            figures[name].layers = [(forward, backward) for forward, backward in times]
        said("matrix products")
        sgemm = sides[names[0]].ask({"do": "sgemm", "seconds": timing.seconds})["flops"]
    ours = about[names[0]]
    return Result(
        net=plan.name,
        threads=threads,
        batch=plan.train.batch,
        data=ours["data"],
        own_data=ours["own_data"],
        images=ours["images"],
        nodes=[(node.name, node.text, node.layer.method(*node.input_shapes)) for node in plan.nodes],
        flops={"training": training_flops(plan), "inference": inference_flops(plan)},
        sgemm=sgemm,
        sides=figures,
    )


def _rounds(
    sides: dict[str, SideProcess], found: dict[str, Figures], kind: Kind, timing: Timing, said: Callable[[str], None]
) -> None:
    """Let the sides work in turn, once to warm up and then in each round."""
    for number in range(timing.rounds + 1):
        said(f"{kind}, round {number} of {timing.rounds}" if number else f"{kind}, warming up")
        for name, side in sides.items():
            seconds = timing.seconds if number else timing.seconds / 4
            rate = float(side.ask({"do": _ORDERS[kind], "seconds": seconds})["rate"])
            if number:
                found[name].rounds[kind].append(rate)


def _compare(losses: dict[str, float], net: str) -> None:
    """Raise `UserError` where the sides do not compute the same loss."""
    ours = losses["tuicnn"]
    for name, loss in losses.items():
        if not (math.isclose(ours, loss, rel_tol=_ALIKE, abs_tol=_ALIKE) or math.isnan(ours) or math.isnan(loss)):
            raise UserError(
                f"{net}: a loss of {ours:.6g} here is {loss:.6g} in PyTorch ({name}); so nothing was measured"
            )
