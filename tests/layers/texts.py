"""For every layer of the language: random ways to write it, and shapes that it takes, (C, H, W) or (V,)."""

from __future__ import annotations

from hypothesis import strategies as st

__all__ = ["TEXTS", "Written"]

Shape = tuple[int, ...]
#: a layer as it is written, and the shapes of its inputs
Written = tuple[str, tuple[Shape, ...]]

small = st.integers(1, 3)
images = st.tuples(st.integers(1, 5), st.integers(1, 4), st.integers(1, 4))
vectors = st.tuples(st.integers(1, 9))
any_shape = st.one_of(images, vectors)


def axis(draw: st.DrawFn, *, pooling: bool) -> tuple[int, int, int, int, int]:
    """Kernel, stride, pad, dilation, and a size that the window fits in."""
    kernel, stride, dilation = draw(small), draw(small), 1 if pooling else draw(st.integers(1, 2))
    pad = draw(st.integers(0, kernel // 2 if pooling else 2))
    size = max(1, dilation * (kernel - 1) + 1 - 2 * pad) + draw(st.integers(0, 3))
    return kernel, stride, pad, dilation, size


@st.composite
def windowed(draw: st.DrawFn, word: str) -> Written:
    pooling = word.endswith("pool")
    (kh, sh, ph, dh, h), (kw, sw, pw, dw, w) = axis(draw, pooling=pooling), axis(draw, pooling=pooling)
    options = f"{kh}x{kw} stride={sh}x{sw} pad={draw(st.sampled_from([f'{ph}x{pw}', 'same']))}"
    if not pooling:
        options += f" dilation={dh}x{dw} bias={draw(st.sampled_from(['true', 'false']))}"
    channels = draw(st.integers(1, 5))
    if word == "conv":
        groups = draw(st.sampled_from([1, 1, 1, 2, 3]))
        channels *= groups
        options = f"{groups * draw(small)} {options} groups={groups}"
    return f"{word} {options}", ((channels, h, w),)


@st.composite
def reshape(draw: st.DrawFn) -> Written:
    c, h, w = draw(images)
    return f"reshape {c}x{h}x{w}", (draw(st.sampled_from([(c * h * w,), (w, c, h), (1, c * h, w)])),)


@st.composite
def groupnorm(draw: st.DrawFn) -> Written:
    groups, each, shape = draw(small), draw(small), draw(any_shape)
    return f"groupnorm {groups} eps=0.1", ((groups * each, *shape[1:]),)


@st.composite
def join(draw: st.DrawFn, word: str) -> Written:
    shape, count = draw(any_shape), draw(st.integers(2, 4))
    channels = [shape[0] if word == "add" else draw(small) for _ in range(count)]
    return word, tuple((c, *shape[1:]) for c in channels)


def one(texts: st.SearchStrategy[str], shapes: st.SearchStrategy[Shape] = any_shape) -> st.SearchStrategy[Written]:
    return st.tuples(texts, shapes.map(lambda shape: (shape,)))


def number(name: str, low: float, high: float) -> st.SearchStrategy[str]:
    """A layer with a number as its option, such as `elu alpha=1.5`."""
    return st.floats(low, high).map(lambda value: f"{name}{value:.3f}")


TEXTS: dict[str, st.SearchStrategy[Written]] = {
    **{word: windowed(word) for word in ("conv", "depthwise", "maxpool", "avgpool")},
    "dense": one(st.builds("dense {} bias={}".format, small, st.sampled_from(["true", "false"])), vectors),
    "zeropad": one(st.builds("zeropad {}x{}".format, st.integers(0, 2), st.integers(0, 2)), images),
    "reshape": reshape(),
    "batchnorm": one(st.just("batchnorm eps=0.1")),
    "layernorm": one(st.just("layernorm eps=0.1")),
    "groupnorm": groupnorm(),
    "dropout": one(number("dropout ", 0, 0.9)),
    "leakyrelu": one(number("leakyrelu slope=", -2, 2)),
    "elu": one(number("elu alpha=", 0.1, 3)),
    **{word: join(word) for word in ("add", "concat")},
    **{word: one(st.just(word), images) for word in ("globalavgpool", "globalmaxpool")},
    **{
        word: one(st.just(word))
        for word in ("flatten", "relu", "gelu", "silu", "sigmoid", "tanh", "softmax", "identity")
    },
}
