"""Each slow twin with random inputs: forward, backward, and the same in PyTorch, which all laws share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.plain.strategies import Array, apart, geometries, normals
from tuicnn import plain

__all__ = ["CASES", "Case"]


@dataclass(frozen=True)
class Case:
    """`forward(*inputs)` gives y, `backward(dy, *inputs)` the gradient by each input; `torch(torch, *tensors)` is y."""

    inputs: Sequence[Array]
    forward: Callable[..., Array]
    backward: Callable[..., Sequence[Array]]
    torch: Callable[..., Any]


seeds = st.integers(0, 1000)
images = st.tuples(st.integers(1, 2), st.integers(1, 3), st.integers(1, 3), st.integers(2, 3))
shapes = st.one_of(images, st.tuples(st.integers(1, 3), st.integers(1, 6)))
CHANNELS = st.sampled_from([(1, 1, 1), (2, 3, 1), (4, 2, 2), (2, 6, 2), (3, 3, 3)])


def around(pad: tuple[tuple[int, int], tuple[int, int]]) -> tuple[int, int, int, int]:
    """A border as torch.nn.functional.pad takes it."""
    (top, bottom), (left, right) = pad
    return left, right, top, bottom


@st.composite
def convolution(draw: st.DrawFn, *, depthwise: bool = False) -> Case:
    at, (c, f, groups), seed = draw(geometries()), (3, 3, 3) if depthwise else draw(CHANNELS), draw(seeds)
    x, w, b = normals(seed, 2, c, *at.size), normals(seed + 1, f, c // groups, *at.kernel), normals(seed + 2, f)
    name, options = ("depthwise", at.how) if depthwise else ("convolve", {**at.how, "groups": groups})
    forward, backward = getattr(plain, name), getattr(plain, f"{name}_backward")

    def theirs(torch: Any, x: Any, w: Any, b: Any) -> Any:
        functional = torch.nn.functional
        return functional.conv2d(functional.pad(x, around(at.pad)), w, b, at.stride, 0, at.dilation, groups)

    return Case(
        [x, w, b],
        lambda x, w, b: forward(x, w, b, **options),
        lambda dy, x, w, b: backward(dy, x, w, **options),
        theirs,
    )


@st.composite
def dense(draw: st.DrawFn) -> Case:
    (n, v, m), seed = draw(st.tuples(*[st.integers(1, 5)] * 3)), draw(seeds)
    return Case(
        [normals(seed, n, v), normals(seed + 1, m, v), normals(seed + 2, m)],
        plain.dense,
        lambda dy, x, w, b: plain.dense_backward(dy, x, w),
        lambda torch, *inputs: torch.nn.functional.linear(*inputs),
    )


@st.composite
def max_pool(draw: st.DrawFn) -> Case:
    at, seed = draw(geometries(pooling=True)), draw(seeds)

    def theirs(torch: Any, x: Any) -> Any:
        padded = torch.nn.functional.pad(x, around(at.pad), value=-np.inf)
        return torch.nn.functional.max_pool2d(padded, at.kernel, at.stride)

    return Case(
        [apart(seed, 2, 2, *at.size)],
        lambda x: plain.max_pool(x, at.kernel, at.stride, at.pad),
        lambda dy, x: [plain.max_pool_backward(dy, x, at.kernel, at.stride, at.pad)],
        theirs,
    )


@st.composite
def average_pool(draw: st.DrawFn) -> Case:
    at, seed = draw(geometries(pooling=True)), draw(seeds)

    def theirs(torch: Any, x: Any) -> Any:
        return torch.nn.functional.avg_pool2d(torch.nn.functional.pad(x, around(at.pad)), at.kernel, at.stride)

    return Case(
        [normals(seed, 2, 2, *at.size)],
        lambda x: plain.average_pool(x, at.kernel, at.stride, at.pad),
        lambda dy, x: [plain.average_pool_backward(dy, at.size, at.kernel, at.stride, at.pad)],
        theirs,
    )


@st.composite
def normalised(draw: st.DrawFn, name: str) -> Case:
    n, c, *size = draw(shapes)
    groups, seed, eps = draw(st.integers(1, 3)), draw(seeds), draw(st.sampled_from([0.1, 0.01]))
    shape = (n + 1, groups * c, *size)
    x, own = normals(seed, *shape), shape[1:] if name == "layer_norm" else shape[1:2]
    weight, bias = normals(seed + 1, *own), normals(seed + 2, *own)
    mean, var = normals(seed + 3, *own), 0.1 + normals(seed + 4, *own) ** 2
    forward, backward, theirs = {
        "batch_norm": (
            lambda x, w, b: plain.batch_norm(x, w, b, eps),
            lambda dy, x, w, b: plain.batch_norm_backward(dy, x, w, eps),
            lambda torch, x, w, b: torch.nn.functional.batch_norm(x, None, None, w, b, training=True, eps=eps),
        ),
        "batch_norm_inference": (
            lambda x, w, b: plain.batch_norm_inference(x, w, b, mean, var, eps),
            lambda dy, x, w, b: plain.batch_norm_inference_backward(dy, x, w, mean, var, eps),
            lambda torch, x, w, b: torch.nn.functional.batch_norm(
                x, torch.tensor(mean), torch.tensor(var), w, b, eps=eps
            ),
        ),
        "layer_norm": (
            lambda x, w, b: plain.layer_norm(x, w, b, eps),
            lambda dy, x, w, b: plain.layer_norm_backward(dy, x, w, eps),
            lambda torch, x, w, b: torch.nn.functional.layer_norm(x, own, w, b, eps),
        ),
        "group_norm": (
            lambda x, w, b: plain.group_norm(x, groups, w, b, eps),
            lambda dy, x, w, b: plain.group_norm_backward(dy, x, groups, w, eps),
            lambda torch, x, w, b: torch.nn.functional.group_norm(x, groups, w, b, eps),
        ),
    }[name]
    return Case([x, weight, bias], forward, backward, theirs)


@st.composite
def function(draw: st.DrawFn, name: str, low: float = 0.0, high: float = 0.0) -> Case:
    """An activation, which PyTorch calls the same; with its constant between `low` and `high`, where it has one."""
    shape, seed = draw(shapes), draw(seeds)
    forward, backward = getattr(plain, name), getattr(plain, f"{name}_backward")
    constant = [draw(st.floats(low, high))] if high else []
    return Case(
        [3 * apart(seed, *shape)],
        lambda x: forward(x, *constant),
        lambda dy, x: [backward(dy, x, *constant)],
        lambda torch, x: getattr(torch.nn.functional, name)(x, *constant),
    )


@st.composite
def softmax(draw: st.DrawFn) -> Case:
    shape, seed, dim = draw(shapes), draw(seeds), draw(st.sampled_from([1, -1]))
    return Case(
        [3 * normals(seed, *shape)],
        lambda x: plain.softmax(x, dim),
        lambda dy, x: [plain.softmax_backward(dy, x, dim)],
        lambda torch, x: torch.softmax(x, dim),
    )


@st.composite
def loss(draw: st.DrawFn, name: str) -> Case:
    count, outputs, seed = draw(st.integers(1, 4)), draw(st.integers(1, 5)), draw(seeds)
    outputs += name == "cross_entropy"
    labels = np.random.default_rng(seed).integers(0, max(2, outputs), count).tolist()
    forward, backward = getattr(plain, name), getattr(plain, f"{name}_backward")
    smoothing = draw(st.sampled_from([0.0, 0.2]))
    options = {"smoothing": smoothing} if name == "cross_entropy" else {}

    def theirs(torch: Any, z: Any) -> Any:
        if name == "cross_entropy":
            return torch.nn.functional.cross_entropy(z, torch.tensor(labels), label_smoothing=smoothing)
        return getattr(torch.nn.functional, name)(z, torch.tensor(plain.one_hot(labels, outputs)))

    return Case(
        [draw(st.sampled_from([1.0, 3.0])) * normals(seed, count, outputs)],
        lambda z: np.asarray(forward(z, labels, **options)),
        lambda dy, z: [dy * backward(z, labels, **options)],
        theirs,
    )


@st.composite
def dropout(draw: st.DrawFn) -> Case:
    shape, seed, p = draw(shapes), draw(seeds), draw(st.floats(0, 0.9))
    mask = plain.dropout_mask(shape, p, np.random.default_rng(seed))
    return Case(
        [normals(seed, *shape)],
        lambda x: plain.dropout(x, mask, p),
        lambda dy, x: [plain.dropout_backward(dy, mask, p)],
        lambda torch, x: x * torch.tensor(mask / (1 - p)),
    )


@st.composite
def joined(draw: st.DrawFn, name: str) -> Case:
    (n, c, *size), count, seed = draw(shapes), draw(st.integers(1, 3)), draw(seeds)
    channels = [c + (k if name == "concat" else 0) for k in range(count)]
    return Case(
        [normals(seed + k, n, each, *size) for k, each in enumerate(channels)],
        lambda *xs: getattr(plain, name)(xs),
        lambda dy, *xs: plain.add_backward(dy, count) if name == "add" else plain.concat_backward(dy, channels),
        lambda torch, *xs: sum(xs) if name == "add" else torch.cat(xs, 1),
    )


def simple(
    shapes: st.SearchStrategy[tuple[int, ...]],
    forward: Callable[[Array], Array],
    backward: Callable[[Array, Array], Array],
    theirs: Callable[[Any, Any], Any],
) -> st.SearchStrategy[Case]:
    """A twin of one input, without options."""
    return st.builds(
        lambda shape, seed: Case([apart(seed, *shape)], forward, lambda dy, x: [backward(dy, x)], theirs), shapes, seeds
    )


CASES: dict[str, st.SearchStrategy[Case]] = {
    "convolve": convolution(),
    "depthwise": convolution(depthwise=True),
    "dense": dense(),
    "max_pool": max_pool(),
    "average_pool": average_pool(),
    "global_average_pool": simple(
        images,
        plain.global_average_pool,
        lambda dy, x: plain.global_average_pool_backward(dy, x.shape[2:]),
        lambda torch, x: torch.nn.functional.adaptive_avg_pool2d(x, 1)[:, :, 0, 0],
    ),
    "global_max_pool": simple(
        images,
        plain.global_max_pool,
        plain.global_max_pool_backward,
        lambda torch, x: torch.nn.functional.adaptive_max_pool2d(x, 1)[:, :, 0, 0],
    ),
    **{name: normalised(name) for name in ("batch_norm", "batch_norm_inference", "layer_norm", "group_norm")},
    **{name: function(name) for name in ("relu", "gelu", "silu", "sigmoid", "tanh")},
    "leaky_relu": function("leaky_relu", -2, 2),
    "elu": function("elu", 0.1, 3),
    "softmax": softmax(),
    **{name: loss(name) for name in ("cross_entropy", "mse_loss", "binary_cross_entropy_with_logits")},
    "flatten": simple(
        images,
        plain.flatten,
        lambda dy, x: plain.flatten_backward(dy, x.shape[1:]),
        lambda torch, x: torch.flatten(x, 1),
    ),
    "dropout": dropout(),
    "add": joined("add"),
    "concat": joined("concat"),
}
