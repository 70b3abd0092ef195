"""One window of an image: taken out, put back, and all of them laid side by side.

A window at output place (row, column) begins at pixel (row * stride, column * stride) of the padded image; position
(i, j) of it lies `dilation` pixels further down and across for each step of i and j. Convolution and pooling are both
"take the window, make one number of it", and their gradients are both "make a window of one number, put it back".
"""

from __future__ import annotations

from tuicnn.kernels.arrays import Array
from tuicnn.lazy_numpy import np

from .borders import crop, zero_pad
from .shapes import NO_PAD, ONE, Pad, Pair, floating, need_images, need_like, out_shape

__all__ = ["col2im", "im2col", "pixel", "put_back", "window_of"]


def pixel(row: int, column: int, i: int, j: int, stride: Pair = ONE, dilation: Pair = ONE) -> Pair:
    """The pixel of the padded image that position (i, j) of the window at (row, column) lies on.

    p = row * stride + i * dilation, q = column * stride + j * dilation. Source: Dumoulin and Visin, A guide to
    convolution arithmetic for deep learning (2016), sections 2 and 5.1.
    """
    return row * stride[0] + i * dilation[0], column * stride[1] + j * dilation[1]


def window_of(padded: Array, row: int, column: int, kernel: Pair, stride: Pair = ONE, dilation: Pair = ONE) -> Array:
    """The window at (row, column) of one padded image (C, H, W), as an array (C, kh, kw).

    window[c, i, j] = padded[c, p, q] with (p, q) = `pixel(row, column, i, j)`.
    """
    window = np.zeros((len(padded), *kernel), floating(padded))
    for c, i, j in np.ndindex(*window.shape):
        p, q = pixel(row, column, i, j, stride, dilation)
        window[c, i, j] = padded[c, p, q]
    return window


def put_back(padded: Array, window: Array, row: int, column: int, stride: Pair = ONE, dilation: Pair = ONE) -> None:
    """Adds a window (C, kh, kw) to the pixels of `padded` (C, H, W) that `window_of` took it from.

    padded[c, p, q] += window[c, i, j]: the adjoint of taking it. It adds because windows overlap: a pixel that was used
    in several of them has a share in the gradient from each.
    """
    for c, i, j in np.ndindex(*window.shape):
        p, q = pixel(row, column, i, j, stride, dilation)
        padded[c, p, q] += window[c, i, j]


def im2col(x: Array, kernel: Pair, stride: Pair = ONE, pad: Pad = NO_PAD, dilation: Pair = ONE) -> Array:
    """All windows as columns: (N, C, H, W) -> (N, C*kh*kw, OH*OW), as torch.nn.functional.unfold.

    columns[n, (c*kh + i)*kw + j, row*OW + column] = window[c, i, j] of the window at (row, column). A convolution is
    then one matrix product: weights as (F, C*kh*kw) times columns. Source: Chellapilla, Puri and Simard, High
    Performance Convolutional Neural Networks for Document Processing (2006).
    """
    n, c, h, w = need_images(x)
    rows, columns_across = out_shape(h, w, kernel, stride, pad, dilation)
    padded = zero_pad(x, pad)
    columns = np.zeros((n, c * kernel[0] * kernel[1], rows * columns_across), floating(x))
    for image, row, column in np.ndindex(n, rows, columns_across):
        window = window_of(padded[image], row, column, kernel, stride, dilation)
        columns[image, :, row * columns_across + column] = window.reshape(-1)
    return columns


def col2im(
    columns: Array, size: Pair, kernel: Pair, stride: Pair = ONE, pad: Pad = NO_PAD, dilation: Pair = ONE
) -> Array:
    """Each column added to the pixels of an image of `size` that `im2col` took it from, as torch.nn.functional.fold.

    (N, C*kh*kw, OH*OW) -> (N, C, H, W): the adjoint of `im2col` (not its inverse, since windows overlap), so it is what
    takes the gradient of the columns to the gradient of the image.
    """
    rows, columns_across = out_shape(*size, kernel, stride, pad, dilation)
    area = kernel[0] * kernel[1]
    n, c = len(columns), columns.shape[1] // area
    need_like("columns", columns, (n, c * area, rows * columns_across))
    (top, bottom), (left, right) = pad
    padded = np.zeros((n, c, top + size[0] + bottom, left + size[1] + right), floating(columns))
    for image, row, column in np.ndindex(n, rows, columns_across):
        window = columns[image, :, row * columns_across + column].reshape(c, *kernel)
        put_back(padded[image], window, row, column, stride, dilation)
    return crop(padded, pad)
