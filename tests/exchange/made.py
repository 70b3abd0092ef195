"""Trained networks without a training, and what they make of images in other programs."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuicnn import Network
from tuicnn.exchange.export import export
from tuicnn.exchange.onnx_file import onnx_file
from tuicnn.exchange.trained import TrainedNetwork
from tuicnn.training.checkpoint import Checkpoint

__all__ = ["Answer", "in_onnxruntime", "in_torch", "ours", "pixels_for", "shaken", "trained"]

Images = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Answer:
    """What a network says of images: probabilities (N, classes), logits (N, outputs)."""

    probabilities: NDArray[np.float32]
    logits: NDArray[np.float32]

    def difference(self, other: Answer) -> float:
        """The largest difference of any number, measured against the largest where that is more than 1."""
        scale = max(1.0, float(np.abs(self.logits).max()))
        return max(
            float(np.abs(self.probabilities - other.probabilities).max()),
            float(np.abs(self.logits - other.logits).max()) / scale,
        )


def shaken(network: Network, seed: int) -> Network:
    """Every weight, also biases and running statistics, at a value that could not be there by chance."""
    random = np.random.default_rng(seed)
    moved = {name: w + random.normal(size=w.shape) * 0.3 for name, w in network.state_dict().items()}
    network.load_state_dict({name: np.abs(w) + 0.3 if name.endswith("running_var") else w for name, w in moved.items()})
    return network


def trained(network: Network, name: str = "my-1") -> TrainedNetwork:
    """A network as a run's, of images whose channels have each their own mean and standard deviation."""
    plan = network.plan
    channels = range(plan.input[0])
    checkpoint = Checkpoint(
        step=1,
        epochs=1,
        arrays=network.state_dict(),
        text=plan.text,
        input=plan.input,
        class_names=tuple(f"class {number}" for number in range(plan.classes)),
        mean=tuple(float(np.float32(0.3 + 0.1 * c)) for c in channels),
        std=tuple(float(np.float32(0.2 + 0.1 * c)) for c in channels),
    )
    return TrainedNetwork(name, plan, checkpoint)


def pixels_for(network: TrainedNetwork, count: int, seed: int) -> Images:
    """Images (N, C, H, W) as they are stored."""
    return np.random.default_rng(seed).integers(0, 256, (count, *network.plan.input), dtype=np.uint8)


def ours(network: TrainedNetwork, images: Images) -> Answer:
    """What tuicnn makes of images (N, C, H, W)."""
    checkpoint, here = network.checkpoint, Network(network.plan)
    here.load_state_dict(checkpoint.weights)
    mean, std = (np.reshape(each, (-1, 1, 1)) for each in (checkpoint.mean, checkpoint.std))
    logits = here.forward((images / 255 - mean) / std)
    return Answer(network.plan.loss.probabilities(logits), logits)


def in_onnxruntime(network: TrainedNetwork, *batches: Images) -> list[Answer]:
    """What ONNX Runtime makes of each batch of images, by names of inputs and outputs."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(onnx_file(network), options, providers=["CPUExecutionProvider"])
    names = ["probabilities", "logits"]
    return [Answer(*session.run(names, {"image": images.astype(np.float32)})) for images in batches]


def in_torch(network: TrainedNetwork, folder: Path, *batches: Images) -> list[Answer]:
    """What the module that was written to a folder makes of each batch of images in PyTorch."""
    import torch

    path, _ = export(network, "torch", folder / "net.py")
    imported = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(path.read_text()))
        for name in ([n.name for n in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", "")])
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert imported == {"pathlib", "typing", "torch", "safetensors"}
    module = _imported(path)
    net = module.load()
    assert isinstance(net, torch.nn.Module)
    assert not net.training
    assert network.checkpoint.class_names == module.CLASS_NAMES
    found = []
    with torch.no_grad():
        for images in batches:
            output = net(torch.tensor(images.astype(np.float32)))
            found.append(Answer(output.probabilities.numpy(), output.logits.numpy()))
    return found


def _imported(path: Path) -> Any:
    """Never from bytecode that an import keeps: it may be that of another text of the same size and second."""
    module = ModuleType("net")
    module.__file__ = str(path)
    exec(compile(path.read_text(), path, "exec"), vars(module))
    return module
