"""Normalisation and dropout, which do something else while a network trains; and optimizers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tests.alone import Alone
from tests.onnx.cases import Node
from tests.onnx.ours import Value, as_images, need, real
from tuicnn.data import Dataset
from tuicnn.language import check
from tuicnn.optimizers import SGD, Adam, Optimizer
from tuicnn.training.trainer import Trainer

__all__ = ["adam", "batchnorm", "dropout", "groupnorm", "instancenorm", "layernorm", "lrn", "momentum"]


def while_training(layer: str, x: Value, weights: Mapping[str, Value]) -> Value:
    """What a layer gives in a training step, (N, V), read off a gradient.

    A dense layer of N outputs and weights 0 comes after it, and image k has the label k. The gradient of mse by output
    k of image n is then -2 [k = n] / N**2, and row k of the gradient by the dense layer's weights is what the layer
    gave for image k, times that.
    """
    count = len(x)
    alone = Alone(layer, [x], weights, dtype=real(x), end=f"flatten -> dense {count} bias=false", outputs=count)
    state = alone.network.state_dict()
    last = [name for name in state if name.startswith("dense")][-1]
    alone.network.load_state_dict({**state, last: np.zeros_like(state[last])})
    _, gradients = alone.network.loss_and_gradients(alone.onehot, np.arange(count))
    return gradients[last] * (-count * count / 2)


def running_statistics(alone: Alone) -> dict[str, Value]:
    """The layer's own weights, learnt and kept, after one step of training on all images at once."""
    checked = check(
        f"{alone.text}train: batch={alone.count} epochs=1\n", input=(1, 1, alone.count), classes=alone.outputs
    )
    assert checked.plan is not None
    onehot = (255 * np.eye(alone.count)).astype(np.uint8).reshape(alone.count, 1, alone.count, 1)
    labels, nothing = alone.labels(), onehot[:0]
    classes = tuple(map(str, range(alone.outputs)))
    zero, one = np.zeros(1, np.float32), np.ones(1, np.float32)
    data = Dataset("", classes, onehot, labels, nothing, labels[:0], nothing, labels[:0], zero, one)
    trainer = Trainer(checked.plan, data, threads=1)
    trainer.network.load_state_dict(alone.network.state_dict())
    trainer.advance()
    state = trainer.network.state_dict()
    return {short: state[name] for short, name in alone.own.items()}


def batchnorm(node: Node, inputs: Sequence[Value]) -> list[Value]:
    """Our momentum is 1 less ONNX's; our running variance is PyTorch's, which divides by one value fewer."""
    x, weight, bias, mean, variance = inputs
    eps, momentum = node.attributes.get("epsilon", 1e-5), 1 - node.attributes.get("momentum", 0.9)
    layer = f"batchnorm eps={eps:.9f} momentum={momentum:.9f}"
    own = {"weight": weight, "bias": bias, "running_mean": mean, "running_var": variance}
    image = as_images(x)
    if not node.attributes.get("training_mode"):
        return [Alone(layer, [image], own, dtype=real(x)).forward().reshape(x.shape)]
    y = while_training(layer, image, own).reshape(x.shape)
    kept = running_statistics(Alone(layer, [image], own, dtype=real(x)))
    count = x.size // x.shape[1]
    biased = variance * (1 - momentum) + (kept["running_var"] - variance * (1 - momentum)) * ((count - 1) / count)
    return [y, kept["running_mean"], biased]


def layernorm(node: Node, inputs: Sequence[Value]) -> list[Value]:
    """Axes from `axis` on are one image. The mean and the deviation, its second and third outputs, are not shown."""
    x, weight, bias = inputs
    axis = node.attributes.get("axis", -1) % x.ndim
    count = int(np.prod(x.shape[:axis]))
    rest = [*x.shape[axis:]]
    images = x.reshape(count, -1) if len(rest) == 1 else x.reshape(count, rest[0], rest[1], -1)
    own = {"weight": weight.reshape(images.shape[1:]), "bias": bias.reshape(images.shape[1:])}
    y = Alone(f"layernorm eps={node.attributes.get('epsilon', 1e-5):.9f}", [images], own, dtype=real(x)).forward()
    return [y.reshape(x.shape), None, None]


