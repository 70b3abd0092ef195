"""The slow twins of layers: what computes a layer, given as its object, from `tuicnn.plain`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuicnn import plain
from tuicnn.vocabulary import arguments, info

__all__ = ["Twin", "twin_of"]

Array = NDArray[np.floating[Any]]
Weights = Mapping[str, Array]
#: the gradients by the inputs, and by the weights by name
Gradients = tuple[Sequence[Array], Weights]


@dataclass(frozen=True)
class Twin:
    """A layer, given as its object, in the slow twins: in training, and after it where that differs."""

    forward: Callable[[Any, Sequence[Array], Weights], Array]
    backward: Callable[[Any, Array, Sequence[Array], Weights], Gradients]
    inference: Callable[[Any, Sequence[Array], Weights], Array] | None = None


def twin_of(cls: type) -> Twin:
    """The twin of a class of layers.

    Where TWINS has none, it is a function of the layer's name, or another that it is called by, of one input and the
    layer's options.
    """
    about = info(cls)
    if about.name in TWINS:
        return TWINS[about.name]
    name = next(word for word in (about.name, *about.aliases) if hasattr(plain, word))
    forward, backward = getattr(plain, name), getattr(plain, f"{name}_backward")

    def options(layer: Any) -> dict[str, Any]:
        return {a.name: getattr(layer, a.name) for a in arguments(layer)}

    return Twin(
        lambda layer, x, w: forward(x[0], **options(layer)),
        lambda layer, dy, x, w: ([backward(dy, x[0], **options(layer))], {}),
    )


def named(dx: Array, *gradients: Array) -> Gradients:
    """What a twin gives of a layer with a weight and, mostly, a bias."""
    return [dx], dict(zip(("weight", "bias"), gradients, strict=True))


def one_weight(dx: Array, gradient: Array) -> Gradients:
    """What a twin gives of a layer with a weight and no bias."""
    return [dx], {"weight": gradient}


def geometry(layer: Any) -> dict[str, Any]:
    """The layer's window but for its kernel."""
    return {"stride": layer.window.stride, "pad": layer.window.pad, "dilation": layer.window.dilation}


def normalisation(name: str, groups: bool = False) -> Twin:
    forward, backward = getattr(plain, name), getattr(plain, f"{name}_backward")

    def own(layer: Any) -> tuple[int, ...]:
        return (layer.groups,) if groups else ()

    return Twin(
        lambda layer, x, w: forward(x[0], *own(layer), w["weight"], w["bias"], layer.eps),
        lambda layer, dy, x, w: named(*backward(dy, x[0], *own(layer), w["weight"], layer.eps)),
    )


def vector(x: Array) -> Array:
    """Images flattened; vectors as they are."""
    return plain.flatten(x) if x.ndim == 4 else x


def shaped(y: Array, like: Array) -> Array:
    """The vectors y as images like these, where they are images."""
    return plain.flatten_backward(y, like.shape[1:]) if like.ndim == 4 else y


def kept(layer: Any, y: Array) -> Array:
    """Vectors as images of one pixel, where the layer keeps them so."""
    return y[:, :, None, None] if layer.keep else y


SAME = Twin(lambda layer, x, w: x[0], lambda layer, dy, x, w: ([dy], {}))

