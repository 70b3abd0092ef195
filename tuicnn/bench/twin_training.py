"""A plan's loss, optimizer and schedule as PyTorch's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuicnn.bench.twin import Twin
    from tuicnn.language.plan import Plan
    from tuicnn.losses import Loss
    from tuicnn.optimizers import Optimizer

__all__ = ["correct", "groups_of", "loss_of", "optimizer_of", "set_rate"]


def loss_of(loss: Loss) -> Callable[[Any, Any], Any]:
    """The mean loss of outputs `(N, K)` and labels `(N,)`, both tensors, as a tensor without axes."""
    import torch
    from torch import nn

    from tuicnn.bench.torch_losses import FocalLoss

    made = eval(loss.torch(), {**vars(nn), "torch": torch, "FocalLoss": FocalLoss})
    takes_labels = isinstance(made, nn.CrossEntropyLoss | FocalLoss)

    def mean(outputs: Any, labels: Any) -> Any:
        each = made.to(outputs.dtype)(outputs, labels if takes_labels else _targets(outputs, labels))
        return each.mean()

    return mean


def _targets(outputs: Any, labels: Any) -> Any:
    """1 at the label and 0 elsewhere; the label itself where there is one output. Pixels are targets as they are."""
    from torch.nn import functional

    if labels.ndim == 4:
        return labels.to(outputs.dtype)
    if outputs.shape[1] == 1:
        return labels.to(outputs.dtype).unsqueeze(1)
    return functional.one_hot(labels, outputs.shape[1]).to(outputs.dtype)


def correct(loss: Loss, outputs: Any, labels: Any) -> int:
    """How many rows of outputs `(N, K)` speak for their label."""
    found = outputs[:, 0] > loss.threshold if outputs.shape[1] == 1 else outputs.argmax(dim=1)
    return int((found == labels).sum())


def groups_of(plan: Plan, module: Twin) -> list[dict[str, Any]]:
    """A twin's weights as groups for PyTorch's optimizer, without those that are frozen; see `set_rate`.

    Those that the plan's optimizer excludes, or whose layer has more or less decay, are in groups of their own.
    """
    optimizer, found = plan.optimizer, module.rates(plan)
    matrices = {name.rpartition(".")[0] for name, (weight, *_) in found.items() if weight.ndim > 1}
    groups: dict[tuple[float, float, bool], list[Any]] = {}
    for name, (weight, factor, decay) in found.items():
        kind = "bias" if name.rpartition(".")[0] in matrices else "norm"
        if factor:
            excluded = weight.ndim < 2 and kind in optimizer.exclude
            groups.setdefault((factor, decay, excluded), []).append(weight)
    without = {"weight_decay": 0.0, **({"adapted": False} if optimizer.layerwise else {})}
    return [
        {
            "params": weights,
            "factor": factor,
            **(without if excluded else {"weight_decay": vars(optimizer)["decay"] * decay} if decay != 1 else {}),
        }
        for (factor, decay, excluded), weights in groups.items()
    ]


def optimizer_of(optimizer: Optimizer, parameters: Iterable[Any]) -> Any:
    """PyTorch's optimizer with the same options; where it has a fused step, that one, which is its fastest.

    `parameters` are tensors, or groups of them.
    """
    from torch import optim

    from tuicnn.bench import torch_optimizers

    return eval(optimizer.torch(), {**vars(optim), **vars(torch_optimizers), "parameters": list(parameters)})


def set_rate(optimizer: Any, plan: Plan, step: int, steps_per_epoch: int) -> None:
    """Set the learning rate of a step (from 0), as the plan's schedule has it, times each group's own `factor`."""
    rate = plan.optimizer.lr * plan.schedule.scale(step, steps_per_epoch, plan.train.epochs)
    for group in optimizer.param_groups:
        group["lr"] = rate * group.get("factor", 1.0)
