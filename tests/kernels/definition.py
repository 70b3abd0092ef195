"""Convolution of images (H, W, N, C) from its definition, one kernel position at a time: what kernels must equal."""

from __future__ import annotations

import numpy as np

from tuicnn.kernels import Array, Window


def positions(window: Window, oh: int, ow: int) -> list[tuple[int, int, tuple[slice, slice]]]:
    """For each position of the kernel, the padded image's pixels that it meets."""
    (kh, kw), (sh, sw), (dh, dw) = window.kernel, window.stride, window.dilation
    return [
        (i, j, (slice(i * dh, i * dh + (oh - 1) * sh + 1, sh), slice(j * dw, j * dw + (ow - 1) * sw + 1, sw)))
        for i in range(kh)
        for j in range(kw)
    ]


def convolved(x: Array, weights: Array, window: Window) -> Array:
    """y = Σ_ij x_ij w_ij, in x's type."""
    xp = np.pad(x, (*window.pad, (0, 0), (0, 0)))
    total: Array = sum(xp[met] @ weights[i, j] for i, j, met in positions(window, *window.out(*x.shape[:2])))
    return total


def gradients(dy: Array, x: Array, weights: Array, window: Window) -> tuple[Array, Array, Array]:
    """dx, dw and db of `convolved` plus a bias."""
    (top, _), (left, _) = window.pad
    xp = np.pad(x, (*window.pad, (0, 0), (0, 0)))
    dxp, dw = np.zeros_like(xp), np.zeros_like(weights)
    for i, j, met in positions(window, *dy.shape[:2]):
        dxp[met] += dy @ weights[i, j].T
        dw[i, j] = np.tensordot(xp[met], dy, ([0, 1, 2], [0, 1, 2]))
    return dxp[top : top + x.shape[0], left : left + x.shape[1]], dw, dy.sum(axis=(0, 1, 2))


def in_groups(weights: Array, groups: int) -> Array:
    """Weights (kh, kw, C/groups, F) of a convolution in groups as those (kh, kw, C, F) of an ordinary one: 0 from one
    group to another."""
    kh, kw, c, f = weights.shape
    full = np.zeros((kh, kw, c * groups, f), weights.dtype)
    for g in range(groups):
        fs = slice(g * f // groups, (g + 1) * f // groups)
        full[:, :, g * c : (g + 1) * c, fs] = weights[..., fs]
    return full


def out_of_groups(dw: Array, groups: int) -> Array:
    """The adjoint of `in_groups`: (kh, kw, C, F) -> (kh, kw, C/groups, F)."""
    c, f = dw.shape[2:]
    parts = [
        dw[:, :, g * c // groups : (g + 1) * c // groups, g * f // groups : (g + 1) * f // groups]
        for g in range(groups)
    ]
    return np.concatenate(parts, axis=3)
