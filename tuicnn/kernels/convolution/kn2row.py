"""Convolution with few filters: first each pixel's products with all weights, then the sums of what is shifted.

With x as (pixels x images, C) and W as (kh·kw·F, C), one product gives what each pixel adds to each output near it,

    Z = W xT,     y[f, oh, ow] = Σ_ij Z[(i, j, f), oh + i, ow + j]

which is `columns` with outputs in the place of inputs: kh·kw·F values a pixel are moved, where there are kh·kw·C. The
gradients are products with E, which has for each pixel the kh·kw·F errors that it takes part in:

    E[(i, j, f), h, w] = dy[f, h - i, w - j],     dx = ET W,     dW = E x

Rows of Z and of E are long: filters come first, then pixels and images. Z has the padding of the width, so that a shift
of rows and columns is one of all numbers of a filter. Source: Vasudevan, Anderson and Gregg, Parallel Multi Channel
Convolution using General Matrix Multiplication (2017), who call it kn2row.
"""

from __future__ import annotations

from tuicnn.lazy_numpy import np

from ..arrays import Array, Gradients, channel_sums, contiguous, row_blocks
from ..derived import derived
from ..memory import empty, zeros
from ..windows import Window

__all__ = ["convolve_kn2row", "convolve_kn2row_backward"]


def filters_first(weights: Array) -> Array:
    """(kh, kw, C, F) -> (kh·kw·F, C)."""
    return contiguous(weights.transpose(0, 1, 3, 2)).reshape(-1, weights.shape[2])


def _rows_of(block: slice, i: int, window: Window, oh: int) -> tuple[slice, slice]:
    """The rows of an image, counted within a block of them, which row i of the kernel meets; and the outputs' rows."""
    down = window.pad[0][0] - i * window.dilation[0]
    first = max(block.start, -down)
    end = max(first, min(block.stop, oh - down))
    return slice(first - block.start, end - block.start), slice(first + down, end + down)


def convolve_kn2row(x: Array, weights: Array, window: Window, bias: Array | None = None) -> tuple[Array, Array]:
    """x (H, W, N, C), weights (kh, kw, C, F) -> y (OH, OW, N, F), for any window with stride 1; and x."""
    h, w, n, c = x.shape
    f, (left, right) = weights.shape[3], window.pad[1]
    oh, ow = window.out(h, w)
    width = (left + w + right) * n
    total = zeros((f, oh, width), x.dtype)
    if bias is not None:
        total += bias[:, None, None]
    into = total.reshape(f, -1)
    matrix = derived(weights, "filters first", filters_first)
    columns = x.reshape(h, w * n, c).transpose(0, 2, 1)
    for block in row_blocks(h, len(matrix) * width):
        z = empty((len(matrix), block.stop - block.start, width), x.dtype)
        z[..., : left * n] = 0
        z[..., (left + w) * n :] = 0
        np.matmul(matrix, columns[block], out=z[..., left * n : (left + w) * n].transpose(1, 0, 2))
        products = z.reshape(*window.kernel, f, -1)
        for i, j in np.ndindex(window.kernel):
            rows, outputs = _rows_of(block, i, window, oh)
            first = rows.start * width + j * window.dilation[1] * n
            # the last columns are of no window
            values = products[i, j, :, first : rows.stop * width]
            reached = into[:, outputs.start * width : outputs.start * width + values.shape[1]]
            reached += values
    y = empty((oh, ow, n, f), x.dtype)
    y.reshape(oh, -1, f)[...] = total[..., : ow * n].transpose(1, 2, 0)
    return y, x


def convolve_kn2row_backward(
    dy: Array, x: Array, weights: Array, window: Window, *, with_dx: bool = True, with_bias: bool = True
) -> Gradients:
    """The adjoint of `convolve_kn2row`: dx, dw as weights and db (F,); None for what is not wanted."""
    h, w, n, c = x.shape
    oh, ow, _, f = dy.shape
    (kw, across), left = (window.kernel[1], window.dilation[1]), window.pad[1][0]
    before, after = max(0, (kw - 1) * across - left), max(0, left + w - ow)
    errors = empty((f, oh, (before + ow + after) * n), dy.dtype)
    errors[..., : before * n] = 0
    errors[..., (before + ow) * n :] = 0
    errors[..., before * n : (before + ow) * n] = dy.reshape(oh, -1, f).transpose(2, 0, 1)
    matrix = derived(weights, "filters first", filters_first)
    dx = empty(x.shape, x.dtype) if with_dx else None
    dw = zeros(matrix.shape, x.dtype)
    for block in row_blocks(h, (len(matrix) + c) * w * n):
        met = empty((len(matrix), block.stop - block.start, w * n), dy.dtype)
        by_place = met.reshape(*window.kernel, f, -1, w * n)
        for i, j in np.ndindex(window.kernel):
            rows, outputs = _rows_of(block, i, window, oh)
            first = (before + left - j * across) * n
            by_place[i, j, :, : rows.start] = 0
            by_place[i, j, :, rows.stop :] = 0
            by_place[i, j, :, rows] = errors[:, outputs, first : first + w * n]
        flat = met.reshape(len(matrix), -1)
        dw += np.matmul(flat, x[block].reshape(-1, c), out=empty(matrix.shape, x.dtype))
        if dx is not None:
            np.matmul(flat.T, matrix, out=dx[block].reshape(-1, c))
    db = channel_sums(dy).astype(dy.dtype) if with_bias else None
    return dx, dw.reshape(*window.kernel, f, c).transpose(0, 1, 3, 2), db
