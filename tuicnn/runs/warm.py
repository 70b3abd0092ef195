"""`warm`: a new run begins with another run's weights, those of the layers that are the same in both nets."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuicnn.engine.network import Network
from tuicnn.errors import UserError
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.journal import Journal
from tuicnn.runs.origin import Origin
from tuicnn.runs.prepared import NetFile, PreparedRun, begin, plan_of
from tuicnn.training.checkpointing import first_checkpoint
from tuicnn.training.events import WarmStart
from tuicnn.training.options import Options
from tuicnn.training.reading import read_data
from tuicnn.vocabulary import info

if TYPE_CHECKING:
    from tuicnn.language import Plan
    from tuicnn.language.plan import Node
    from tuicnn.training.checkpoint import Checkpoint

#: options that say how weights begin and learn, not what is computed with them
_OF_LEARNING = {"init", "freeze", "rate", "bias_rate", "decay"}
__all__ = ["Warmth", "net_of", "unchanged", "warm", "warm_checkpoint", "warmth"]


@dataclass(frozen=True)
class Warmth:
    """Which layers with weights a new net has from an old one: `kept` by their new names, and those that are `new`."""

    kept: tuple[str, ...]
    new: tuple[str, ...]

    def __str__(self) -> str:
        """For people."""
        fresh = f"; new: {', '.join(self.new)}" if self.new else "; no layer is new"
        return f"Weights kept: {', '.join(self.kept)}{fresh}."


def net_of(run: RunFolder) -> Path:
    """The file that a run's net came from. Raises `UserError` where it is not known."""
    if (path := Origin.of(run).path) is None:
        raise UserError(f"Where the net of the run {run.name} came from is not known any more; say it with --net FILE.")
    return path


def warm(
    old: RunFolder,
    net: NetFile,
    given: Options | None = None,
    *,
    folder: Path | None = None,
    parent: Path | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> PreparedRun:
    """Begin a run of `net` with the weights of an `old` run, with its options and those `given` now; see `begin`.

    `say` is told of damaged checkpoints, and which layers keep their weights. Raises `UserError`.
    """
    origin = Origin.of(old)
    chosen = origin.options.overridden_by(given or Options())
    checkpoint = old.checkpoints.newest(say)
    if checkpoint is None:
        raise UserError(f"The run {old.name} has no checkpoint, and so no weights to keep; train the net anew.")
    first, warmth = warm_checkpoint(plan_of(old, origin, checkpoint.text), checkpoint, chosen.apply(net.plan))
    run = begin(net, chosen, folder=folder, parent=parent)
    try:
        run.folder.checkpoints.write(first)
        journal = Journal(run.folder.journal)
        journal.append(WarmStart(old.name, checkpoint.step, warmth.kept))
        journal.close()
    except UserError:
        run.folder.remove()
        raise
    say(f"{run.folder.name} begins with the weights of {old.name} after step {checkpoint.step:,}. {warmth}")
    return dataclasses.replace(run, resumes=True)


def unchanged(old: Plan, new: Plan) -> list[tuple[Node, Node]]:
    """The layers with weights that are the same in two nets, as (old, new), in order.

    A layer is the same where its word, its arguments (but for how it begins and learns) and its weights' shapes are.
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


def warmth(old: Plan, new: Plan) -> Warmth:
    """Which layers of a new net would begin with the weights of an old one."""
    kept = tuple(after.name for _, after in unchanged(old, new))
    return Warmth(kept, tuple(node.name for node in _with_weights(new) if node.name not in kept))


def warm_checkpoint(old: Plan, checkpoint: Checkpoint, new: Plan) -> tuple[Checkpoint, Warmth]:
    """The checkpoint with which a run of `new` begins, its layers warm where they are unchanged. Raises `UserError`."""
    pairs = unchanged(old, new)
    if not pairs:
        raise UserError(
            "No layer with weights is the same in both nets, so there is nothing to keep; train the new one."
        )
    network = Network(new)
    if network.awaits_images:
        network.see_images(read_data(new, None, lambda message: None))
    arrays = dict(network.named_parameters()) | dict(network.named_buffers())
    for before, after in pairs:
        for short, shape in _shapes(after).items():
            array = checkpoint.arrays.get(f"{before.name}.{short}")
            if array is None or array.shape != shape:
                raise UserError("The checkpoint does not belong to the net that it tells.")
            arrays[f"{after.name}.{short}"][...] = array
    return first_checkpoint(network, new), warmth(old, new)


def _with_weights(plan: Plan) -> list[Node]:
    return [node for node in plan.nodes if _shapes(node)]


def _shapes(node: Node) -> Mapping[str, tuple[int, ...]]:
    return {name: spec.outer_shape for name, spec in node.layer.weights(*node.input_shapes).items()}


def _key(node: Node) -> tuple[Any, ...]:
    layer: Any = node.layer
    given = tuple(
        (f.name, getattr(layer, f.name))
        for f in dataclasses.fields(layer)
        if "kind" in f.metadata and f.name not in _OF_LEARNING
    )
    return info(layer).name, given, tuple(_shapes(node).items())
