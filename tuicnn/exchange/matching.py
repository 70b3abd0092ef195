"""Which weights of a file belong to which layers of a plan: by names, else by shape and order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from tuicnn.errors import UserError
from tuicnn.numbers import counted, shape

if TYPE_CHECKING:
    from tuicnn.exchange.weights_file import WeightGroup, WeightsFile
    from tuicnn.kernels.arrays import Array
    from tuicnn.language import Plan
    from tuicnn.layers.base import Shape

__all__ = ["Match", "Matched", "match"]

By = Literal["name", "shape", "order"]
Shapes = Mapping[str, "Shape"]
_MOST = 3  # layers that an error names


@dataclass(frozen=True)
class Matched:
    """One layer with the group of weights that it gets, and how that was found.

    `name`: they are called the same. `shape`: no other has such shapes. `order`: of several with the same shapes, it
    stands at the same place.
    """

    layer: str
    group: WeightGroup
    by: By


@dataclass(frozen=True)
class Match:
    """All layers with weights that a file has something for, in order; those it has nothing for, and what is left."""

    layers: tuple[Matched, ...]
    new: tuple[str, ...] = ()
    left: tuple[WeightGroup, ...] = ()

    @property
    def arrays(self) -> dict[str, Array]:
        """The weights by our names."""
        return {f"{each.layer}.{short}": array for each in self.layers for short, array in each.group.arrays.items()}


def match(plan: Plan, file: WeightsFile, *, partial: bool = False) -> Match:
    """Find for each layer with weights its group in a file.

    Where `partial`, some layers may be left without. Raises `UserError`, in one sentence, where shapes do not fit, or
    there is nothing for a layer.
    """
    wanted = {
        node.name: {name: spec.outer_shape for name, spec in specs.items()}
        for node in plan.nodes
        if (specs := node.layer.weights(*node.input_shapes))
    }
    if (named := _all_by_name(wanted, file)) is not None:
        _must_fit(wanted, named, file)
        found, groups = [Matched(layer, group, "name") for layer, group in named.items()], file.named
    else:
        found, groups = _by_shape(wanted, file.groups, partial=partial), file.groups
    missing = tuple(layer for layer in wanted if layer not in {each.layer for each in found})
    sources = {source for each in found for source in each.group.sources.values()}
    left = tuple(group for group in groups if sources.isdisjoint(group.sources.values()))
    if missing and not (partial and found):
        raise UserError(_nothing_for(missing, left, wanted, plan, file))
    order = list(wanted)
    placed = sorted(found, key=lambda each: order.index(each.layer))
    return Match(tuple(_as_listed(each, wanted[each.layer]) for each in placed), missing, left)


def _as_listed(found: Matched, shapes: Shapes) -> Matched:
    """With its arrays in the layer's order."""
    group = found.group
    return replace(found, group=replace(group, arrays={short: group.arrays[short] for short in shapes}))


def _all_by_name(wanted: Mapping[str, Shapes], file: WeightsFile) -> dict[str, WeightGroup] | None:
    """The group of each layer's own name, with all its weights; else None. All names may begin with the same word."""
    groups = {group.name: group for group in file.named}
    while True:
        if all(layer in groups and shapes.keys() <= groups[layer].arrays.keys() for layer, shapes in wanted.items()):
            return {layer: groups[layer] for layer in wanted}
        fronts = {name.partition(".")[0] for name in groups}
        if len(fronts) != 1 or not all("." in name for name in groups):  # `module.`, `model.` and the like
            return None
        groups = {name.partition(".")[2]: group for name, group in groups.items()}


def _must_fit(wanted: Mapping[str, Shapes], named: Mapping[str, WeightGroup], file: WeightsFile) -> None:
    """Raises `UserError` where a layer of the same name has weights of other shapes, or more of them."""
    wrong = []
    for layer, group in named.items():
        for short, theirs in group.shapes.items():
            ours = wanted[layer].get(short)
            if ours is None:
                wrong.append(f"{group.sources[short]} has no counterpart: {layer} has no {short}")
            elif ours != theirs:
                wrong.append(f"{group.sources[short]} is {shape(theirs)} and not {shape(ours)}")
    if wrong:
        raise UserError(f"The weights in {file.path} do not fit: {_some(wrong)}.")


