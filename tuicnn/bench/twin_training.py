"""A plan's loss, optimizer and schedule as PyTorch's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from tuicnn.losses import BinaryCrossEntropy, CrossEntropy, Loss, MeanSquaredError
from tuicnn.optimizers import SGD, Adam, AdamW, Optimizer, RMSProp

if TYPE_CHECKING:
    from tuicnn.language.plan import Plan

__all__ = ["correct", "loss_of", "optimizer_of", "set_rate"]


def loss_of(loss: Loss) -> Callable[[Any, Any], Any]:
    """The mean loss of outputs `(N, K)` and labels `(N,)`, both tensors, as a tensor without axes."""
    from torch import nn

    match loss:
        case CrossEntropy():
            made: Callable[[Any, Any], Any] = nn.CrossEntropyLoss(label_smoothing=loss.smoothing)
            return made
        case MeanSquaredError():
            of_targets = nn.MSELoss()
        case BinaryCrossEntropy():
            of_targets = nn.BCEWithLogitsLoss()
        case _:
            raise TypeError(f"{type(loss).__name__} has no counterpart in PyTorch")
    return lambda outputs, labels: of_targets(outputs, _targets(outputs, labels))


def _targets(outputs: Any, labels: Any) -> Any:
    """1 at the label and 0 elsewhere; the label itself where there is one output."""
    from torch.nn import functional

    if outputs.shape[1] == 1:
        return labels.to(outputs.dtype).unsqueeze(1)
    return functional.one_hot(labels, outputs.shape[1]).to(outputs.dtype)


def correct(loss: Loss, outputs: Any, labels: Any) -> int:
    """How many rows of outputs `(N, K)` speak for their label."""
    if outputs.shape[1] == 1:  # one output: two classes, told apart at a probability of a half
        threshold = 0.0 if isinstance(loss, BinaryCrossEntropy) else 0.5
        return int(((outputs[:, 0] > threshold) == labels.bool()).sum())
    return int((outputs.argmax(dim=1) == labels).sum())


def optimizer_of(optimizer: Optimizer, parameters: Iterable[Any]) -> Any:
    """PyTorch's optimizer with the same options; where it has a fused step, that one, which is its fastest."""
    from torch import optim

    given = list(parameters)
    match optimizer:
        case SGD():
            return optim.SGD(
                given,
                optimizer.lr,
                momentum=optimizer.momentum,
                nesterov=optimizer.nesterov and optimizer.momentum > 0,  # PyTorch wants momentum with it
                weight_decay=optimizer.decay,
                fused=True,
            )
        case Adam() | AdamW():
            kind = optim.AdamW if isinstance(optimizer, AdamW) else optim.Adam
            return kind(
                given,
                optimizer.lr,
                betas=(optimizer.beta1, optimizer.beta2),
                eps=optimizer.eps,
                weight_decay=optimizer.decay,
                fused=True,
            )
        case RMSProp():
            return optim.RMSprop(
                given,
                optimizer.lr,
                alpha=optimizer.alpha,
                eps=optimizer.eps,
                weight_decay=optimizer.decay,
                momentum=optimizer.momentum,
            )
    raise TypeError(f"{type(optimizer).__name__} has no counterpart in PyTorch")


def set_rate(optimizer: Any, plan: Plan, step: int, steps_per_epoch: int) -> None:
    """Set the learning rate of a step (from 0), as the plan's schedule has it."""
    rate = plan.optimizer.lr * plan.schedule.scale(step, steps_per_epoch, plan.train.epochs)
    for group in optimizer.param_groups:
        group["lr"] = rate
