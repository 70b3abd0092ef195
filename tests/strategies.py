"""Random networks, as texts of the language, that are right by construction."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.layers.table import ACTIVATIONS
from tuicnn.optimizers import SGD, Adam, AdamW, RMSProp

Draw = Any

SAME_POOLS = [" 3 stride=1 pad=1", " 2 stride=1 pad=same", " 2x3 stride=1 pad=same"]


def _activation(draw: Draw) -> str:
    return str(draw(st.sampled_from(ACTIVATIONS)))


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
            if draw(st.booleans()):
                steps.append(f"residual {{ {inner} }}")
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


_SHARES = st.sampled_from([0.0, 0.5, 0.9])
_DECAYS = st.sampled_from([0.0, 1e-3, 0.1])


def optimizers(rates: st.SearchStrategy[float]) -> st.SearchStrategy[Any]:
    """All optimizers, with options of all kinds."""
    return st.one_of(
        st.builds(SGD, lr=rates, momentum=_SHARES, decay=_DECAYS),
        st.builds(SGD, lr=rates, momentum=st.just(0.9), nesterov=st.just(True), decay=_DECAYS),
        st.builds(Adam, lr=rates, beta1=_SHARES, beta2=st.sampled_from([0.9, 0.999]), decay=_DECAYS),
        st.builds(AdamW, lr=rates, eps=st.sampled_from([1e-8, 1e-3]), decay=_DECAYS),
        st.builds(RMSProp, lr=rates, alpha=st.sampled_from([0.5, 0.99]), momentum=_SHARES, decay=_DECAYS),
    )
