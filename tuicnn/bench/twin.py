"""A plan written as a `torch.nn.Module`: the same layers, from PyTorch's own, with the same weights under our names.

It is the twin that results are compared with, in the tests, and speed, in `tuicnn bench`. So it is written as
PyTorch's users write theirs: modules of torch.nn, ReLU in place where nobody else reads its input. PyTorch is an extra,
and is imported when a twin is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from tuicnn.exchange.submodules import submodule_names, submodules_of
from tuicnn.kernels.arrays import Array
from tuicnn.language.plan import INPUT

if TYPE_CHECKING:
    from tuicnn.language.plan import Node, Plan
    from tuicnn.layers import Layer, Shape


__all__ = ["Twin", "evaluated", "modules_of", "twin"]


@dataclass(frozen=True)
class Twin:
    """A plan's `torch.nn.Module`, and what its weights are called.

    `names` takes a layer's name to its submodule's. They differ only where PyTorch cannot call a submodule so: where
    the name is one of `torch.nn.Module`'s own attributes or no name in Python.
    """

    module: Any
    names: Mapping[str, str]

    def load_state_dict(self, weights: Mapping[str, Array]) -> None:
        """Take weights as `Network.state_dict()` gives them. Raises `RuntimeError` where they do not fit."""
        import torch

        given = {self._theirs(name): torch.from_numpy(np.ascontiguousarray(w)) for name, w in weights.items()}
        self.module.load_state_dict(given)

    def state_dict(self) -> dict[str, Array]:
        """Copies of the weights and running statistics, as `Network.load_state_dict` takes them."""
        return {ours: tensor.detach().cpu().contiguous().numpy().copy() for ours, tensor in self._tensors().items()}

    def gradients(self) -> dict[str, Array]:
        """The gradient by every learnt weight after a `backward`, as `Network.loss_and_gradients` names them."""
        parameters = dict(self.module.named_parameters())
        found = {}
        for ours in self._tensors():
            theirs = parameters.get(self._theirs(ours))
            if theirs is not None:  # a layer that nothing reads has no gradient: PyTorch says None, we say 0
                grad = theirs.grad
                found[ours] = np.zeros(theirs.shape, _numpy(theirs)) if grad is None else grad.contiguous().numpy()
        return found

    def rates(self, plan: Plan) -> dict[str, tuple[Any, float, float]]:
        """PyTorch's learnt weights by our names, with what rate and decay are multiplied by for each.

        Where the rate is 0, it is frozen.
        """
        from torch import nn

        layers = {node.name: node.layer for node in plan.nodes}
        found = {}
        for ours, tensor in self._tensors().items():
            layer, _, weight = ours.rpartition(".")
            if isinstance(tensor, nn.Parameter):
                found[ours] = tensor, layers[layer].rate_of(weight), layers[layer].decay_of(weight)
        return found

    def _theirs(self, name: str) -> str:
        layer, _, weight = name.rpartition(".")
        return f"{self.names.get(layer, layer)}.{weight}"

    def _tensors(self) -> dict[str, Any]:
        """PyTorch's weights by our names, without its count of batches."""
        ours = {theirs: name for name, theirs in self.names.items()}
        found = {}
        for key, tensor in self.module.state_dict(keep_vars=True).items():
            layer, _, weight = key.rpartition(".")
            if weight != "num_batches_tracked":
                found[f"{ours[layer]}.{weight}"] = tensor
        return found


def _numpy(tensor: Any) -> Any:
    return tensor.detach().numpy().dtype


def twin(plan: Plan) -> Twin:
    """The module of a plan, in float32 and in training mode, with PyTorch's own first weights.

    Its `forward` takes images (N, C, H, W) and is plain Python made by torch.fx: `print(module.code)` shows it. Each
    node of `module.graph` has the number of the plan's node that it belongs to as `meta["index"]`.
    """
    from torch import fx

    names = submodule_names(plan)
    graph, root = fx.Graph(), {}
    tracer = fx.proxy.GraphAppendingTracer(graph)
    values: dict[int, Any] = {INPUT: graph.placeholder("x")}
    readers = [source for index in plan.live for source in plan.nodes[index].inputs]
    for index in plan.live:
        node = plan.nodes[index]
        inputs = [values[source] for source in node.inputs]
        before = len(graph.nodes)
        expression = node.layer.torch_expression(*node.input_shapes)
        if expression:
            own = None
            if node.layer.weights(*node.input_shapes):
                ((name, made),) = _submodules(plan, node, names, readers)
                root[name] = made
                own = partial(_called, graph, tracer, name)
            value = evaluated(expression, [fx.Proxy(source, tracer) for source in inputs], own).node
        else:
            value = inputs[0]
            for name, module in _submodules(plan, node, names, readers):
                root[name] = module
                value = graph.call_module(name, (value,))
        for made in list(graph.nodes)[before:]:
            made.meta["index"] = index
        values[index] = value
    graph.output(values[len(plan.nodes) - 1])
    module = fx.GraphModule(root, graph, "Twin")
    for index, node in enumerate(plan.nodes):  # what nothing reads is not run, but has weights
        if index not in plan.live and node.parameters:
            module.add_submodule(names[node.name], modules_of(node.layer, node.input_shapes[0])[-1])
    finished = Twin(module, names)
    for weight, rate, _ in finished.rates(plan).values():
        weight.requires_grad_(rate > 0)
    return finished


def modules_of(layer: Layer, shape: Shape) -> list[Any]:
    """The modules that compute a layer with one input of `shape`, one after the other; the last has its weights."""
    return [_module(text) for text in layer.torch(shape)]


def evaluated(expression: str, tensors: Sequence[Any], module: Any = None) -> Any:
    """The value of a layer's expression for these inputs, and its module where it has weights."""
    import torch

    return eval(expression, {"torch": torch, "module": module, **{f"x{k}": x for k, x in enumerate(tensors)}})


def _called(graph: Any, tracer: Any, name: str, x: Any) -> Any:
    """A call of a submodule, as a step of the graph."""
    from torch import fx

    return fx.Proxy(graph.call_module(name, (x.node,)), tracer)


def _module(written: str) -> Any:
    from torch import nn

    return eval(written, dict(vars(nn)))


def _submodules(plan: Plan, node: Node, names: Mapping[str, str], readers: list[int]) -> list[tuple[str, Any]]:
    """A node's modules by name; the last, which has the weights, by the node's own."""
    from torch import nn

    source, made = node.inputs[0], [(name, _module(written)) for name, written in submodules_of(node, names)]
    # neither another reader nor the producer's own backward may miss what is written over
    last = made[-1][1]
    if source != INPUT and plan.nodes[source].parameters and readers.count(source) == 1 and isinstance(last, nn.ReLU):
        last.inplace = True
    return made
