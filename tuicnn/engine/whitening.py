"""The first weights of a convolution that whitens the training images, from their patches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tuicnn.data import normalise
from tuicnn.layers import Conv
from tuicnn.system.blas import one_blas_thread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tuicnn.data import Dataset
    from tuicnn.layers import Layer

__all__ = ["whitened"]

#: training images that are looked at, and how many of them at once
IMAGES, _AT_ONCE = 5_000, 100


def whitened(layer: Layer, dataset: Dataset) -> NDArray[np.float64]:
    """The weights (kh, kw, C, F) of a `conv` with init=whiten that reads the images of a data set.

    They do not depend on the seed, and in any process they are the same bits.
    """
    assert isinstance(layer, Conv)
    init: Any = layer.init
    (kh, kw), channels = layer.kernel, dataset.input[0]
    with one_blas_thread():
        moments = second_moments(dataset, layer.kernel, layer.dilation)
        filters: NDArray[np.float64] = init.filters(moments, layer.filters)
    return filters.reshape(kh, kw, channels, layer.filters)


def second_moments(dataset: Dataset, kernel: tuple[int, ...], dilation: tuple[int, ...]) -> NDArray[np.float64]:
    """The mean of p pᵀ over all patches p of the first `IMAGES` training images, as a network sees them.

    A patch has kh·kw·C numbers, in this order.
    """
    size = kernel[0] * kernel[1] * dataset.input[0]
    total, count = np.zeros((size, size)), 0
    images = dataset.train_images[:IMAGES]
    for start in range(0, len(images), _AT_ONCE):
        x = normalise(images[start : start + _AT_ONCE], dataset.mean, dataset.std, np.float64)  # (H, W, n, C)
        height, width = (x.shape[axis] - (kernel[axis] - 1) * dilation[axis] for axis in (0, 1))
        places = [(u * dilation[0], v * dilation[1]) for u in range(kernel[0]) for v in range(kernel[1])]
        patches = np.concatenate([x[u : u + height, v : v + width] for u, v in places], axis=-1).reshape(-1, size)
        total += patches.T @ patches
        count += len(patches)
    return total / count
