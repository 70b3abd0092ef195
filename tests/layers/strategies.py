"""For every layer of the language: random arguments, and shapes that it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

from tests.layers.helpers import named
from tuicnn.layers import Layer, Shape
from tuicnn.vocabulary import Call, Size, Word

__all__ = ["CASES", "Case"]

#: a layer and the shapes of its inputs
Case = tuple[Layer, tuple[Shape, ...]]
Draw = Callable[[st.SearchStrategy[Any]], Any]

small = st.integers(1, 3)
images = st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5))
vectors = st.tuples(st.integers(1, 12))
any_shape = st.one_of(images, vectors)
inits = st.sampled_from([Word("he"), Word("xavier_uniform"), Call("normal", (0.5,)), Word("lecun")])


def window(draw: Draw, channels: int, *, dilated: bool, half: bool) -> tuple[dict[str, Any], Size, Shape]:
    """Options of a window, its kernel, and an image that it fits in."""
    kernel = Size((draw(st.integers(1, 4)), draw(st.integers(1, 4))))
    dilation = Size((draw(st.integers(1, 2)), draw(st.integers(1, 2)))) if dilated else Size((1, 1))
    most = [k // 2 if half else 2 for k in kernel]
    pad = draw(
        st.one_of(
            st.sampled_from([Word("same"), Word("valid")]),
            st.tuples(st.integers(0, most[0]), st.integers(0, most[1])).map(Size),
        )
    )
    span = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    total = [0, 0] if pad == "valid" else [s - 1 for s in span] if pad == "same" else [2 * p for p in pad]
    h, w = (max(1, s - t) + draw(st.integers(0, 4)) for s, t in zip(span, total, strict=True))
    options: dict[str, Any] = {"pad": pad, "stride": Size((draw(small), draw(small)))}
    if dilated:
        options["dilation"] = dilation
    return options, kernel, (channels, h, w)


@st.composite
def conv(draw: st.DrawFn) -> Case:
    groups = draw(st.integers(1, 3))
    channels = groups * draw(st.integers(1, 5 if groups == 1 else 2))
    options, kernel, shape = window(draw, channels, dilated=True, half=False)
    filters = groups * draw(st.integers(1, 3))
    return named("conv", filters, kernel, groups=groups, bias=draw(st.booleans()), init=draw(inits), **options), (
        shape,
    )


@st.composite
def depthwise(draw: st.DrawFn) -> Case:
    options, kernel, shape = window(draw, draw(st.integers(1, 5)), dilated=True, half=False)
    return named("depthwise", kernel, bias=draw(st.booleans()), init=draw(inits), **options), (shape,)


@st.composite
def pool(draw: st.DrawFn, name: str) -> Case:
    options, kernel, shape = window(draw, draw(st.integers(1, 4)), dilated=False, half=True)
    if draw(st.booleans()):
        del options["stride"]
    return named(name, kernel, **options), (shape,)


@st.composite
def reshape(draw: st.DrawFn) -> Case:
    c, h, w = draw(images)
    given = draw(st.sampled_from([(c * h * w,), (w, c, h), (1, c * h, w)]))
    return named("reshape", Size((c, h, w))), (given,)


@st.composite
def groupnorm(draw: st.DrawFn) -> Case:
    groups, each = draw(small), draw(small)
    shape = draw(any_shape)
    return named("groupnorm", groups), ((groups * each, *shape[1:]),)


@st.composite
def join(draw: st.DrawFn, name: str) -> Case:
    shape = draw(any_shape)
    count = draw(st.integers(1, 4))
    channels = [shape[0] if name == "add" else draw(small) for _ in range(count)]
    return named(name), tuple((c, *shape[1:]) for c in channels)


def simple(shapes: st.SearchStrategy[Shape], layers: st.SearchStrategy[Layer]) -> st.SearchStrategy[Case]:
    return st.tuples(layers, shapes.map(lambda shape: (shape,)))


def made(name: str, *given: st.SearchStrategy[Any], **options: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(lambda g, o: named(name, *g, **o), st.tuples(*given), st.fixed_dictionaries(options))


def plain(names: Sequence[str], shapes: st.SearchStrategy[Shape]) -> dict[str, st.SearchStrategy[Case]]:
    return {name: simple(shapes, made(name)) for name in names}


CASES: dict[str, st.SearchStrategy[Case]] = {
    "conv": conv(),
    "depthwise": depthwise(),
    "maxpool": pool("maxpool"),
    "avgpool": pool("avgpool"),
    "dense": simple(vectors, made("dense", small, bias=st.booleans(), init=inits)),
    "zeropad": simple(images, made("zeropad", st.tuples(st.integers(0, 2), st.integers(0, 2)).map(Size))),
    "reshape": reshape(),
    "batchnorm": simple(any_shape, made("batchnorm", eps=st.sampled_from([1e-5, 0.1]), momentum=st.floats(0, 1))),
    "layernorm": simple(any_shape, made("layernorm", eps=st.sampled_from([1e-5, 0.1]))),
    "groupnorm": groupnorm(),
    "dropout": simple(any_shape, made("dropout", st.floats(0, 0.9))),
    "leakyrelu": simple(any_shape, made("leakyrelu", slope=st.floats(-2, 2))),
    "elu": simple(any_shape, made("elu", alpha=st.floats(0.1, 3))),
    "add": join("add"),
    "concat": join("concat"),
    **plain(["globalavgpool", "globalmaxpool"], images),
    **plain(["flatten", "relu", "gelu", "silu", "sigmoid", "tanh", "softmax", "identity"], any_shape),
}