def lrn(node: Node, inputs: Sequence[Value]) -> list[Value]:
    defaults = {"alpha": 1e-4, "beta": 0.75, "bias": 1.0}
    alpha, beta, k = (node.attributes.get(name, default) for name, default in defaults.items())
    layer = f"lrn {node.attributes['size']} alpha={alpha:.9f} beta={beta:.9f} k={k:.9f}"
    return [Alone(layer, inputs, dtype=real(inputs[0])).forward().reshape(inputs[0].shape)]


def groups(count: int, node: Node, inputs: Sequence[Value]) -> list[Value]:
    x, weight, bias = inputs
    layer = f"groupnorm {count} eps={node.attributes.get('epsilon', 1e-5):.12f}"
    y = Alone(layer, [as_images(x)], {"weight": weight, "bias": bias}, dtype=real(x)).forward()
    return [y.reshape(x.shape)]


def groupnorm(node: Node, inputs: Sequence[Value]) -> list[Value]:
    return groups(node.attributes["num_groups"], node, inputs)


def instancenorm(node: Node, inputs: Sequence[Value]) -> list[Value]:
    """`groupnorm` with a group for each channel."""
    return groups(inputs[0].shape[1], node, inputs)


def dropout(node: Node, inputs: Sequence[Value]) -> list[Value]:
    """After training it passes its input on, and while training too where it drops nothing. The mask is not shown."""
    x, *more = inputs
    ratio = more[0].item() if more else node.attributes.get("ratio", 0.5)
    training = len(more) > 1 and bool(more[1])
    need(not training or ratio == 0, "the very values that ONNX's random numbers drop")
    layer, image = f"dropout {ratio:.6f}", as_images(x)
    y = while_training(layer, image, {}) if training else Alone(layer, [image], dtype=real(x)).forward()
    return [y.reshape(x.shape), None][: len(node.outputs)]


def update(optimizer: Optimizer, x: Value, gradient: Value, kept: Mapping[str, Value], rate: float, step: int) -> Value:
    """Moves copies; gives the new weights and the optimizer's state."""
    weights, state = x.copy(), optimizer.state(x)
    for name, value in kept.items():
        state[name][...] = value
    optimizer.update(weights, gradient.copy(), state, rate, step)
    return weights, state


def momentum(node: Node, inputs: Sequence[Value]) -> list[Value]:
    """Weights X and velocities V, one of each for each array: X1 X2 ... G1 G2 ... V1 V2 ..."""
    rate, done, *arrays = inputs
    given = node.attributes
    need(int(done) == 0 or given["beta"] == 1.0, "a gradient that counts for less than the velocity")
    optimizer = SGD(momentum=given["alpha"], decay=given["norm_coefficient"], nesterov=given["mode"] == "nesterov")
    made = []
    count = len(arrays) // 3
    for x, g, v in zip(arrays[:count], arrays[count : 2 * count], arrays[2 * count :], strict=True):
        made.append(update(optimizer, x, g, {"momentum": v}, float(rate), int(done) + 1))
    return [x for x, _ in made] + [state["momentum"] for _, state in made]


def adam(node: Node, inputs: Sequence[Value]) -> list[Value]:
    """Before the first step ONNX corrects no bias; we correct one at every step, by factors that go towards 1.

    So its first step is ours so late that both factors are 1.
    """
    rate, done, *arrays = inputs
    given = node.attributes
    need(int(done) == 0, "a correction of the bias that leaves eps out")
    need(given.get("norm_coefficient_post", 0.0) == 0, "weight decay after the step")
    optimizer = Adam(beta1=given["alpha"], beta2=given["beta"], eps=given["epsilon"], decay=given["norm_coefficient"])
    count = len(arrays) // 4
    made = []
    for k in range(count):
        x, g, v, h = arrays[k::count]
        made.append(update(optimizer, x, g, {"exp_avg": v, "exp_avg_sq": h}, float(rate), 1_000_000))
    kept = [[state[name] for _, state in made] for name in ("exp_avg", "exp_avg_sq")]
    return [*(x for x, _ in made), *kept[0], *kept[1]]
