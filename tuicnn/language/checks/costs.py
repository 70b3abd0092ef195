"""Estimates the memory and time of a training step before anything is allocated, and compares it to the machine's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tuicnn.language.diagnostics import Code, Span
from tuicnn.language.excerpts import one_line
from tuicnn.language.fixes import Fix, write
from tuicnn.language.plan import Node
from tuicnn.language.report import Report
from tuicnn.layers.shapes import shape_text
from tuicnn.sharding import shard_size
from tuicnn.system import machine
from tuicnn.system.machine import in_bytes
from tuicnn.vocabulary import info

if TYPE_CHECKING:
    from tuicnn.optimizers import Optimizer

__all__ = ["check_costs", "in_words", "step_memory"]

#: bytes of a number (float32)
_BYTES = 4
#: multiply-adds a second that a processor does at least, and hours for one epoch that are worth a warning
_RATE, _HOURS = 4e9, 24.0
#: what a forward and a backward pass cost, in forward passes
_PASSES = 3


def in_words(count: int) -> str:
    """`3.3 billion`, `14 million`."""
    for word, size in (("trillion", 1e12), ("billion", 1e9), ("million", 1e6)):
        if count >= size:
            return f"{count / size:.{0 if count >= 100 * size else 1}f} {word}"
    return f"{count:,}"


def step_memory(
    nodes: Sequence[Node], optimizer: Optimizer | None, batch: int, *, averages: bool = False
) -> tuple[int, int]:
    """Bytes for the weights with all that is kept beside them, and for what a batch leaves behind in a step.

    Weights and a copy to go back to, the optimizer's arrays, their average where it `averages`, the sums of gradients
    and what is added to them; each layer's output, once to be kept until the backward pass and once as its gradient
    while that passes.
    Shards that need not wait for each other are done with before the next ones begin.
    """
    kept = (len(optimizer.state_names) if optimizer else 0) + averages
    shards = max(1, -(-batch // _shard(nodes, batch)))
    processes = min(shards, machine.processors())
    sums = processes * (1 + (-(-shards // processes) - 1).bit_length())  # each process adds its shards in a tree
    weights = sum(node.parameters for node in nodes) * _BYTES * (2 + kept + sums)
    outputs = [math.prod(node.shape) for node in nodes]
    return weights, (sum(outputs) + 2 * max(outputs, default=0)) * _BYTES * _at_once(nodes, batch)


def _shard(nodes: Sequence[Node], batch: int) -> int:
    return shard_size(sum(node.layer.macs(*node.input_shapes) for node in nodes), batch)


def _at_once(nodes: Sequence[Node], batch: int) -> int:
    """The images of a batch whose outputs are in memory at the same time."""
    if any(node.layer.whole_batch for node in nodes):
        return batch
    return min(batch, _shard(nodes, batch) * machine.processors())


def check_costs(nodes: Sequence[Node], made: dict[str, Any], images: int | None, last: Span, report: Report) -> None:
    """Refuse what does not fit in this machine's memory; warn of an epoch that would take days."""
    train, optimizer = made.get("train"), made.get("optim")
    if train is None or not nodes:
        return
    there = machine.memory()
    weights, batch = step_memory(nodes, optimizer, train.batch, averages=train.averages)
    if there is not None and weights > there.total:
        _too_many_weights(nodes, optimizer, there.total, last, report)
    elif there is not None and weights + batch > there.total:
        _too_large_a_batch(weights, batch, _at_once(nodes, train.batch), there.total, train.batch, last, report)
    elif there is not None and weights + batch > there.free:
        need, free = in_bytes(weights + batch), in_bytes(there.free)
        message = f"a training step takes {need}, and {free} of this machine's memory are free at the moment"
        report.warning(Code.MEMORY, message, last, help="end what else runs here, or take a smaller batch")
    elif images is not None:
        _too_long(nodes, images, last, report)


def _too_many_weights(
    nodes: Sequence[Node], optimizer: Optimizer | None, there: int, last: Span, report: Report
) -> None:
    number = max(range(len(nodes)), key=lambda i: nodes[i].parameters)
    node = nodes[number]
    span = last if node.via else node.span
    count = f"{in_words(node.parameters)} weights ({in_bytes(node.parameters * _BYTES)})"
    help: Fix | str = "write fewer values or filters here"
    before = nodes[node.inputs[0]] if node.inputs and node.inputs[0] >= 0 else None
    if info(node.layer).name == "dense" and before is not None and info(before.layer).name == "flatten":
        _, h, w = before.input_shapes[0] if len(before.input_shapes[0]) == 3 else (0, 1, 1)
        help = "pool first: write `globalavgpool` for `flatten`"
        window = next(
            (k for k in (2, 4, 8, 16, 32) if k <= min(h, w) and 16 * node.parameters // (k * k) < there // 40), None
        )
        if window is not None and not before.via:
            help = write(f"maxpool {window} -> flatten", before.span, before="pool first: ")
    whole = in_bytes(step_memory(nodes, optimizer, 0)[0])
    message = f"{count}, more than this machine's memory ({in_bytes(there)}): it takes {whole} to train them"
    label = f"receives {shape_text(node.input_shapes[0])}"
    report.error(Code.MEMORY, message, span, label=label, help=help)


def _too_large_a_batch(
    weights: int, batch: int, at_once: int, there: int, images: int, last: Span, report: Report
) -> None:
    fewer = min(images / 2, max(1.0, (there * 0.5 - weights) / (batch / at_once)))
    need = in_bytes(weights + batch)
    message = f"a training step on {images} images takes {need}, more than this machine's memory ({in_bytes(there)})"
    report.error(Code.MEMORY, message, last, help=f"write `train: batch={2 ** int(math.log2(fewer))}`")


def _too_long(nodes: Sequence[Node], images: int, last: Span, report: Report) -> None:
    macs = sum(node.macs for node in nodes)
    cores = machine.processors()
    hours = macs * _PASSES * images / (_RATE * cores) / 3600
    if hours < _HOURS:
        return
    worst = max(nodes, key=lambda node: node.macs)
    span = last if worst.via else worst.span
    days = f"{hours / 24:.0f} days" if hours >= 48 else f"{hours:.0f} hours"
    text = one_line(span) or info(worst.layer).name
    message = f"an epoch would take about {days} on this machine: {in_words(macs)} multiply-adds an image"
    help = f"`{text}` takes the most; pool before it, or use fewer filters, or `limit=1000` images"
    report.warning(Code.TIME, message, span, help=help)
