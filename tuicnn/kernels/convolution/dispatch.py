"""Convolution: which kernel computes it, chosen from the shapes alone, and groups of channels.

The choice is a rule and no measurement on the spot: another kernel rounds differently, and the same seed must give the
same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tuicnn.lazy_numpy import np

from ..arrays import Array, Gradients, contiguous
from ..derived import derived
from ..memory import empty, zeros
from ..windows import Window
from .banded import banded
from .columns import convolve_columns, convolve_columns_backward
from .filtering import saves
from .kn2row import convolve_kn2row, convolve_kn2row_backward
from .one_filter import convolve_one_filter, convolve_one_filter_backward
from .patches import convolve_patches, convolve_patches_backward, separate
from .pointwise import convolve_pointwise, convolve_pointwise_backward
from .strips import convolve_strips, convolve_strips_backward
from .winograd import convolve_winograd, convolve_winograd_backward

__all__ = ["choose", "convolve", "convolve_backward", "joined", "weights_of_group"]

#: by how much products must be fewer than the definition's for the transforms of minimal filtering to pay
SAVING = 1.5
#: weights, with those that are 0, up to which groups are computed as one convolution. Measured forward and backward: 32
#: channels to 8 in 4 groups take a quarter of the time, 32 to 32 in 2 groups under 3x3 windows four fifths; 128 to 128
#: would take one and a half times as long
JOINED = 10_000
#: filters up to which kn2row may pay
FEW = 12
NO_PADDING = ((0, 0), (0, 0))
KERNELS: dict[str, tuple[Callable[..., tuple[Array, Any]], Callable[..., Gradients]]] = {
    "winograd": (convolve_winograd, convolve_winograd_backward),
    "pointwise": (convolve_pointwise, convolve_pointwise_backward),
    "patches": (convolve_patches, convolve_patches_backward),
    "kn2row": (convolve_kn2row, convolve_kn2row_backward),
    "one filter": (convolve_one_filter, convolve_one_filter_backward),
    "columns": (convolve_columns, convolve_columns_backward),
    "strips": (convolve_strips, convolve_strips_backward),
}


def choose(height: int, width: int, channels: int, filters: int, window: Window) -> str:
    """The kernel for images of this size and `channels` (of one group) under this window with so many filters.

    Measured on one core with AVX-512, forward and backward together:

    - winograd halves the time or better from 16 channels (3x3, 5x5; 4x4 and 5x5 at stride 2), and wins by a fifth at
      4; 3x3 at stride 2 saves fewer products and breaks even at 8. Below, its transforms cost more than it saves;
    - patches, where windows do not overlap, copy each pixel once, and take a third of the time of strips;
    - strips copy nothing, and win where each product has at least 16 values in its inner dimension;
    - columns make one product of it all: for the first layer, of 1 or 3 channels;
    - one filter takes a half to a fifth of their time where each channel has a product of its own;
    - kn2row, at stride 1, moves what comes out in place of what goes in: 2 filters under 3x3 windows take half of
      winograd's time or less, 8 over 40 channels three quarters (on one core without AVX-512).
    """
    high, wide = window.kernel
    if window.kernel == (1, 1) and window.pad == NO_PADDING:
        return "pointwise"
    # measured: under 3x3 windows 2 filters from 2 channels, 4 from 7, 8 from 23; later under larger ones
    if window.stride == (1, 1) and filters <= FEW and filters * (6 * filters + high * wide) <= 20 * channels:
        return "kn2row"
    fewest = 4 if window.stride[0] == 1 or high > 3 else 8
    if min(channels, 2 * filters) >= fewest and saves(window, *window.out(height, width), at_least=SAVING):
        return "winograd"
    if high * channels < 16:
        return "one filter" if filters == 1 and banded(window, 1, channels) else "columns"
    return "patches" if separate(window, height, width) else "strips"


def convolve(x: Array, weights: Array, window: Window, groups: int = 1, bias: Array | None = None) -> tuple[Array, Any]:
    """Cross-correlate x (H, W, N, C) with weights (kh, kw, C/groups, F), and add bias (F,).

    x may be a view whose rows lie apart. Returns y (OH, OW, N, F) and what `convolve_backward` takes as `saved`.
    """
    h, w, n, c = x.shape
    f = weights.shape[3]
    if not n:
        return empty((*window.out(h, w), n, f), x.dtype), x
    if joined(c, f, window, groups):
        return _convolve(x, _one_group(weights, groups), window, bias)
    y = empty((*window.out(h, w), n, f), x.dtype)
    saved = []
    for g in range(groups):
        cs, fs = _share(g, c, groups), _share(g, f, groups)
        own = contiguous(x[..., cs]), weights_of_group(weights, g, groups)
        y[..., fs], kept = _convolve(*own, window, bias[fs] if bias is not None else None)
        saved.append(kept)
    return y, saved


def convolve_backward(
    dy: Array,
    saved: Any,
    weights: Array,
    window: Window,
    groups: int = 1,
    *,
    with_dx: bool = True,
    with_bias: bool = True,
) -> Gradients:
    """The adjoint of `convolve`: dy (OH, OW, N, F) -> dx (H, W, N, C), dw as weights and db (F,); None for dx and db
    where they are not wanted."""
    if not dy.shape[2]:
        dx = empty(saved.shape, dy.dtype) if with_dx else None
        return dx, zeros(weights.shape, dy.dtype), (zeros(weights.shape[3:], dy.dtype) if with_bias else None)
    c, f = weights.shape[2], weights.shape[3]
    if joined(c * groups, f, window, groups):
        dx, dw, db = _convolve_backward(dy, saved, _one_group(weights, groups), window, with_dx, with_bias)
        own = [dw[:, :, _share(g, c * groups, groups), _share(g, f, groups)] for g in range(groups)]
        return dx, (np.concatenate(own, axis=-1) if groups > 1 else dw), db
    parts = []
    for g in range(groups):
        part = contiguous(dy[..., _share(g, f, groups)]), saved[g], weights_of_group(weights, g, groups)
        parts.append(_convolve_backward(*part, window, with_dx, with_bias))
    dxs, dws, dbs = zip(*parts, strict=True)
    dx = np.concatenate(dxs, axis=-1) if with_dx else None
    return dx, np.concatenate(dws, axis=-1), (np.concatenate(dbs) if with_bias else None)


def joined(channels: int, filters: int, window: Window, groups: int) -> bool:
    """Whether groups of so many channels and filters in all are computed as one, in which weights from one group to
    another are 0: copies of each group's channels take longer than some more products."""
    return groups == 1 or channels * filters * window.kernel[0] * window.kernel[1] <= JOINED