LAYER_NORM = {"image": normalisation("layer_norm"), "channels": normalisation("layer_norm_channels")}
TWINS: dict[str, Twin] = {
    "conv": Twin(
        lambda layer, x, w: plain.convolve(x[0], w["weight"], w.get("bias"), **geometry(layer), groups=layer.groups),
        lambda layer, dy, x, w: named(
            *plain.convolve_backward(dy, x[0], w["weight"], **geometry(layer), groups=layer.groups)
        ),
    ),
    "convtranspose": Twin(
        lambda layer, x, w: plain.convolve_transposed(
            x[0], w["weight"], layer.size(*x[0].shape[2:]), w.get("bias"), **geometry(layer), groups=layer.groups
        ),
        lambda layer, dy, x, w: named(
            *plain.convolve_transposed_backward(dy, x[0], w["weight"], **geometry(layer), groups=layer.groups)
        ),
    ),
    "depthwise": Twin(
        lambda layer, x, w: plain.depthwise(x[0], w["weight"], w.get("bias"), **geometry(layer)),
        lambda layer, dy, x, w: named(*plain.depthwise_backward(dy, x[0], w["weight"], **geometry(layer))),
    ),
    "dense": Twin(
        lambda layer, x, w: plain.dense(x[0], w["weight"], w.get("bias")),
        lambda layer, dy, x, w: named(*plain.dense_backward(dy, x[0], w["weight"])),
    ),
    "maxpool": Twin(
        lambda layer, x, w: plain.max_pool(x[0], layer.window.kernel, **geometry(layer)),
        lambda layer, dy, x, w: ([plain.max_pool_backward(dy, x[0], layer.window.kernel, **geometry(layer))], {}),
    ),
    "avgpool": Twin(
        lambda layer, x, w: plain.average_pool(x[0], layer.window.kernel, **geometry(layer)),
        lambda layer, dy, x, w: (
            [plain.average_pool_backward(dy, x[0].shape[2:], layer.window.kernel, **geometry(layer))],
            {},
        ),
    ),
    "globalavgpool": Twin(
        lambda layer, x, w: kept(layer, plain.global_average_pool(x[0])),
        lambda layer, dy, x, w: ([plain.global_average_pool_backward(dy.reshape(dy.shape[:2]), x[0].shape[2:])], {}),
    ),
    "globalmaxpool": Twin(
        lambda layer, x, w: kept(layer, plain.global_max_pool(x[0])),
        lambda layer, dy, x, w: ([plain.global_max_pool_backward(dy.reshape(dy.shape[:2]), x[0])], {}),
    ),
    "shuffle": Twin(
        lambda layer, x, w: plain.channel_shuffle(x[0], layer.groups),
        lambda layer, dy, x, w: ([plain.channel_shuffle_backward(dy, layer.groups)], {}),
    ),
    "scale": Twin(
        lambda layer, x, w: plain.scale(x[0], w["weight"]),
        lambda layer, dy, x, w: one_weight(*plain.scale_backward(dy, x[0], w["weight"])),
    ),
    "zeropad": Twin(
        lambda layer, x, w: plain.zero_pad(x[0], layer.sides),
        lambda layer, dy, x, w: ([plain.crop(dy, layer.sides)], {}),
    ),
    "upsample": Twin(
        lambda layer, x, w: plain.upsample(x[0], layer.scale, layer.mode),
        lambda layer, dy, x, w: ([plain.upsample_backward(dy, x[0].shape[2:], layer.scale, layer.mode)], {}),
    ),
    "flatten": Twin(lambda layer, x, w: vector(x[0]), lambda layer, dy, x, w: ([shaped(dy, x[0])], {})),
    "reshape": Twin(
        lambda layer, x, w: plain.flatten_backward(vector(x[0]), tuple(layer.shape)),
        lambda layer, dy, x, w: ([shaped(plain.flatten(dy), x[0])], {}),
    ),
    "batchnorm": Twin(
        normalisation("batch_norm").forward,
        normalisation("batch_norm").backward,
        lambda layer, x, w: plain.batch_norm_inference(
            x[0], w["weight"], w["bias"], w["running_mean"], w["running_var"], layer.eps
        ),
    ),
    "prelu": Twin(
        lambda layer, x, w: plain.prelu(x[0], w["weight"]),
        lambda layer, dy, x, w: one_weight(*plain.prelu_backward(dy, x[0], w["weight"])),
    ),
    "layernorm": Twin(
        lambda layer, x, w: LAYER_NORM[layer.over].forward(layer, x, w),
        lambda layer, dy, x, w: LAYER_NORM[layer.over].backward(layer, dy, x, w),
    ),
    "groupnorm": normalisation("group_norm", groups=True),
    "softmax": Twin(
        lambda layer, x, w: plain.softmax(x[0], 1), lambda layer, dy, x, w: ([plain.softmax_backward(dy, x[0], 1)], {})
    ),
    "identity": SAME,
    "droppath": SAME,
    "dropout": SAME,  # what it does in training depends on its mask: see `test_dropout`
    "add": Twin(lambda layer, x, w: plain.add(x), lambda layer, dy, x, w: (plain.add_backward(dy, len(x)), {})),
    "multiply": Twin(
        lambda layer, x, w: plain.multiply(x), lambda layer, dy, x, w: (plain.multiply_backward(dy, x), {})
    ),
    "concat": Twin(
        lambda layer, x, w: plain.concat(x),
        lambda layer, dy, x, w: (plain.concat_backward(dy, [a.shape[1] for a in x]), {}),
    ),
}