def _by_shape(wanted: Mapping[str, Shapes], groups: Sequence[WeightGroup], *, partial: bool) -> list[Matched]:
    """Those of the same name and shapes first; then of each shape all in their order, if they are as many."""
    key = {layer: frozenset(shapes.items()) for layer, shapes in wanted.items()}
    found = [
        Matched(group.name, group, "name")
        for group in groups
        if group.name in key and frozenset(group.shapes.items()) == key[group.name]
    ]
    twice = {name for name, times in Counter(each.group.name for each in found).items() if times > 1}
    found = [each for each in found if each.layer not in twice]
    taken = {each.layer for each in found}
    for shapes in dict.fromkeys(key.values()):
        layers = [layer for layer in wanted if key[layer] == shapes and layer not in taken]
        fitting = [g for g in groups if frozenset(g.shapes.items()) == shapes and not _is_in(g, found)]
        if len(layers) == len(fitting) or partial:
            by: By = "shape" if len(layers) == len(fitting) == 1 else "order"
            found += [Matched(layer, group, by) for layer, group in zip(layers, fitting, strict=False)]
    return found


def _is_in(group: WeightGroup, found: Iterable[Matched]) -> bool:
    return any(each.group is group for each in found)


def _nothing_for(
    missing: Sequence[str], left: Sequence[WeightGroup], wanted: Mapping[str, Shapes], plan: Plan, file: WeightsFile
) -> str:
    """What is said where layers find no weights."""
    first = missing[0]
    normalised = [layer for layer, shapes in wanted.items() if "running_mean" in shapes]
    others = len(wanted) - len(normalised)
    if normalised and len(file.groups) >= others and not any("running_mean" in g.arrays for g in file.groups):
        folded = "exporters fold it into the convolution before it; " if file.path.suffix.lower() == ".onnx" else ""
        return (
            f"{file.path} has no batch normalisation, as {normalised[0]} of {plan.name} is: {folded}take the weights "
            "as safetensors from where they were trained, or leave it out of the net."
        )
    for group in left:  # the same but for the bias
        ours, theirs = set(wanted[first].items()), set(group.shapes.items())
        if ours ^ theirs and {name for name, _ in ours ^ theirs} == {"bias"}:
            has, write = ("has one", "true") if "bias" in group.arrays else ("has none", "false")
            kind = "no bias" if "bias" in group.arrays else "a bias"
            return f"{first} has {kind}, but {group.name} in {file.path}, of the same shape, {has}: write bias={write}."
    alike = [group for group in left if group.shapes == dict(wanted[first])]
    if alike:  # which of them is meant is not known
        times = counted(sum(wanted[layer] == wanted[first] for layer in missing), "time")
        return (
            f"{file.path} has weights of the shapes of {first} ({_shapes(wanted[first])}) {len(alike)} times, "
            f"{plan.name} {times}: call the layers as they are called there (… as NAME), or add "
            "--partial, which takes them in their order."
        )
    there = _some([f"{group.name} ({_shapes(group.shapes)})" for group in left]) if left else "nothing"
    layers = _some([f"{layer} ({_shapes(wanted[layer])})" for layer in missing])
    return (
        f"{file.path} has no weights that fit {counted(len(missing), 'layer')} of {plan.name}, {layers}; "
        f"not used of it: {there}. With --partial, such layers begin anew."
    )


def _shapes(shapes: Shapes) -> str:
    return ", ".join(f"{name} {shape(size)}" for name, size in shapes.items())


def _some(parts: Sequence[str]) -> str:
    more = f" and {len(parts) - _MOST} more" if len(parts) > _MOST else ""
    return "; ".join(parts[:_MOST]) + more
