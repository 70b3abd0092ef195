"""A plan computed by PyTorch: the same layers, from PyTorch's own functions, with the same names of weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuicnn.language.plan import INPUT, Plan
from tuicnn.layers.windows import resolved
from tuicnn.words import info


def forward(torch: Any, plan: Plan, weights: Mapping[str, Any], x: Any, *, training: bool) -> Any:
    """The output of a plan for `x` `(N, C, H, W)`; `weights` are tensors by name. Dropout must not occur."""
    functional = torch.nn.functional
    outputs: list[Any] = []
    for node in plan.nodes:
        inputs = [x if source == INPUT else outputs[source] for source in node.inputs]
        own = {name.rpartition(".")[2]: w for name, w in weights.items() if name.rpartition(".")[0] == node.name}
        outputs.append(_layer(torch, functional, node.layer, inputs, own, training))
    return outputs[-1]


def _layer(torch: Any, functional: Any, layer: Any, inputs: list[Any], w: dict[str, Any], training: bool) -> Any:
    x = inputs[0]
    match info(layer).name:
        case "conv" | "depthwise" as kind:
            (top, bottom), (left, right) = resolved(layer.kernel, layer.stride, layer.pad, layer.dilation).pad
            x = functional.pad(x, (left, right, top, bottom))
            groups = x.shape[1] if kind == "depthwise" else layer.groups
            return functional.conv2d(
                x, w["weight"], w.get("bias"), tuple(layer.stride), 0, tuple(layer.dilation), groups
            )
        case "dense":
            return functional.linear(x, w["weight"], w.get("bias"))
        case "maxpool" | "avgpool" as kind:
            pool = functional.max_pool2d if kind == "maxpool" else functional.avg_pool2d
            stride = layer.stride or layer.kernel
            (top, _), (left, _) = resolved(layer.kernel, stride, layer.pad).pad
            return pool(x, tuple(layer.kernel), tuple(stride), (top, left))
        case "globalavgpool":
            return x.mean(dim=(2, 3))
        case "globalmaxpool":
            return x.amax(dim=(2, 3))
        case "flatten":
            return x.flatten(1)
        case "batchnorm":
            mean, var = w["running_mean"].clone(), w["running_var"].clone()
            return functional.batch_norm(x, mean, var, w["weight"], w["bias"], training, layer.momentum, layer.eps)
        case "layernorm":
            return functional.layer_norm(x, x.shape[1:], w["weight"], w["bias"], layer.eps)
        case "groupnorm":
            return functional.group_norm(x, layer.groups, w["weight"], w["bias"], layer.eps)
        case "relu" | "gelu" | "silu" as kind:
            return getattr(functional, kind)(x)
        case "sigmoid" | "tanh" as kind:
            return getattr(torch, kind)(x)
        case "leakyrelu":
            return functional.leaky_relu(x, layer.slope)
        case "elu":
            return functional.elu(x, layer.alpha)
        case "softmax":
            return torch.softmax(x, dim=1)
        case "identity":
            return x
        case "add":
            return sum(inputs[1:], inputs[0])
        case "concat":
            return torch.cat(inputs, dim=1)
        case other:
            raise AssertionError(f"the twin knows no {other}")
