"""Losses, and their gradients by the network's outputs.

All are means, as PyTorch's by default: over the images, and for `mse`, `huber` and `bce` over the outputs too.
`cross_entropy`, `focal` and `bce` take raw outputs (logits) and apply softmax or sigmoid themselves, which is exact
where a probability would round to 0 or 1.
"""

from __future__ import annotations

from .base import *
from .binary import *
from .cross_entropy import *
from .distances import *
from .focal import *
