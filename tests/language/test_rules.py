"""The shape rules and formulas that `tuicnn layers` shows, computed as they stand, against what the code does."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.layers.helpers import Array, as_written, drive, inner, inner_weights, named, outer, random_weights
from tests.layers.table import ACTIVATIONS, CASES, LAYERS, ROWS, Written
from tests.strategies import losses, objects, optimizers
from tuicnn.layers import Layer, Shape
from tuicnn.losses import Loss
from tuicnn.optimizers import Optimizer
from tuicnn.schedules import OneCycle, Restarts, Schedule
from tuicnn.vocabulary import Size, arguments, info, vocabulary

#: the functions that formulas use, on arrays
MATHS: dict[str, Any] = {
    "max": np.maximum, "min": np.minimum, "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "cos": np.cos, "sum": np.sum,
    "tanh": np.tanh, "erf": np.vectorize(math.erf), "pi": math.pi, "sign": np.sign, "norm": np.linalg.norm,
}  # fmt: skip


def value(text: str, names: Mapping[str, Any], **more: Any) -> Any:
    return eval(text, {**MATHS, **names, **more})


# --- shapes -----------------------------------------------------------------------------------------------------------


def letters(layer: Layer, axis: int) -> dict[str, int]:
    """What the letters of a layer's usage and its options stand for, along the height (0) or the width (1)."""
    own = arguments(layer)
    places = [a.name for a in own if a.positional]
    usage = info(layer).usage.split("{")[0].split()[1:]
    found: dict[str, Any] = {a.name: getattr(layer, a.name) for a in own}
    for token, name in zip(usage, places, strict=False):
        each = token.split("x")
        if len(set(each)) == len(each) > 1:
            found.update(zip(each, found[name], strict=True))
        else:
            found[each[0]] = found[name]
    if "stride" in found and found["stride"] is None:
        found["stride"] = found["K"]
    if found.get("pad") == "valid":
        found["pad"] = 0
    return {name: v[axis] if isinstance(v, Size) else v for name, v in found.items()}


def by_rule(layer: Layer, shapes: Sequence[Shape]) -> Shape | None:
    """The output's shape by the rule as it is written; None where no rule is for such inputs."""
    lines = info(layer).shape.split("\n")
    same = any(line.startswith("with pad=same") for line in lines) and getattr(layer, "pad", None) == "same"
    start = "with pad=same, OH = " if same else "OH = "
    height = next(
        (line.removeprefix(start).removesuffix(", and OW likewise") for line in lines if line.startswith(start)), ""
    )
    for rule in (line for line in lines if " -> " in line):
        if rule.startswith("with keep=true, ") != getattr(layer, "keep", False):
            continue
        before, after = rule.removeprefix("with keep=true, ").split(" -> ")
        if after == "the same shape":
            assert before.startswith("any shape")
            rank = max(map(len, shapes))  # of branches, the largest along each axis
            return tuple(map(max, *((*shape, 1, 1)[:rank] for shape in shapes))) if len(shapes) > 1 else shapes[0]
        sizes: dict[str, int] = {}
        if not before.startswith("any shape"):
            names = before.split(" | ")[0].split(" x ")
            if len(names) != len(shapes[0]):
                continue
            sizes = dict(zip(names, shapes[0], strict=True))
        after = re.sub(r"[CV]1 \+ [CV]2 \+ \.\.\.", str(sum(s[0] for s in shapes)), after)
        out = []
        for i, part in enumerate(after.split(" x ")):
            axis = max(0, i - 1)
            text = {"OH": height, "OW": re.sub(r"\bH\b", "W", height)}.get(part, part)
            out.append(value(text, sizes | letters(layer, axis)))
        return tuple(out)
    return None


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_shape_rule_is_what_the_plan_is_told(name: str, data: st.DataObject) -> None:
    layer, shapes = data.draw(CASES[name])
    assert by_rule(layer, shapes) == layer.output(*shapes)


