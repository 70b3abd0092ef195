"""Losses that `torch.nn` lacks, written as PyTorch's users write them."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

__all__ = ["FocalLoss"]


class FocalLoss(nn.Module):  # type: ignore[misc]
    """Each image's focal loss (N,), from outputs (N, K) and labels (N,); see `tuicnn.losses.Focal`."""

    def __init__(self, gamma: float, weights: list[float]) -> None:
        super().__init__()
        self.gamma = gamma
        self.register_buffer("weight", torch.tensor(weights) if weights else None)

    def forward(self, outputs: Any, labels: Any) -> Any:
        """As every module's."""
        logarithm = outputs.log_softmax(1).gather(1, labels[:, None])[:, 0]
        each = -((-torch.expm1(logarithm)) ** self.gamma) * logarithm
        return each if self.weight is None else each * self.weight[labels]
