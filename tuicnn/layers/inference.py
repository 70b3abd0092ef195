"""What is computed as one outside training: the results are the same but for rounding, and nothing is kept.

A batch normalisation, whose statistics are fixed then, goes into the weights of the layer before it.
"""

from __future__ import annotations

from .base import Layer
from .batchnorm import BatchNorm
from .fusion import fuse

__all__ = ["fuse_for_inference"]


def fuse_for_inference(first: Layer, second: Layer) -> Layer | None:
    """As `fuse`, outside training; `first` itself where `second` goes into its weights (see `BatchNorm.folded`)."""
    if first.is_affine and isinstance(second, BatchNorm):
        return first
    return fuse(first, second)