# --- layers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ACTIVATIONS)
@settings(max_examples=20, deadline=None)
@given(data=st.data(), numbers=st.lists(st.floats(-8, 8), min_size=1, max_size=6))
def test_activations_compute_their_formulas(name: str, data: st.DataObject, numbers: list[float]) -> None:
    layer, _ = data.draw(CASES[name])
    x = np.array([numbers])
    formula = info(layer).formula.split("\n")[0].removeprefix("y = ")
    np.testing.assert_allclose(drive(layer, [x], {}).y, value(formula, {"x": x, **vars(layer)}), atol=1e-7)


@pytest.mark.parametrize(("text", "shape"), [("batchnorm", (7, 1)), ("layernorm", (1, 7)), ("groupnorm", (1, 6))])
def test_normalisations_compute_their_formula(text: str, shape: tuple[int, int]) -> None:
    """Over the values that the formula's second line names: here all, or for two groups each half of them."""
    layer = named(text, *([2] if text == "groupnorm" else []))
    x = np.random.default_rng(1).normal(3, 2, shape)
    weights = random_weights(layer, [shape[1:]], 0)
    y = drive(layer, [x], weights).y
    formula = info(layer).formula.split("\n")[0].removeprefix("y = ")
    parts = [x] if text != "groupnorm" else [x[:, :3], x[:, 3:]]
    mean = np.concatenate([np.full_like(p, p.mean()) for p in parts], axis=1)
    var = np.concatenate([np.full_like(p, p.var()) for p in parts], axis=1)
    np.testing.assert_allclose(y, value(formula, {**weights, **vars(layer), "x": x, "mean": mean, "var": var}))


def test_local_response_normalisation_computes_its_formula() -> None:
    layer, x = named("lrn", 3, alpha=0.5), np.random.default_rng(1).normal(3, 2, (1, 4, 2, 2))
    squares = np.stack([(x[:, max(0, c - 1) : c + 2] ** 2).sum(axis=1) for c in range(4)], axis=1)
    formula = info(layer).formula.split("\n")[0].removeprefix("y = ")
    y = outer(drive(layer, [inner(x)], {}).y)
    np.testing.assert_allclose(y, value(formula, {**vars(layer), "x": x, "N": 3, "squares": squares}))


class Framed:
    """An array (C, H, W) that is `outside` where an index lies beyond its border, or between two pixels."""

    def __init__(self, array: Array, outside: float) -> None:
        self.array = array
        self.outside = outside

    def __getitem__(self, at: Any) -> float:
        at = at if isinstance(at, tuple) else (at,)
        inside = all(0 <= i < n and i == int(i) for i, n in zip(at, self.array.shape, strict=True))
        return float(self.array[tuple(map(int, at))]) if inside else self.outside


def by_formula(layer: Layer, x: Array, weights: Mapping[str, Array], ranges: Mapping[str, int], seed: int) -> Array:
    """One image's output by the formula as it is written, at some of its indices; NaN at all others."""
    first, *rest = info(layer).formula.split("\n")
    left, right = first.split(" = ", 1)
    where = next((line for line in rest if line.startswith("p = ")), "")
    looped = re.fullmatch(r"(.*?)(sum|max) over ([\w,]+) of (.*)", right.split(", and 0")[0])
    y = np.full(layer.output(x.shape), np.nan)
    names: dict[str, Any] = {
        **dict(zip("CHW", x.shape, strict=False)), **letters(layer, 0), **weights, "y": y,
        "x": Framed(x, -np.inf if "never wins" in "".join(rest) else 0.0),
    }  # fmt: skip
    if info(layer).name == "reshape":
        names.update(zip("CHW", layer.output(x.shape), strict=True))

    def term(text: str, at: Mapping[str, int]) -> float:
        env = {**names, **at}
        for part in filter(None, where.split(", ")):
            name, _, expression = part.partition(" = ")
            env[name] = value(expression, env)
        return float(value(text, env))

    everywhere = indices([n for n in re.findall(r"\b[a-z]\b", left) if n != "y"], ranges)
    for outer_at in random.Random(seed).sample(everywhere, min(8, len(everywhere))):
        if looped:
            before, how, over, text = looped.groups()
            terms = [term(text, {**outer_at, **at}) for at in indices(over.split(","), ranges)]
            total = sum(terms) if how == "sum" else max(terms)
            total += value(before.rstrip(" +"), {**names, **outer_at}) if before else 0
        else:
            total = term(right.split(", and 0")[0], outer_at)
        exec(f"{left} = total", {**names, **outer_at, "total": total})
    return y


