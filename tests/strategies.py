"""Random networks, as texts of the language, that are right by construction; and random words with options."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

import tuicnn.losses
import tuicnn.optimizers
import tuicnn.schedules  # noqa: F401 - each fills its vocabulary
from tests.layers.table import ACTIVATIONS, LAYERS
from tuicnn.vocabulary import (
    Argument,
    Boolean,
    Choice,
    Integer,
    Kind,
    ListOf,
    UnsuitableError,
    arguments,
    info,
    vocabulary,
)

Draw = Any

SAME_POOLS = [" 3 stride=1 pad=1", " 2 stride=1 pad=same", " 2x3 stride=1 pad=same"]


def _activation(draw: Draw) -> str:
    return info(LAYERS[draw(st.sampled_from(ACTIVATIONS))]).example


def _keeping(draw: Draw, c: int, depth: int) -> str:
    """A chain that takes CxHxW to CxHxW."""
    steps = []
    for _ in range(draw(st.integers(1, 2))):
        kind = draw(st.sampled_from(["conv", "depthwise", "norm", "activation", "pool", "block"]))
        if kind == "conv":
            k = draw(st.sampled_from(["1x1", "3x3", "2x2", "1x3"]))
            steps.append(f"conv {c} {k} pad=same dilation={draw(st.integers(1, 2))}")
        elif kind == "depthwise":
            steps.append("depthwise 3x3 pad=1")
        elif kind == "norm":
            groups = draw(st.sampled_from([1, c]))
            steps.append(draw(st.sampled_from(["batchnorm", "layernorm", f"groupnorm {groups}"])))
        elif kind == "pool":
            steps.append(draw(st.sampled_from(["maxpool", "avgpool"])) + draw(st.sampled_from(SAME_POOLS)))
        elif kind == "block" and depth < 2:
            inner = _keeping(draw, c, depth + 1)
            join = draw(st.sampled_from(["residual", "gate", "add"]))
            if join == "residual":
                steps.append(f"residual {{ {inner} }}")
            elif join == "gate":
                gate = draw(
                    st.sampled_from([f"globalavgpool -> dense {c}", "channelmaxpool", "globalmaxpool keep=true"])
                )
                steps.append(f"multiply {{ {inner} | {gate} -> sigmoid }}")
            else:
                steps.append(f"add {{ {inner} | {_keeping(draw, c, depth + 1)} }}")
        else:
            steps.append(_activation(draw))
    return " -> ".join(steps)


@st.composite
def networks(draw: Draw, classes: int = 4) -> tuple[str, tuple[int, int, int]]:
    """A text and the shape (C, H, W) of the images that it takes; it ends in `classes` values."""
    c, h, w = draw(st.integers(1, 3)), draw(st.integers(5, 9)), draw(st.integers(5, 9))
    image = (c, h, w)
    steps: list[str] = []
    for place in range(draw(st.integers(1, 4))):
        kind = draw(
            st.sampled_from(["conv", "strided", "pool", "keep", "concat", "label", "activation", "repeat", "zeropad"])
        )
        if kind == "conv":
            c = draw(st.integers(1, 4))
            bias = draw(st.sampled_from(["", " bias=false"]))
            steps.append(f"conv {c} 3x3 pad=1{bias}")
        elif kind == "strided" and min(h, w) >= 3:
            c = 2 * draw(st.integers(1, 2))
            steps.append(f"conv {c} 3x2 stride=2x1")
            h, w = (h - 3) // 2 + 1, w - 1
        elif kind == "pool" and min(h, w) >= 4:
            steps.append(draw(st.sampled_from(["maxpool 2", "avgpool 2", "maxpool 3 stride=2 pad=1"])))
            h, w = (h // 2, w // 2) if "2 pad" not in steps[-1] else ((h - 1) // 2 + 1, (w - 1) // 2 + 1)
        elif kind == "concat":
            a, b = draw(st.integers(1, 2)), draw(st.integers(1, 2))
            steps.append(f"concat {{ conv {a} 1x1 -> {_activation(draw)} | conv {b} 3x3 pad=1 | identity }}")
            c += a + b
        elif kind == "label":
            steps.append(f"{_activation(draw)} as here{place} -> {_keeping(draw, c, 1)}")
            steps.append(f"add {{ identity | @here{place} }}")
        elif kind == "repeat":
            steps.append(f"2 * ({_keeping(draw, c, 1)})")
        elif kind == "activation":
            steps.append(_activation(draw))
        elif kind == "zeropad":
            steps.append(draw(st.sampled_from(["zeropad 1", f"zeropad 1 -> flatten -> reshape {c}x{h + 2}x{w + 2}"])))
            h, w = h + 2, w + 2
        else:
            steps.append(_keeping(draw, c, 0))
    steps.append(draw(st.sampled_from(["flatten", "globalavgpool", "globalmaxpool"])))
    if draw(st.booleans()):
        steps.append(f"dense 6 -> {_activation(draw)}")
    steps.append(f"dense {classes}")
    joined = draw(st.sampled_from([" -> ", "\n", " ->\n  "])).join(steps)
    return joined + "\n", image


def values(argument: Argument) -> st.SearchStrategy[Any]:
    """Values that an argument takes, its default among them."""
    match argument.kind:
        case Boolean():
            return st.booleans()
        case Integer(at_least=least):
            return st.integers(least, least + 8)
        case Choice(words=words):
            return st.sampled_from(words)
        case ListOf(item=item, distinct=distinct, at_least=least):
            each = values(replace(argument, kind=item))
            return st.lists(each, min_size=least, max_size=3, unique=distinct).map(tuple)
        case kind:
            return st.sampled_from(
                [v for v in (argument.default, 0.0, 1e-3, 0.1, 0.5, 0.9) if v is None or accepts(kind, v)]
            )


def accepts(kind: Kind, value: Any) -> bool:
    """Whether a value is of a kind."""
    try:
        kind.accept(value)
    except UnsuitableError:
        return False
    return True


def objects(words: str, **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Any word of a vocabulary with any options; `given` are values for those of a name."""
    return st.one_of(
        [
            st.builds(cls, **{a.name: given.get(a.name, values(a)) for a in arguments(cls)})
            for cls in vocabulary(words).values()
        ]
    )


def losses(outputs: int) -> st.SearchStrategy[Any]:
    """All losses, with options of all kinds, for so many outputs; one output is for two classes."""
    numbers = st.lists(st.sampled_from([0.0, 0.5, 1.0, 3.0]), min_size=outputs, max_size=outputs)
    return objects("loss", weights=st.just(()) | numbers.map(tuple))


def optimizers(rates: st.SearchStrategy[float]) -> st.SearchStrategy[Any]:
    """All optimizers, with options of all kinds; a mean of squares that forgets at once would divide by rounding."""
    slow = st.sampled_from([0.5, 0.9, 0.999])
    return objects("optim", lr=rates, beta2=slow, alpha=slow)
