"""One step of each optimizer from its definition. Every weight moves by itself, by the same formula.

Those for large batches, `lars` and `lamb`, move the weights of one layer's array together.

`w`, its gradient `g` and the optimizer's state are numbers, or arrays of one shape. A step takes them as they are
before it and returns those after it: first the weight, then the state, which starts at 0. `lr` is the rate of this
step, after the schedule; `decay` pulls each weight towards 0. Formulas and defaults are PyTorch's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from tuicnn.kernels.arrays import Array

__all__ = ["adam", "adamw", "clip_grad_norm", "lamb", "lars", "lion", "rmsprop", "sgd"]

Value = TypeVar("Value", float, Array)


def sgd(
    w: Value,
    g: Value,
    momentum_buffer: Value,
    *,
    lr: float,
    momentum: float = 0.0,
    nesterov: bool = False,
    decay: float = 0.0,
) -> tuple[Value, Value]:
    """(w, momentum_buffer) after a step of torch.optim.SGD (weight_decay=decay).

    Decay adds the gradient of decay / 2 * w**2. The momentum buffer is the sum of all gradients so far, each momentum
    times smaller at every step; Nesterov's step goes one step further along it. Source: Sutskever, Martens, Dahl and
    Hinton, On the importance of initialization and momentum in deep learning (2013), in PyTorch's form.
    """
    g = g + decay * w
    momentum_buffer = momentum * momentum_buffer + g
    step = g + momentum * momentum_buffer if nesterov else momentum_buffer
    return w - lr * step, momentum_buffer


def adam(
    w: Value,
    g: Value,
    exp_avg: Value,
    exp_avg_sq: Value,
    t: int,
    *,
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    decay: float = 0.0,
) -> tuple[Value, Value, Value]:
    """(w, exp_avg, exp_avg_sq) after step number t, counted from 1, of torch.optim.Adam (weight_decay=decay).

    `exp_avg` and `exp_avg_sq` are moving averages of g and of g**2. As they start at 0, they are too small at first:
    of t gradients all alike, `exp_avg` is a share 1 - beta1**t. The bias correction divides by that share. Source:
    Kingma and Ba, Adam (2015), algorithm 1.
    """
    g = g + decay * w
    exp_avg = beta1 * exp_avg + (1 - beta1) * g
    exp_avg_sq = beta2 * exp_avg_sq + (1 - beta2) * g * g
    mean = exp_avg / (1 - beta1**t)
    mean_square = exp_avg_sq / (1 - beta2**t)
    return w - lr * mean / (mean_square**0.5 + eps), exp_avg, exp_avg_sq


def adamw(
    w: Value,
    g: Value,
    exp_avg: Value,
    exp_avg_sq: Value,
    t: int,
    *,
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    decay: float = 0.01,
) -> tuple[Value, Value, Value]:
    """(w, exp_avg, exp_avg_sq) after step number t, counted from 1, of torch.optim.AdamW (weight_decay=decay).

    `adam`, but decay shrinks the weight by itself and stays out of the gradient's averages. Source: Loshchilov and
    Hutter, Decoupled Weight Decay Regularization (2019), algorithm 2, in PyTorch's form.
    """
    w = w - lr * decay * w
    return adam(w, g, exp_avg, exp_avg_sq, t, lr=lr, beta1=beta1, beta2=beta2, eps=eps)


def rmsprop(
    w: Value,
    g: Value,
    square_avg: Value,
    momentum_buffer: Value,
    *,
    lr: float,
    alpha: float = 0.99,
    momentum: float = 0.0,
    eps: float = 1e-8,
    decay: float = 0.0,
) -> tuple[Value, Value, Value]:
    """(w, square_avg, momentum_buffer) after a step of torch.optim.RMSprop (weight_decay=decay).

    `square_avg` is a moving average of g**2; each gradient is divided by its root. Source: Tieleman and Hinton, Neural
    Networks for Machine Learning, lecture 6.5 (2012), in PyTorch's form.
    """
    g = g + decay * w
    square_avg = alpha * square_avg + (1 - alpha) * g * g
    momentum_buffer = momentum * momentum_buffer + g / (square_avg**0.5 + eps)
    return w - lr * momentum_buffer, square_avg, momentum_buffer


def lion(
    w: Value, g: Value, exp_avg: Value, *, lr: float, beta1: float = 0.9, beta2: float = 0.99, decay: float = 0.0
) -> tuple[Value, Value]:
    """(w, exp_avg) after a step of Lion.

    Every weight moves by the rate, up or down, and shrinks by lr * decay. Source: Chen and others, Symbolic Discovery
    of Optimization Algorithms (2023), algorithm 2.
    """
    c = beta1 * exp_avg + (1 - beta1) * g
    w = w - lr * (np.sign(c) + decay * w)
    return w, beta2 * exp_avg + (1 - beta2) * g


def lars(
    w: Array,
    g: Array,
    momentum_buffer: Array,
    *,
    lr: float,
    momentum: float = 0.9,
    nesterov: bool = False,
    trust: float = 1e-3,
    decay: float = 0.0,
) -> tuple[Array, Array]:
    """(w, momentum_buffer) after a step of LARS, for the weights of one layer's array.

    The gradient is scaled so that it is `trust` times as long as the weights that it moves; the rest is `sgd`. Source:
    You, Gitman and Ginsburg, Large Batch Training of Convolutional Networks (2017), with PyTorch's momentum.
    """
    own, other = float(np.sqrt((w * w).sum())), float(np.sqrt((g * g).sum()))
    ratio = trust * own / (other + decay * own) if own > 0 and other > 0 else 1.0
    return sgd(w, ratio * (g + decay * w), momentum_buffer, lr=lr, momentum=momentum, nesterov=nesterov)


def lamb(
    w: Array,
    g: Array,
    exp_avg: Array,
    exp_avg_sq: Array,
    t: int,
    *,
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-6,
    decay: float = 0.01,
) -> tuple[Array, Array, Array]:
    """(w, exp_avg, exp_avg_sq) after step number t, counted from 1, of LAMB, for the weights of one layer's array.

    The move of AdamW, scaled so that it is lr times as long as the weights. Source: You and others, Large Batch
    Optimization for Deep Learning (2020), algorithm 2.
    """
    zero = np.zeros_like(w)
    move, exp_avg, exp_avg_sq = adam(zero, g, exp_avg, exp_avg_sq, t, lr=1.0, beta1=beta1, beta2=beta2, eps=eps)
    u = decay * w - move
    own, other = float(np.sqrt((w * w).sum())), float(np.sqrt((u * u).sum()))
    return w - lr * (own / other if own > 0 and other > 0 else 1.0) * u, exp_avg, exp_avg_sq


def clip_grad_norm(gradients: Sequence[Array], clip: float) -> list[Array]:
    """The gradients of all arrays of a network, scaled down together where their common norm is above `clip`.

    As torch.nn.utils.clip_grad_norm_. Source: Pascanu, Mikolov and Bengio, On the difficulty of training recurrent
    neural networks (2013), algorithm 1.
    """
    norm = sum(float((g * g).sum()) for g in gradients) ** 0.5
    return [g * min(1.0, clip / (norm + 1e-6)) for g in gradients]
