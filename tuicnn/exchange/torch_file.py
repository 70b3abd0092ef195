"""A trained network as a PyTorch module: one readable file that imports nothing of tuicnn, its weights beside it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from tuicnn.exchange.submodules import submodule_names, submodules_of
from tuicnn.language.plan import INPUT
from tuicnn.layers.shapes import shape_text
from tuicnn.runs.checkpoint_file import pack_weights
from tuicnn.version import __version__

if TYPE_CHECKING:
    from tuicnn.exchange.trained import TrainedNetwork
    from tuicnn.language import Plan
    from tuicnn.language.plan import Node

__all__ = ["MARK", "torch_source", "torch_weights"]

#: how a file that we wrote begins
MARK = '"""A PyTorch module, written by tuicnn '

_FILE = '''\
{mark}{version}. Its weights lie beside this file.

    from {module} import load

    {answer}, logits = load()(images)  # images: float32 (N, {shape}), pixels from 0 to 255

Needs torch and safetensors.
"""

from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

#: in the order of the probabilities
CLASS_NAMES = {class_names}
WEIGHTS = Path(__file__).with_name({weights!r})


class Output(NamedTuple):
    """What the network says of N images: {answer} (N, {said}){note} and logits (N, {outputs})."""

    {answer}: Tensor
    logits: Tensor


class Net(nn.Module):
    """{parameters:,} parameters. Takes images (N, {shape}), float32, pixels from 0 to 255."""

    def __init__(self) -> None:
        super().__init__()
        # of the training images, one for each channel
        self.register_buffer("mean", torch.tensor({mean}).view(-1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor({std}).view(-1, 1, 1), persistent=False)
{modules}

    def forward(self, image: Tensor) -> Output:
{steps}


def load(weights: str | Path = WEIGHTS) -> Net:
    """The network with its weights, in eval mode, on the CPU."""
    net = Net()
    net.load_state_dict(load_file(weights))
    return net.eval()


# The network as it was written for tuicnn:
#
{text}
'''


def torch_weights(network: TrainedNetwork) -> bytearray:
    """The file of the weights, in safetensors, under the names that the module has for them."""
    plan, checkpoint, names = network.plan, network.checkpoint, submodule_names(network.plan)
    arrays = {}
    for node in (plan.nodes[index] for index in plan.live):
        for short in node.layer.weights(*node.input_shapes):
            arrays[f"{names[node.name]}.{short}"] = checkpoint.arrays[f"{node.name}.{short}"]
    return pack_weights(dataclasses.replace(checkpoint, arrays=arrays))


def torch_source(network: TrainedNetwork, *, module: str, weights: str) -> str:
    """The module's text, for a file `module`.py beside a file `weights`, which is one of `torch_weights`."""
    plan, checkpoint, names = network.plan, network.checkpoint, submodule_names(network.plan)
    return _FILE.format(
        mark=MARK,
        version=__version__,
        module=module if module.isidentifier() else "net",
        weights=weights,
        shape=", ".join(map(str, plan.input)),
        class_names=checkpoint.class_names,
        answer=network.answer,
        said=", ".join(map(str, network.said)),
        note=" from 0 to 1" if plan.of_images else "",
        outputs=", ".join(map(str, plan.nodes[-1].shape)),
        parameters=plan.parameters,
        mean=list(checkpoint.mean),
        std=list(checkpoint.std),
        modules=_indented(_modules(plan, names)),
        steps=_indented(_steps(network, names)),
        text="\n".join(f"# {line}".rstrip() for line in plan.text.splitlines()),
    )


def _modules(plan: Plan, names: Mapping[str, str]) -> Iterator[str]:
    """What makes each submodule."""
    for node in (plan.nodes[index] for index in plan.live):
        shapes = node.input_shapes
        if node.layer.weights(*shapes) or not node.layer.torch_expression(*shapes):
            for name, written in submodules_of(node, names):
                yield f"self.{name} = nn.{written}"


def _steps(network: TrainedNetwork, names: Mapping[str, str]) -> Iterator[str]:
    """What `forward` does. A value that only the next step reads is called x, any other as its layer."""
    plan = network.plan
    readers: dict[int, list[int]] = {}
    for index in plan.live:
        for source in plan.nodes[index].inputs:
            readers.setdefault(source, []).append(index)
    following = dict(zip((INPUT, *plan.live), plan.live, strict=False))

    def called(value: int, otherwise: str) -> str:
        return "x" if readers.get(value) == [following.get(value)] else otherwise

    values = {INPUT: called(INPUT, "normalised")}
    yield f"{values[INPUT]} = (image / 255 - self.mean) / self.std"
    for index in plan.live:
        node = plan.nodes[index]
        values[index] = "logits" if index not in following else called(index, names[node.name])
        inputs = [values[source] for source in node.inputs]
        *first, last = _expressions(node, names, inputs)
        for expression in first:
            yield f"x = {expression}"
        yield f"{values[index]} = {last}  # {shape_text(node.shape)}"
    probabilities = plan.loss.torch_probabilities()
    if network.outputs == 1 and not plan.of_images:
        yield f"p = {probabilities}  # of the second class"
        probabilities = "torch.cat([1 - p, p], 1)"
    yield f"return Output({probabilities}, logits)"


def _expressions(node: Node, names: Mapping[str, str], inputs: Sequence[str]) -> Iterator[str]:
    """A layer's modules called in turn, or its expression; each takes what the one before it gave as x."""
    written = node.layer.torch_expression(*node.input_shapes)
    if written:
        written = re.sub(r"\bmodule\b", f"self.{names[node.name]}", written)
        yield re.sub(r"\bx(\d+)\b", lambda found: inputs[int(found[1])], written)
        return
    (given,) = inputs
    for name, _ in submodules_of(node, names):
        yield f"self.{name}({given})"
        given = "x"


def _indented(lines: Iterator[str]) -> str:
    return "\n".join(f"        {line}" for line in lines)
