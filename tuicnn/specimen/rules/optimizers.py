"""How a step of each optimizer opens: the new weight, and what the optimizer keeps, as sums of terms.

A term is a factor times the weight, the batch's gradient, or one of the numbers kept; see `tuicnn.plain.optimizers` for
the formulas. `t` is the number of the step, from 1; the gradient is the clipped one. Where an optimizer is layerwise,
"ratio" among the values is its array's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tuicnn.optimizers import LAMB, LARS, SGD, Adam, AdamW, Lion, Optimizer, RMSProp
from tuicnn.vocabulary import info

__all__ = ["OPTIMIZERS", "Moved", "Term", "stays"]


@dataclass(frozen=True)
class Term:
    """`of` is "w", "g", or the name of a number that is kept."""

    of: str
    factor: float
    label: str


@dataclass(frozen=True)
class Moved:
    """What a number is made of after the step, and the formula with its figures."""

    formula: str
    terms: list[Term]
    words: str


Values = Mapping[str, float]

_UNUSED = "not used without momentum"
_SQUARES = "a running mean of the gradients' squares: how large they were lately"


def _gradient(decay: float, factor: float) -> list[Term]:
    """factor * (g + decay * w)."""
    decayed = [Term("w", factor * decay, "weight decay")] if decay else []
    return [Term("g", factor, "the batch's gradient"), *decayed]


def _square(kept: str, share: float, g: float, decay: float) -> Moved:
    """A moving average of g**2; g is already decayed."""
    formula = f"{share:g} * {kept} + {1 - share:g} * g**2"
    return Moved(formula, [Term(kept, share, "before"), *_gradient(decay, (1 - share) * g)], _SQUARES)


def stays(name: str, words: str) -> Moved:
    """What a step does not change."""
    return Moved(name, [Term(name, 1.0, "before")], words)


def _sgd(o: SGD, v: Values, lr: float, t: int) -> dict[str, Moved]:
    weight = Term("w", 1.0, "before")
    if not o.momentum:
        words = "sgd moves it against the batch's gradient, as far as the rate says"
        moved = Moved(f"w - {lr:g} * g", [weight, *_gradient(o.decay, -lr)], words)
        return {"w": moved, "momentum": stays("momentum", _UNUSED)}
    ahead, before = (1 + o.momentum, o.momentum**2) if o.nesterov else (1.0, o.momentum)
    step = f"(g + {o.momentum:g} * momentum')" if o.nesterov else "momentum'"
    return {
        "w": Moved(
            f"w - {lr:g} * {step}, momentum' = {o.momentum:g} * momentum + g",
            [weight, Term("momentum", -lr * before, "momentum"), *_gradient(o.decay, -lr * ahead)],
            "sgd moves it against the gradients of this step and of those before, which fade",
        ),
        "momentum": Moved(
            f"{o.momentum:g} * momentum + g",
            [Term("momentum", o.momentum, "before"), *_gradient(o.decay, 1.0)],
            "the sum of the gradients, the former ones fading",
        ),
    }


def _moments(o: Any, v: Values, lr: float, t: int, decay: float, shrink: float) -> dict[str, Moved]:
    """Adam and what is made of it: `decay` is added to the gradient, `shrink` taken off the weight."""
    g = v["g"] + decay * v["w"]
    square = o.beta2 * v["exp_avg_sq"] + (1 - o.beta2) * g * g
    rate = lr / (1 - o.beta1**t) / ((square / (1 - o.beta2**t)) ** 0.5 + o.eps)
    shrunk = [Term("w", -shrink, "weight decay")] if shrink else []
    weight = f"(w - {shrink:g} * w)" if shrink else "w"
    return {
        "w": Moved(
            f"{weight} - {lr:g} * (exp_avg' / (1 - {o.beta1:g}**{t}))"
            f" / (sqrt(exp_avg_sq' / (1 - {o.beta2:g}**{t})) + {o.eps:g})",
            [
                Term("w", 1.0, "before"),
                *shrunk,
                Term("exp_avg", -rate * o.beta1, "mean of the gradients before"),
                *_gradient(decay, -rate * (1 - o.beta1)),
            ],
            f"{info(o).name} moves it by the mean of its gradients over their size, so that all steps are of like size",
        ),
        "exp_avg": Moved(
            f"{o.beta1:g} * exp_avg + {1 - o.beta1:g} * g",
            [Term("exp_avg", o.beta1, "before"), *_gradient(decay, 1 - o.beta1)],
            "a running mean of the gradients",
        ),
        "exp_avg_sq": _square("exp_avg_sq", o.beta2, g, decay),
    }


def _rmsprop(o: RMSProp, v: Values, lr: float, t: int) -> dict[str, Moved]:
    g = v["g"] + o.decay * v["w"]
    square = o.alpha * v["square_avg"] + (1 - o.alpha) * g * g
    rate = 1 / (square**0.5 + o.eps)
    before = [Term("momentum", -lr * o.momentum, "momentum")] if o.momentum else []
    buffered = f"{o.momentum:g} * momentum + " if o.momentum else ""
    divided = f"{buffered}g / (sqrt(square_avg') + {o.eps:g})"
    weight = [Term("w", 1.0, "before"), *before, *_gradient(o.decay, -lr * rate)]
    buffer = Moved(
        divided,
        [Term("momentum", o.momentum, "before"), *_gradient(o.decay, rate)],
        "the sum of the moves, the former ones fading",
    )
    return {
        "w": Moved(
            f"w - {lr:g} * ({divided})", weight, "rmsprop moves it by its gradient over the gradients' recent size"
        ),
        "square_avg": _square("square_avg", o.alpha, g, o.decay),
        "momentum": buffer if o.momentum else stays("momentum", _UNUSED),
    }


def _lion(o: Lion, v: Values, lr: float, t: int) -> dict[str, Moved]:
    size = abs(o.beta1 * v["exp_avg"] + (1 - o.beta1) * v["g"])
    rate = lr / size if size else 0.0
    shrunk = [Term("w", -lr * o.decay, "weight decay")] if o.decay else []
    weight = f"(w - {lr * o.decay:g} * w)" if o.decay else "w"
    return {
        "w": Moved(
            f"{weight} - {lr:g} * sign({o.beta1:g} * exp_avg + {1 - o.beta1:g} * g)",
            [
                Term("w", 1.0, "before"),
                *shrunk,
                Term("exp_avg", -rate * o.beta1, "mean of the gradients before"),
                Term("g", -rate * (1 - o.beta1), "the batch's gradient"),
            ],
            "lion moves it by the rate itself, against the sign of the mean of its gradients",
        ),
        "exp_avg": Moved(
            f"{o.beta2:g} * exp_avg + {1 - o.beta2:g} * g",
            [Term("exp_avg", o.beta2, "before"), *_gradient(0.0, 1 - o.beta2)],
            "a running mean of the gradients",
        ),
    }


def _lars(o: LARS, v: Values, lr: float, t: int) -> dict[str, Moved]:
    ratio = v["ratio"]
    decayed = f"(g + {o.decay:g} * w)" if o.decay else "g"
    words = f"gradients times {ratio:g}, {o.trust:g} of the layer's norm over the gradient's"
    if not o.momentum:
        against = [Term("w", 1.0, "before"), *_gradient(o.decay, -lr * ratio)]
        moved = Moved(f"w - {lr:g} * {ratio:g} * {decayed}", against, f"lars moves it along {words}")
        return {"w": moved, "momentum": stays("momentum", _UNUSED)}
    ahead, before = (1 + o.momentum, o.momentum**2) if o.nesterov else (1.0, o.momentum)
    step = f"({ratio:g} * {decayed} + {o.momentum:g} * momentum')" if o.nesterov else "momentum'"
    buffered = f"{o.momentum:g} * momentum + {ratio:g} * {decayed}"
    return {
        "w": Moved(
            f"w - {lr:g} * {step}, momentum' = {buffered}",
            [
                Term("w", 1.0, "before"),
                Term("momentum", -lr * before, "momentum"),
                *_gradient(o.decay, -lr * ahead * ratio),
            ],
            f"lars moves it along {words}",
        ),
        "momentum": Moved(
            buffered,
            [Term("momentum", o.momentum, "before"), *_gradient(o.decay, ratio)],
            "the sum of the scaled gradients, the former ones fading",
        ),
    }


def _lamb(o: LAMB, v: Values, lr: float, t: int) -> dict[str, Moved]:
    """AdamW's move times the ratio."""
    ratio = v["ratio"]
    moved = _moments(o, v, lr * ratio, t, 0.0, lr * ratio * o.decay)
    words = f"lamb moves it as adamw would, times {ratio:g}: its layer's norm over the norm of the layer's move"
    return moved | {"w": Moved(moved["w"].formula, moved["w"].terms, words)}


#: of each optimizer: its options, the values of "w", "g" and what is kept, the rate and the step's number -> what
#: becomes of "w" and of what is kept
OPTIMIZERS: dict[type[Optimizer], Callable[[Any, Values, float, int], dict[str, Moved]]] = {
    SGD: _sgd,
    Adam: lambda o, v, lr, t: _moments(o, v, lr, t, o.decay, 0.0),
    AdamW: lambda o, v, lr, t: _moments(o, v, lr, t, 0.0, lr * o.decay),
    RMSProp: _rmsprop,
    Lion: _lion,
    LARS: _lars,
    LAMB: _lamb,
}
