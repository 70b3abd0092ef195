"""One row for each layer of the language: random ways to write it, and shapes that it takes.

All laws of layers take their cases from here: a layer that is added needs a row, and no other change to a test.
"""

from __future__ import annotations

from hypothesis import strategies as st

from tests.layers.helpers import as_written
from tuicnn.layers import Dropout, Layer, Shape
from tuicnn.layers.activations import Activation
from tuicnn.vocabulary import Size, vocabulary

__all__ = ["ACTIVATIONS", "CASES", "LAYERS", "PRODUCTS", "RANDOM", "ROWS", "Case", "Written", "any_shape"]

#: a layer as it is written, and the shapes of its inputs: (C, H, W) or (V,)
Written = tuple[str, tuple[Shape, ...]]
#: the layer itself, and the shapes of its inputs
Case = tuple[Layer, tuple[Shape, ...]]
Texts = st.SearchStrategy[str]

small = st.integers(1, 3)
images = st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5))
vectors = st.tuples(st.integers(1, 12))
any_shape = st.one_of(images, vectors)
bias = st.sampled_from([" bias=true", " bias=false"])
init = st.sampled_from(["", " init=he", " init=xavier_uniform", " init=normal(0.5)", " init=lecun"])


def number(word: str, low: float, high: float) -> Texts:
    """A word and a number, such as `elu alpha=1.5`."""
    return st.floats(low, high).map(lambda value: f"{word}{value:.3f}")


def one(text: str | Texts, shapes: st.SearchStrategy[Shape] = any_shape) -> st.SearchStrategy[Written]:
    """A layer with one input, of any of these shapes."""
    texts = st.just(text) if isinstance(text, str) else text
    return st.tuples(texts, shapes.map(lambda shape: (shape,)))


