"""Local response normalisation: each value divided by a power of the squares of its neighbouring channels."""

from __future__ import annotations

from tuicnn.lazy_numpy import np

from .arrays import Array, row_blocks
from .memory import empty

__all__ = ["local_response_norm", "local_response_norm_backward"]


def _neighbours(values: Array, size: int) -> Array:
    """The sum over `size` channels around each, an odd number: (P, C) -> (P, C). Beyond the ends lie zeros."""
    (p, c), half = values.shape, size // 2
    wide = empty((p, c + 2 * half), values.dtype)
    wide[:, :half] = 0
    wide[:, half + c :] = 0
    wide[:, half : half + c] = values
    total = empty(values.shape, values.dtype)
    total[...] = wide[:, :c]
    for shift in range(1, size):
        total += wide[:, shift : shift + c]
    return total


def local_response_norm(
    x: Array, size: int, alpha: float, beta: float, k: float
) -> tuple[Array, tuple[Array, Array, Array]]:
    """y = x·b^-beta with b = k + alpha/size · Σ x² over `size` channels around; and y, b and b^-beta for the gradient.

    x is (H, W, N, C). By blocks of places, so that all of it stays in the cache.
    """
    c = x.shape[-1]
    y, base, scale = (empty(x.shape, x.dtype) for _ in range(3))
    rows, out, bases, scales = (a.reshape(-1, c) for a in (x, y, base, scale))
    for block in row_blocks(len(rows), 6 * c):
        part, power = bases[block], scales[block]
        np.multiply(_neighbours(np.square(rows[block]), size), alpha / size, out=part)
        part += k
        np.log(part, out=power)
        power *= -beta
        np.exp(power, out=power)
        np.multiply(rows[block], power, out=out[block])
    return y, (y, base, scale)


def local_response_norm_backward(
    dy: Array, x: Array, saved: tuple[Array, Array, Array], size: int, alpha: float, beta: float
) -> Array:
    """dx_j = dy_j·b_j^-beta - 2·alpha·beta/size · x_j · Σ dy_i·y_i/b_i over the i whose neighbour j is."""
    c = x.shape[-1]
    dx = empty(x.shape, x.dtype)
    errors, values, out, y, bases, scales = (a.reshape(-1, c) for a in (dy, x, dx, *saved))
    for block in row_blocks(len(errors), 8 * c):
        shares = np.multiply(errors[block], y[block], out=empty(y[block].shape, x.dtype))
        shares /= bases[block]
        around = _neighbours(shares, size)
        around *= values[block]
        around *= 2 * alpha * beta / size
        np.multiply(errors[block], scales[block], out=out[block])
        out[block] -= around
    return dx
