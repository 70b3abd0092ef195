"""What `tuicnn export` says of the files that it wrote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tuicnn.layers.onnx_graph import OPSET
from tuicnn.numbers import count

if TYPE_CHECKING:
    from tuicnn.exchange.export import Format
    from tuicnn.exchange.trained import TrainedNetwork

__all__ = ["exported"]

_ABOUT: dict[Format, str] = {
    "onnx": f"ONNX, opset {OPSET}",
    "torch": "a PyTorch module",
    "safetensors": "weights by PyTorch's names and axes",
    "npz": "weights by PyTorch's names and axes",
}


def exported(network: TrainedNetwork, to: Format, files: Sequence[Path]) -> Iterator[str]:
    """What was written, of what moment, and how it is used."""
    checkpoint, plan = network.checkpoint, network.plan
    moment = f"{network.name} after epoch {checkpoint.epochs}, {count(plan.parameters)} parameters"
    yield f"{' and '.join(map(str, files))}: {moment}, as {_ABOUT[to]}."
    images = f"float32 (N, {', '.join(map(str, plan.input))}), pixels from 0 to 255"
    classes = f"of {len(checkpoint.class_names)} classes"
    if to == "onnx":
        yield f"Input image: {images}. Outputs probabilities, {classes}, and logits."
    elif to == "torch":
        yield f"load() in it takes images: {images}. It gives probabilities, {classes}, and logits."
    else:
        yield "Images are normalised as (pixels / 255 - mean) / std; mean, std and class_names are in the file."
