"""The weights of a trained network as a file of NumPy arrays by name, with what normalises its images."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tuicnn.exchange.trained import TrainedNetwork

__all__ = ["npz_file"]


def npz_file(network: TrainedNetwork) -> bytes:
    """Weights as arrays (`conv1.weight`), beside `net`, `input`, `class_names`, `mean` and `std`, which have no dot."""
    checkpoint, file = network.checkpoint, io.BytesIO()
    np.savez(
        file,
        allow_pickle=False,
        **{name: np.ascontiguousarray(array) for name, array in checkpoint.weights.items()},
        net=np.array(checkpoint.text),
        input=np.array(checkpoint.input),
        class_names=np.array(checkpoint.class_names),
        mean=np.array(checkpoint.mean),
        std=np.array(checkpoint.std),
    )
    return file.getvalue()