def weights_of_group(weights: Array, group: int, groups: int) -> Array:
    """(kh, kw, C/groups, F) -> (kh, kw, C/groups, F/groups), contiguous; made once for all shards of a step."""
    own = _share(group, weights.shape[3], groups)
    return derived(weights, f"group {group} of {groups}", lambda w: contiguous(w[..., own]))


def _one_group(weights: Array, groups: int) -> Array:
    """(kh, kw, C/groups, F) -> (kh, kw, C, F)."""
    if groups == 1:
        return weights

    def make(weights: Array) -> Array:
        kh, kw, c, f = weights.shape
        whole = np.zeros((kh, kw, c * groups, f), weights.dtype)
        for g in range(groups):
            own = _share(g, f, groups)
            whole[:, :, g * c : (g + 1) * c, own] = weights[..., own]
        return whole

    return derived(weights, "one group", make)


def _share(group: int, count: int, groups: int) -> slice:
    return slice(group * count // groups, (group + 1) * count // groups)


def _convolve(x: Array, weights: Array, window: Window, bias: Array | None) -> tuple[Array, Any]:
    kernel = choose(x.shape[0], x.shape[1], x.shape[3], weights.shape[3], window)
    y, kept = KERNELS[kernel][0](x, weights, window, bias)
    return y, (kernel, kept)


def _convolve_backward(
    dy: Array, saved: Any, weights: Array, window: Window, with_dx: bool, with_bias: bool
) -> Gradients:
    kernel, kept = saved
    return KERNELS[kernel][1](dy, kept, weights, window, with_dx=with_dx, with_bias=with_bias)
