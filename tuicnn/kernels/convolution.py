"""Convolution as one matrix product: windows become rows, filters become columns.

    y (N·OH·OW, F) = columns (N·OH·OW, K) @ weights (K, F)        K = kh·kw·C, in that order

The work goes block by block through one small buffer, which stays in the cache and is filled again in the backward
pass: cheaper than keeping columns that are kh·kw times as large as the image.
"""

from __future__ import annotations

from tuicnn.later import np

from .arrays import Array, blocks
from .windows import Window, padded, tap, unpadded, window_view

__all__ = ["convolve", "convolve_backward"]

#: below so many channels a pixel is too short a run to copy, and the columns are laid out one kernel position at a time
FEW_CHANNELS = 4


def columns(view: Array, images: slice, rows: slice, buffer: Array) -> Array:
    """Copy a block of `window_view` into `buffer` as a matrix (windows, K), which may be stored transposed."""
    block = view[images, rows]
    n, oh, ow, kh, kw, c = block.shape
    windows, k = n * oh * ow, kh * kw * c
    flat = buffer[: windows * k]
    if c < FEW_CHANNELS:
        flat.reshape(kh, kw, c, n, oh, ow)[...] = block.transpose(3, 4, 5, 0, 1, 2)
        return flat.reshape(k, windows).T
    flat.reshape(block.shape)[...] = block
    return flat.reshape(windows, k)


def column_buffer(view: Array) -> tuple[Array, int]:
    """A buffer for the largest block of `columns`, and the elements that one row of output takes in it."""
    n, oh, ow, kh, kw, c = view.shape
    row_cost = ow * kh * kw * c
    images, rows = next(blocks(n, oh, row_cost))
    return np.empty((images.stop - images.start) * (rows.stop - rows.start) * row_cost, view.dtype), row_cost


def channel_groups(channels: int, filters: int, groups: int) -> list[tuple[slice, slice]]:
    """The channels that each group reads and the filters that it computes."""
    c, f = channels // groups, filters // groups
    return [(slice(g * c, (g + 1) * c), slice(g * f, (g + 1) * f)) for g in range(groups)]


def convolve(x: Array, weights: Array, window: Window, groups: int = 1) -> tuple[Array, Array]:
    """Cross-correlate x (N, H, W, C) with weights (kh, kw, C/groups, F).

    Returns y (N, OH, OW, F) and the padded x, which `convolve_backward` takes.
    """
    xp = padded(x, window.pad)
    filters = weights.shape[3]
    if groups == 1:
        return _convolve(xp, weights, window), xp
    y = np.empty((len(x), *window.out_padded(xp), filters), x.dtype)
    for cs, fs in channel_groups(x.shape[3], filters, groups):
        y[..., fs] = _convolve(xp[..., cs], weights[..., fs], window)
    return y, xp


def _convolve(xp: Array, weights: Array, window: Window) -> Array:
    view = window_view(xp, window)
    n, oh, ow = view.shape[:3]
    filters = weights.shape[3]
    matrix = weights.reshape(-1, filters)
    y = np.empty((n, oh, ow, filters), xp.dtype)
    if not n:
        return y
    buffer, row_cost = column_buffer(view)
    for images, rows in blocks(n, oh, row_cost):
        np.matmul(columns(view, images, rows, buffer), matrix, out=y[images, rows].reshape(-1, filters))
    return y


def convolve_backward(
    dy: Array, xp: Array, weights: Array, window: Window, groups: int = 1, *, with_dx: bool = True
) -> tuple[Array | None, Array]:
    """The adjoint of `convolve`: dy (N, OH, OW, F) -> dx (N, H, W, C), or None if it is not wanted, and dw.

    y = X W, with X the columns of x. So dW = Xᵀ dy; and the gradient of the columns, dX = dy Wᵀ, has one value for each
    pixel of each window, of which dx sums those that came from the same pixel of x.
    """
    dw = np.empty_like(weights)
    dxp = np.zeros_like(xp) if with_dx else None
    if groups == 1:
        _convolve_backward(dy, xp, weights, window, dxp, dw)
    else:
        for cs, fs in channel_groups(xp.shape[3], weights.shape[3], groups):
            part = dxp[..., cs] if dxp is not None else None
            _convolve_backward(
                np.ascontiguousarray(dy[..., fs]), xp[..., cs], weights[..., fs], window, part, dw[..., fs]
            )
    return (unpadded(dxp, window.pad) if dxp is not None else None), dw


def _convolve_backward(dy: Array, xp: Array, weights: Array, window: Window, dxp: Array | None, dw: Array) -> None:
    view = window_view(xp, window)
    n, oh, ow, kh, kw, c = view.shape
    filters = weights.shape[3]
    matrix = weights.reshape(-1, filters)
    taps_matrix = np.ascontiguousarray(weights.reshape(kh * kw, c, filters).transpose(0, 2, 1))
    total = np.zeros_like(matrix)
    if n:
        buffer, row_cost = column_buffer(view)
        for images, rows in blocks(n, oh, row_cost):
            dy_rows = dy[images, rows].reshape(-1, filters)
            total += columns(view, images, rows, buffer).T @ dy_rows
            if dxp is not None:
                shape = (images.stop - images.start, rows.stop - rows.start, ow)
                taps = buffer[: len(dy_rows) * kh * kw * c]  # the columns have served; their place is free
                if c == 1:
                    np.matmul(matrix, dy_rows.T, out=taps.reshape(kh * kw * c, -1))
                    taps = taps.reshape(kh, kw, c, *shape).transpose(0, 1, 3, 4, 5, 2)
                else:
                    np.matmul(dy_rows, taps_matrix, out=taps.reshape(kh * kw, -1, c))
                    taps = taps.reshape(kh, kw, *shape, c)
                for i in range(kh):
                    for j in range(kw):
                        tap(dxp, window, i, j, images, rows)[...] += taps[i, j]
    dw[...] = total.reshape(dw.shape)