def indices(names: Sequence[str], ranges: Mapping[str, int]) -> list[dict[str, int]]:
    return [dict(zip(names, at, strict=True)) for at in product(*(range(ranges[name]) for name in names))]


def square(written: Written) -> Written:
    """With height and width alike, and as the formula has it without what it says in words only."""
    text, (shape, *_) = written
    text = re.sub(r"(?<![x\d])(\d+)x\d+(?![x\d])", r"\1x\1", text.replace("bias=false", "bias=true"))
    text = re.sub(r" groups=\d+| mode=bilinear", "", text)
    if text.startswith(("reshape", "flatten")):
        return text, ((math.prod(shape),) if text.startswith("reshape") else (*shape, 1, 1)[:3],)
    return text, ((shape[0], shape[1], shape[1]) if len(shape) == 3 else shape,)


@pytest.mark.parametrize("name", [name for name, cls in LAYERS.items() if info(cls).formula.startswith("y[")])
@settings(max_examples=15, deadline=None)
@given(data=st.data(), seed=st.integers(0, 1000))
def test_layers_compute_their_formulas_index_by_index(name: str, data: st.DataObject, seed: int) -> None:
    text, (shape,) = square(data.draw(ROWS[name].filter(lambda written: "pad=same" not in written[0])))
    layer: Any = as_written(text)
    x = np.random.default_rng(seed).normal(size=(1, *shape)) - 1  # mostly below 0: a zero at the border would win
    inside = random_weights(layer, [shape], seed)
    weights = inner_weights(layer, [shape], inside)
    if name == "depthwise":
        weights["weight"] = weights["weight"][:, 0]
    out = layer.output(shape)
    ranges = {"n": out[0], "c": shape[0] if len(shape) == 3 else out[0], "v": shape[0]}
    reads = len(out) < 3 or name == "transpose" or "global" in name  # whether i and j are places of the input
    ranges |= dict(zip("fij", shape if reads else out, strict=False))
    if hasattr(layer, "kernel"):
        ranges |= {"u": layer.kernel[0], "v": layer.kernel[1]}
    y = outer(drive(layer, [inner(x)], inside).y)[0]
    found = by_formula(layer, x[0], weights, ranges, seed)
    assert not np.isnan(found).all()
    np.testing.assert_allclose(found, np.where(np.isnan(found), found, y), atol=1e-9)


# --- losses, optimizers, schedules, initialisers ----------------------------------------------------------------------


def assignments(cls: Any) -> list[str]:
    """The lines of a formula that compute something."""
    return [line for line in info(cls).formula.split("\n") if re.match(r"\w+ = ", line)]


