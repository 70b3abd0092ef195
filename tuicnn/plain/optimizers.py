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
    w: Value, g: Value, velocity: Value, *, lr: float, momentum: float = 0.0, nesterov: bool = False, decay: float = 0.0
) -> tuple[Value, Value]:
    """(w, velocity) after a step of torch.optim.SGD (weight_decay=decay).

    Decay adds the gradient of decay / 2 * w**2. The velocity is the sum of all gradients so far, each momentum times
    smaller at every step; Nesterov's step goes one step further along it. Source: Sutskever, Martens, Dahl and Hinton,
    On the importance of initialization and momentum in deep learning (2013), in PyTorch's form.
    """
    g = g + decay * w
    velocity = momentum * velocity + g
    step = g + momentum * velocity if nesterov else velocity
    return w - lr * step, velocity


def adam(
    w: Value,
    g: Value,
    mean: Value,
    square: Value,
    t: int,
    *,
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    decay: float = 0.0,
) -> tuple[Value, Value, Value]:
    """(w, mean, square) after step number t, counted from 1, of torch.optim.Adam (weight_decay=decay).

    `mean` and `square` are moving averages of g and of g**2. As they start at 0, they are too small at first: of t
    gradients all alike, `mean` is a share 1 - beta1**t. The bias correction divides by that share. Source: Kingma and
    Ba, Adam (2015), algorithm 1.
    """
    g = g + decay * w
    mean = beta1 * mean + (1 - beta1) * g
    square = beta2 * square + (1 - beta2) * g * g
    corrected_mean = mean / (1 - beta1**t)
    corrected_square = square / (1 - beta2**t)
    return w - lr * corrected_mean / (corrected_square**0.5 + eps), mean, square


def adamw(
    w: Value,
    g: Value,
    mean: Value,
    square: Value,
    t: int,
    *,
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    decay: float = 0.01,
) -> tuple[Value, Value, Value]:
    """(w, mean, square) after step number t, counted from 1, of torch.optim.AdamW (weight_decay=decay).

    `adam`, but decay shrinks the weight by itself and stays out of the gradient's averages. Source: Loshchilov and
    Hutter, Decoupled Weight Decay Regularization (2019), algorithm 2, in PyTorch's form.
    """
    w = w - lr * decay * w
    return adam(w, g, mean, square, t, lr=lr, beta1=beta1, beta2=beta2, eps=eps)


def rmsprop(
    w: Value,
    g: Value,
    square: Value,
    velocity: Value,
    *,
    lr: float,
    alpha: float = 0.99,
    momentum: float = 0.0,
    eps: float = 1e-8,
    decay: float = 0.0,
) -> tuple[Value, Value, Value]:
    """(w, square, velocity) after a step of torch.optim.RMSprop (weight_decay=decay).

    `square` is a moving average of g**2; each gradient is divided by its root. Source: Tieleman and Hinton, Neural
    Networks for Machine Learning, lecture 6.5 (2012), in PyTorch's form.
    """
    g = g + decay * w
    square = alpha * square + (1 - alpha) * g * g
    velocity = momentum * velocity + g / (square**0.5 + eps)
    return w - lr * velocity, square, velocity
