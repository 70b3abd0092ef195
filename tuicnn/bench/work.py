"""The arithmetic of a plan: its products alone, to compare with the machine's speed in matrix products."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuicnn.language.plan import INPUT

if TYPE_CHECKING:
    from tuicnn.language.plan import Plan

__all__ = ["inference_flops", "training_flops"]


def inference_flops(plan: Plan) -> int:
    """Floating-point operations of one image's forward pass: two for each multiply-add."""
    return sum(2 * plan.nodes[index].macs for index in plan.live)


def training_flops(plan: Plan) -> int:
    """Floating-point operations of one image's forward and backward pass.

    The gradient by a layer's weights and the one by its inputs are each as many products as its forward pass; the
    latter only where a layer before it learns, which is not so for the first.
    """
    total = 0
    learns: list[bool] = []
    for index, node in enumerate(plan.nodes):
        upstream = any(learns[source] for source in node.inputs if source != INPUT)
        learns.append(upstream or node.parameters > 0)
        if index in plan.live:
            total += 2 * node.macs * (3 if upstream else 2)
    return total
