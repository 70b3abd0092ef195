"""What no run of a plan can have kept in a checkpoint: numbers that somebody, or a faulty program, wrote there."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

from tuicnn.training.fingerprints import plan_fingerprint

if TYPE_CHECKING:
    from tuicnn.language import Plan
    from tuicnn.training.checkpoint import Checkpoint

__all__ = ["fault_of", "fault_of_arrays", "memory"]


def fault_of(checkpoint: Checkpoint, plan: Plan) -> str:
    """What no run of the plan can have kept, "" for nothing; whether it is of another plan is asked elsewhere."""
    if checkpoint.plan != plan_fingerprint(plan):
        return ""
    return _fault_of_counts(checkpoint, plan) or fault_of_arrays(checkpoint, plan)


def fault_of_arrays(checkpoint: Checkpoint, plan: Plan) -> str:
    """The same of its arrays alone, which have the plan's shapes; asked wherever a network takes them up."""
    start = 0
    for node in plan.nodes:
        for name, spec in node.layer.weights(*node.input_shapes).items():
            if not spec.learnt:
                end = start + math.prod(spec.shape)
                if name == "running_var" and (checkpoint.kept[start:end] < 0).any():
                    return f"the running variance of {node.name} is negative"
                start = end
    return ""


def memory() -> int:
    """The bytes of memory that this machine has."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _fault_of_counts(checkpoint: Checkpoint, plan: Plan) -> str:
    step, per_epoch, epochs = checkpoint.step, checkpoint.steps_per_epoch, checkpoint.epochs_planned
    # a step takes an image at least, and the images are in memory, a byte for each number
    most = memory() // math.prod(plan.input)
    if not checkpoint.epochs * per_epoch <= step <= epochs * per_epoch or per_epoch > most:
        return f"{step:,} steps and {checkpoint.epochs:,} epochs cannot be those of {epochs:,} epochs of the net"
    return ""
