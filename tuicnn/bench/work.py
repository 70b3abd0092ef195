"""The arithmetic of a plan: its products alone, to compare with the machine's speed in matrix products."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuicnn.language.plan import INPUT

if TYPE_CHECKING:
    from tuicnn.language.plan import Plan

__all__ = ["inference_flops", "live_nodes", "training_flops"]


def live_nodes(plan: Plan) -> list[int]:
    """The nodes that the output depends on, in order."""
    wanted = {len(plan.nodes) - 1}
    for index in reversed(range(len(plan.nodes))):
        if index in wanted:
            wanted.update(source for source in plan.nodes[index].inputs if source != INPUT)
    return sorted(wanted)


def inference_flops(plan: Plan) -> int:
    """Floating-point operations of one image's forward pass: two for each multiply-add."""
    return sum(2 * plan.nodes[index].macs for index in live_nodes(plan))


def training_flops(plan: Plan) -> int:
    """Floating-point operations of one image's forward and backward pass.

    The gradient by a layer's weights and the one by its inputs are each as many products as its forward pass; the
    latter only where a layer before it learns, which is not so for the first.
    """
    total = 0
    learns: list[bool] = []
    live = set(live_nodes(plan))
    for index, node in enumerate(plan.nodes):
        upstream = any(learns[source] for source in node.inputs if source != INPUT)
        learns.append(upstream or node.parameters > 0)
        if index in live:
            total += 2 * node.macs * (3 if upstream else 2)
    return total