def axis(draw: st.DrawFn, padding: str, *, pooling: bool) -> tuple[int, int, int, int, int]:
    """Kernel, stride, pad, dilation, and a size that the window fits in."""
    kernel, stride, dilation = draw(st.integers(1, 4)), draw(small), 1 if pooling else draw(st.integers(1, 2))
    pad, span = draw(st.integers(0, kernel // 2 if pooling else 2)), dilation * (kernel - 1) + 1
    least = {"same": 1, "valid": span}.get(padding, span - 2 * pad)
    return kernel, stride, pad, dilation, max(1, least) + draw(st.integers(0, 4))


@st.composite
def windowed(draw: st.DrawFn, word: str) -> Written:
    """conv, depthwise, maxpool or avgpool."""
    pooling, padding = word.endswith("pool"), draw(st.sampled_from(["", "", "same", "valid"]))
    (kh, sh, ph, dh, h), (kw, sw, pw, dw, w) = (axis(draw, padding, pooling=pooling) for _ in range(2))
    channels = draw(st.integers(1, 5))
    options = f"{kh}x{kw} pad={padding or f'{ph}x{pw}'}"
    if not pooling or draw(st.booleans()):
        options += f" stride={sh}x{sw}"
    elif h < kh or w < kw:
        h, w = max(h, kh), max(w, kw)
    if not pooling:
        options += f" dilation={dh}x{dw}{draw(bias)}{draw(init)}"
    if word == "conv":
        groups = draw(st.sampled_from([1, 1, 1, 2, 3]))
        channels *= groups
        options = f"{groups * draw(small)} {options} groups={groups}"
    return f"{word} {options}", ((channels, h, w),)


@st.composite
def convtranspose(draw: st.DrawFn) -> Written:
    """Padding leaves something of the image; at stride 1, `same` needs a kernel with a middle."""
    padding, groups = draw(st.sampled_from(["", "", "same"])), draw(st.sampled_from([1, 1, 2, 3]))
    sizes = []
    for _ in range(2):
        kernel, stride, dilation, size = draw(st.integers(1, 5)), draw(small), draw(st.integers(1, 2)), draw(small)
        kernel += padding == "same" and stride == 1 and kernel % 2 == 0 and dilation % 2
        whole = (size - 1) * stride + dilation * (kernel - 1) + 1
        pad = draw(st.integers(0, min(2, (whole - 1) // 2)))
        sizes.append((kernel, stride, pad, draw(st.integers(0, stride - 1)), dilation, size))
    window, steps, pads, ends, gaps, image = zip(*sizes, strict=True)
    around = "pad=same" if padding else f"pad={Size(pads)} output_pad={Size(ends)}"
    channels, filters = groups * draw(small), groups * draw(small)
    options = f"stride={Size(steps)} {around} dilation={Size(gaps)} groups={groups}{draw(bias)}{draw(init)}"
    return f"convtranspose {filters} {Size(window)} {options}", ((channels, image[0], image[1]),)


@st.composite
def reshape(draw: st.DrawFn) -> Written:
    c, h, w = draw(images)
    return f"reshape {c}x{h}x{w}", (draw(st.sampled_from([(c * h * w,), (w, c, h), (1, c * h, w)])),)


@st.composite
def groupnorm(draw: st.DrawFn) -> Written:
    groups, each, shape = draw(small), draw(small), draw(any_shape)
    return f"groupnorm {groups} eps=0.1", ((groups * each, *shape[1:]),)


@st.composite
def shuffle(draw: st.DrawFn) -> Written:
    groups, each, (_, h, w) = draw(st.integers(1, 4)), draw(st.integers(1, 4)), draw(images)
    return f"shuffle {groups}", ((groups * each, h, w),)


@st.composite
def join(draw: st.DrawFn, word: str) -> Written:
    shape, count = draw(any_shape), draw(st.integers(2, 4))
    channels = [shape[0] if word == "add" else draw(small) for _ in range(count)]
    return word, tuple((c, *shape[1:]) for c in channels)


@st.composite
def multiply(draw: st.DrawFn) -> Written:
    """Each branch has all places, or 1 along some axes, or is a vector of the channels; none need have all."""
    shape, found = draw(any_shape), []
    for _ in range(draw(st.integers(2, 4))):
        ones: Shape = tuple(draw(st.sampled_from([n, 1])) for n in shape)
        found.append(draw(st.sampled_from([ones, shape, shape[:1]])))
    return "multiply", tuple(found)


ROWS: dict[str, st.SearchStrategy[Written]] = {
    "conv": windowed("conv"),
    "depthwise": windowed("depthwise"),
    "convtranspose": convtranspose(),
    "dense": one(st.builds("dense {}{}{}".format, small, bias, init), vectors),
    "maxpool": windowed("maxpool"),
    "avgpool": windowed("avgpool"),
    "globalavgpool": one(st.sampled_from(["globalavgpool", "globalavgpool keep=true"]), images),
    "globalmaxpool": one(st.sampled_from(["globalmaxpool", "globalmaxpool keep=true"]), images),
    "channelavgpool": one("channelavgpool", images),
    "channelmaxpool": one("channelmaxpool", images),
    "shuffle": shuffle(),
    "scale": one(number("scale ", -2, 2)),
    "zeropad": one(st.builds("zeropad {}x{}".format, st.integers(0, 2), st.integers(0, 2)), images),
    "upsample": one(
        st.builds("upsample {}x{} mode={}".format, small, small, st.sampled_from(["nearest", "bilinear"])), images
    ),
    "transpose": one("transpose", images),
    "flatten": one("flatten"),
    "reshape": reshape(),
    "identity": one("identity"),
    "batchnorm": one(number("batchnorm eps=0.1 momentum=", 0, 1)),
    "layernorm": one(st.sampled_from(["layernorm eps=0.1", "layernorm channels eps=0.1"])),
    "groupnorm": groupnorm(),
    "lrn": one(
        st.builds(
            "lrn {} alpha={:.3f} beta={:.3f} k={:.3f}".format, st.sampled_from([1, 3, 5]), *[st.floats(0.1, 2)] * 3
        ),
        images,
    ),
    "dropout": one(number("dropout ", 0, 0.9)),
    "droppath": one(number("droppath ", 0, 0.9)),
    "relu": one("relu"),
    "leakyrelu": one(number("leakyrelu slope=", -2, 2)),
    "prelu": one(st.builds("prelu slope={:.3f}{}".format, st.floats(-2, 2), st.sampled_from(["", " shared=true"]))),
    "relu6": one("relu6"),
    "hardsigmoid": one("hardsigmoid"),
    "hardswish": one("hardswish"),
    "mish": one("mish"),
    "rescale": one(st.builds("rescale {:.3f} offset={:.3f}".format, st.floats(-2, 2), st.floats(-2, 2))),
    "elu": one(number("elu alpha=", 0.1, 3)),
    "gelu": one("gelu"),
    "silu": one("silu"),
    "sigmoid": one("sigmoid"),
    "tanh": one("tanh"),
    "softmax": one("softmax"),
    "add": join("add"),
    "concat": join("concat"),
    "multiply": multiply(),
}

LAYERS: dict[str, type[Layer]] = dict(vocabulary("layer"))
CASES = {name: row.map(lambda made: (as_written(made[0]), made[1])) for name, row in ROWS.items()}
#: those whose outputs are sums of products
PRODUCTS = [name for name, cls in LAYERS.items() if cls.macs is not Layer.macs]
#: those that may stand after any layer
ACTIVATIONS = ["identity", *(name for name, cls in LAYERS.items() if issubclass(cls, Activation))]
#: those that draw random numbers in training
RANDOM = [name for name, cls in LAYERS.items() if issubclass(cls, Dropout)]
