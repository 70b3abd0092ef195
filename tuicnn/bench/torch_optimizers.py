"""Optimizers that `torch.optim` lacks, written for PyTorch as users write them: by its operations on whole lists.

The arithmetic is that of their papers, and of the libraries that have them; `adapted` says of a group of parameters
whether its arrays move by their own norm.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.optim import Optimizer

__all__ = ["LAMB", "LARS", "Lion"]


class _Foreach(Optimizer):  # type: ignore[misc]
    """Steps on the lists of a group's weights, gradients, and what is kept of each by name."""

    kept: tuple[str, ...] = ()

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def step(self, closure: Any = None) -> None:
        """One step of every group."""
        for group in self.param_groups:
            weights = [p for p in group["params"] if p.grad is not None]
            for p in weights:
                for name in self.kept:
                    self.state[p].setdefault(name, torch.zeros_like(p))
            group["t"] = group.get("t", 0) + 1
            if weights:
                kept = [[self.state[p][name] for p in weights] for name in self.kept]
                self._move(group, weights, [p.grad for p in weights], *kept)

    def _move(self, group: dict[str, Any], w: list[Any], g: list[Any], *kept: list[Any]) -> None:
        raise NotImplementedError


class Lion(_Foreach):
    """Chen and others 2023, algorithm 2."""

    kept = ("exp_avg",)

    def __init__(self, parameters: Any, lr: float, betas: tuple[float, float], weight_decay: float) -> None:
        super().__init__(parameters, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    def _move(self, group: dict[str, Any], w: list[Any], g: list[Any], *kept: list[Any]) -> None:
        (m,), (first, second) = kept, group["betas"]
        torch._foreach_mul_(w, 1 - group["lr"] * group["weight_decay"])
        moves = torch._foreach_lerp(g, m, first)
        torch._foreach_add_(w, torch._foreach_sign(moves), alpha=-group["lr"])
        torch._foreach_lerp_(m, g, 1 - second)


class LARS(_Foreach):
    """You, Gitman and Ginsburg 2017, with the momentum of `torch.optim.SGD`."""

    kept = ("momentum_buffer",)

    def __init__(
        self, parameters: Any, lr: float, momentum: float, *, nesterov: bool, weight_decay: float, trust: float
    ) -> None:
        options = {"momentum": momentum, "nesterov": nesterov, "weight_decay": weight_decay, "trust": trust}
        super().__init__(parameters, {"lr": lr, "adapted": True, **options})

    def _move(self, group: dict[str, Any], w: list[Any], g: list[Any], *kept: list[Any]) -> None:
        (v,), decay, momentum = kept, group["weight_decay"], group["momentum"]
        moves = torch._foreach_add(g, w, alpha=decay)
        if group["adapted"]:
            lengths = zip(torch._foreach_norm(w), torch._foreach_norm(g), strict=True)
            ratios = [torch.where(a * b > 0, group["trust"] * a / (b + decay * a), torch.ones(())) for a, b in lengths]
            torch._foreach_mul_(moves, ratios)
        torch._foreach_mul_(v, momentum)
        torch._foreach_add_(v, moves)
        if group["nesterov"]:
            torch._foreach_add_(moves, v, alpha=momentum)
        torch._foreach_add_(w, moves if group["nesterov"] else v, alpha=-group["lr"])


class LAMB(_Foreach):
    """You and others 2020, algorithm 2."""

    kept = ("exp_avg", "exp_avg_sq")

    def __init__(self, parameters: Any, lr: float, betas: tuple[float, float], eps: float, weight_decay: float) -> None:
        super().__init__(
            parameters, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "adapted": True}
        )

    def _move(self, group: dict[str, Any], w: list[Any], g: list[Any], *kept: list[Any]) -> None:
        (m, v), (first, second), t = kept, group["betas"], group["t"]
        torch._foreach_lerp_(m, g, 1 - first)
        torch._foreach_mul_(v, second)
        torch._foreach_addcmul_(v, g, g, value=1 - second)
        roots = torch._foreach_sqrt(torch._foreach_div(v, 1 - second**t))
        torch._foreach_add_(roots, group["eps"])
        moves = torch._foreach_div(torch._foreach_div(m, 1 - first**t), roots)
        torch._foreach_add_(moves, w, alpha=group["weight_decay"])
        if group["adapted"]:
            lengths = zip(torch._foreach_norm(w), torch._foreach_norm(moves), strict=True)
            torch._foreach_mul_(moves, [torch.where(a * b > 0, a / b, torch.ones(())) for a, b in lengths])
        torch._foreach_add_(w, moves, alpha=-group["lr"])
