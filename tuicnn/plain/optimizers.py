"""One step of each optimizer from its definition. Every weight moves by itself, by the same formula.

`w`, its gradient `g` and the optimizer's state are numbers, or arrays of one shape. A step takes them as they are
before it and returns those after it: first the weight, then the state, which starts at 0. `lr` is the rate of this
step, after the schedule; `decay` pulls each weight towards 0. Formulas and defaults are PyTorch's.
"""

from __future__ import annotations

from typing import TypeVar

from tuicnn.kernels.arrays import Array

__all__ = ["adam", "adamw", "rmsprop", "sgd"]

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
