"""A new run that begins with another run's weights: those of the layers that are the same in both nets."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tuicnn.engine.network import Network
from tuicnn.errors import UserError
from tuicnn.training.checkpoint import Checkpoint
from tuicnn.training.checkpointing import versions
from tuicnn.training.fingerprints import layout_fingerprint, plan_fingerprint
from tuicnn.training.soundness import fault_of_arrays
from tuicnn.vocabulary import info

if TYPE_CHECKING:
    from tuicnn.language import Plan
    from tuicnn.language.plan import Node

__all__ = ["Warmth", "unchanged", "warm_checkpoint"]


@dataclass(frozen=True)
class Warmth:
    """Which layers with weights a new net has from an old one: `kept` by their new names, and those that are `new`."""

    kept: tuple[str, ...]
    new: tuple[str, ...]

    def __str__(self) -> str:
        """For people."""
        fresh = f"; new: {', '.join(self.new)}" if self.new else "; no layer is new"
        return f"Weights kept: {', '.join(self.kept)}{fresh}."


def unchanged(old: Plan, new: Plan) -> list[tuple[Node, Node]]:
    """The layers with weights that are the same in two nets, as (old, new), in order.

    A layer is the same where its word, its arguments (but for how it is initialised) and its weights' shapes are.
    Layers that were put in between, or taken out, do not change the others; labels in both nets belong together.
    """
    olds, news = _with_weights(old), _with_weights(new)
    labels = {node.name: node for node in olds}
    pairs: list[tuple[Node, Node]] = []
    matcher = difflib.SequenceMatcher(None, [_key(n) for n in olds], [_key(n) for n in news], autojunk=False)
    for a, b, size in matcher.get_matching_blocks():
        pairs += zip(olds[a : a + size], news[b : b + size], strict=True)
    taken_old, taken_new = {o.name for o, _ in pairs}, {n.name for _, n in pairs}
    for node in news:
        twin = labels.get(node.name)
        if node.name not in taken_new and twin is not None and twin.name not in taken_old and _key(twin) == _key(node):
            pairs.append((twin, node))
    order = {node.name: index for index, node in enumerate(news)}
    return sorted(pairs, key=lambda pair: order[pair[1].name])


def warm_checkpoint(old: Plan, checkpoint: Checkpoint, new: Plan) -> tuple[Checkpoint, Warmth]:
    """The checkpoint with which a run of `new` begins, its layers warm where they are unchanged. Raises `UserError`."""
    source = Network(old)
    store = source.store
    fits = store.flat.shape == checkpoint.weights.shape and store.flat_buffers.shape == checkpoint.kept.shape
    if checkpoint.layout != layout_fingerprint(source) or not fits:
        raise UserError(
            "The checkpoint was written by another version of tuicnn, which keeps weights in another order."
        )
    if wrong := fault_of_arrays(checkpoint, old):
        raise UserError(f"The checkpoint after step {checkpoint.step:,} is damaged: {wrong}.")
    np.copyto(store.flat, checkpoint.weights)
    np.copyto(store.flat_buffers, checkpoint.kept)
    pairs = unchanged(old, new)
    if not pairs:
        raise UserError(
            "No layer with weights is the same in both nets, so there is nothing to keep; train the new one."
        )
    network = Network(new)
    state, known = network.state_dict(), source.state_dict()
    for before, after in pairs:
        for short in _shapes(after):
            state[f"{after.name}.{short}"] = known[f"{before.name}.{short}"]
    network.load_state_dict(state)
    flat = network.store.flat
    begin = Checkpoint(
        step=0,
        epochs=0,
        weights=flat,
        kept=network.store.flat_buffers,
        optimizer=new.optimizer.state(flat),
        text=new.text,
        plan=plan_fingerprint(new),
        layout=layout_fingerprint(network),
        seed=new.train.seed,
        epochs_planned=new.train.epochs,
        versions=versions(),
    )
    kept = tuple(after.name for _, after in pairs)
    return begin, Warmth(kept, tuple(node.name for node in _with_weights(new) if node.name not in kept))


def _with_weights(plan: Plan) -> list[Node]:
    return [node for node in plan.nodes if _shapes(node)]


def _shapes(node: Node) -> Mapping[str, tuple[int, ...]]:
    return {name: spec.outer_shape for name, spec in node.layer.weights(*node.input_shapes).items()}


def _key(node: Node) -> tuple[Any, ...]:
    layer: Any = node.layer
    given = tuple(
        (f.name, getattr(layer, f.name)) for f in dataclasses.fields(layer) if "kind" in f.metadata and f.name != "init"
    )
    return info(layer).name, given, tuple(_shapes(node).items())