@settings(max_examples=60, deadline=None)
@given(st.data(), st.lists(st.floats(-6, 6), min_size=1, max_size=5), st.integers(0, 4))
def test_losses_compute_their_formulas(data: st.DataObject, numbers: list[float], label: int) -> None:
    z, K = np.array(numbers), len(numbers)
    loss: Loss = data.draw(losses(K))
    assume(K > 1 or 1 in loss.outputs(2))
    label %= max(K, 2)
    onehot = (np.arange(K) == label if K > 1 else np.array([label])).astype(float)
    names: dict[str, Any] = {**MATHS, **vars(loss), "z": z, "K": K, "onehot": onehot, "t": onehot}
    names |= {"w": np.array(getattr(loss, "weights", ()) or 1.0), "where": np.where, "abs": np.abs}
    for line in assignments(loss):
        exec(line, names)
    np.testing.assert_allclose(names["loss"], loss.forward(z[None], np.array([label]))[0], atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(optimizer=optimizers(st.floats(1e-4, 0.3)), seed=st.integers(0, 1000))
def test_optimizers_compute_their_formulas(optimizer: Optimizer, seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights: NDArray[np.float64] = rng.normal(size=4)
    start = re.findall(r"\w+", " ".join(re.findall(r"([\w, ]+): starts? at 0", info(optimizer).formula)))
    names: dict[str, Any] = {**MATHS, **vars(optimizer), "w": weights.copy(), **dict.fromkeys(start, 0.0)}
    state = optimizer.state(weights)
    for step in range(1, 5):
        gradient = rng.normal(size=4)
        names |= {"g": gradient.copy(), "t": step}
        for line in assignments(optimizer):
            exec(line, names)
        optimizer.update(weights, gradient, state, optimizer.lr, step)
        np.testing.assert_allclose(weights, names["w"], rtol=1e-9)


@given(objects("schedule", warmup=st.sampled_from([0.0, 0.5, 1.0])).filter(lambda one: len(assignments(one)) == 1))
def test_schedules_compute_their_formulas(schedule: Schedule) -> None:
    each, epochs = 10, 4
    warm, start = getattr(schedule, "warmup", 0.0) * each, getattr(schedule, "start", 0.0)
    for step in range(each * epochs):
        if isinstance(schedule, Restarts):
            begun = max(end for end in (0, *schedule.ends(epochs)) if end * each <= step)
            length = next(end for end in schedule.ends(epochs) if end * each > step) - begun
            cycle = {"t": (step / each - begun) / length}
        names = {
            **vars(schedule), "lr": 1.0, "epoch": step / each, "n": 0,
            "rise": start + (1 - start) * (min(1.0, (step + 1) / warm) if warm else 1.0),
            "t": max(0.0, (step - warm) / (each * epochs - warm)),
        }  # fmt: skip
        names |= cycle if isinstance(schedule, Restarts) else {}
        (formula,) = assignments(schedule)
        assert value(formula.removeprefix("rate = "), names, sum=sum) == pytest.approx(
            schedule.scale(step, each, epochs)
        )


def test_onecycle_computes_its_formulas() -> None:
    up, down = (line.partition("rate = ")[2] for line in info(OneCycle).formula.split("\n")[:2])
    schedule, steps = OneCycle(rise=0.3), 20
    peak, last = 5, 19
    for step in range(steps):
        formula, t = (up, step / peak) if step <= peak else (down, (step - peak) / (last - peak))
        assert value(formula, {"lr": 1.0, "t": t}) == pytest.approx(schedule.scale(step, 10, 2), rel=1e-9)


@pytest.mark.parametrize("name", [n for n in vocabulary("init") if n not in ("normal", "zeros", "dirac", "whiten")])
def test_initialisers_draw_as_their_formulas_say(name: str) -> None:
    init, fans = vocabulary("init")[name](), {"fan_in": 18, "fan_out": 70}
    drawn = init(np.random.default_rng(0), (40_000,), *fans.values())
    kind, _, formula = info(init).formula.partition(" = ")
    size = value(formula, fans)
    kurtosis = (drawn**4).mean() / drawn.var() ** 2  # 3 for a normal distribution, 1.8 for a uniform one
    assert kurtosis == pytest.approx(1.8 if "uniform" in kind else 3, abs=0.15)
    assert drawn.dtype == np.float64
    if "uniform" in kind:
        assert size * 0.999 < np.abs(drawn).max() <= size
        assert drawn.std() == pytest.approx(size / math.sqrt(3), rel=0.02)
    else:
        assert drawn.std() == pytest.approx(size, rel=0.02)
        assert np.abs(drawn).max() > 3 * size
    assert abs(drawn.mean()) < size / 50
