"""Random networks as text, for the laws of the language."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tuicnn.language import Plan

INPUT = (2, 9, 7)

#: much of the language in one text, in its form
LARGER = """\
data:     cifar10 val=5000
augment:  shift=4 flip=horizontal
optim:    sgd lr=0.1 momentum=0.9 nesterov=true decay=5e-4
schedule: cosine warmup=1
train:    epochs=30 batch=128 seed=1
default:  conv pad=same init=he bias=false

w = 16                                      # a constant

def basic(c) = residual {                   # a block with a parameter
    conv c 3x3 -> batchnorm -> relu
    conv c 3x3 -> batchnorm
  } -> relu

def down(c) = add {                         # branches: `|` between them, all from the same input
    conv c 3x3 stride=2 -> batchnorm -> relu -> conv c 3x3 -> batchnorm
  | conv c 1x1 stride=2 -> batchnorm
  } -> relu

def inception(a, b, d, p) = concat {
    conv a 1x1 -> relu
  | conv b 1x1 -> relu -> conv b 3x3 -> relu
  | conv d 1x1 -> relu -> conv d 5x5 -> relu
  | maxpool 3 stride=1 pad=1 -> conv p 1x1 -> relu
  }

conv w 3x3 as stem -> batchnorm -> relu     # a label
3 * basic w                                 # repeat
down (2*w) -> 2 * basic (2*w)               # arithmetic in parentheses
inception(16, 32, 8, 8) as mixed
concat { identity | @mixed -> conv 8 1x1 }  # @label: an earlier output joins here
globalavgpool -> dense 10 init=normal(0.01)
"""

#: steps that keep an image's height and width, with `c` as their channels
_SAME = st.sampled_from(
    [
        "conv 3 3x3 pad=1",
        "conv 4 1x1",
        "conv(2, 3x3, pad=same)",
        "conv (1+2) 3 pad=same bias=false",
        "conv w 3x3 pad=1 init=normal(0.01)",
        "relu",
        "batchnorm",
        "dropout 0.5",
        "maxpool 3 stride=1 pad=1",
        "leakyrelu",
        "widen 3",
        "widen(w)",
        "widen (2*w) k=3",
        "deep",
    ]
)
#: steps that change nothing about the shape
_KEEP = st.sampled_from(["relu", "batchnorm", "tanh", "maxpool 3x3 stride=1 pad=1", "identity"])


def _chain(steps: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(steps, min_size=1, max_size=3).map(" -> ".join)


def _deeper(steps: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        _chain(steps).map(lambda c: f"( {c} )"),
        st.tuples(st.integers(1, 3), steps).map(lambda t: f"{t[0]} * {t[1]}"),
        st.tuples(st.sampled_from(["w", "(w-1)"]), steps).map(lambda t: f"{t[0]} * {t[1]}"),
        st.lists(_chain(steps), min_size=2, max_size=3).map(lambda b: f"concat {{ {' | '.join(b)} }}"),
        _chain(_KEEP).map(lambda c: f"residual {{ {c} }}"),
        st.lists(_chain(_KEEP), min_size=2, max_size=3).map(lambda b: f"add {{ {' | '.join(b)} }}"),
    )


steps = st.recursive(_SAME, _deeper, max_leaves=6)
chains = _chain(steps)

HEAD = "w = 2\ndef widen(c, k=1) = conv c k pad=same -> relu\ndef deep = residual { relu -> identity } -> widen 2\n"
TAIL = "flatten -> dense 10"


def whole(chain: str) -> str:
    """A complete text around a chain."""
    return f"{HEAD}{chain}\n{TAIL}\n"


def essence(plan: Plan | None) -> list[tuple[Any, ...]]:
    """What a plan is, apart from where its text stands."""
    assert plan is not None
    return [(n.name, n.layer, n.inputs, n.input_shapes, n.shape, n.parameters, n.macs, n.text) for n in plan.nodes]


def structure(plan: Plan | None) -> list[tuple[Any, ...]]:
    """What a plan computes: layers and how they are joined."""
    assert plan is not None
    return [(n.layer, n.inputs, n.shape) for n in plan.nodes]
