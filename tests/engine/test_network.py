"""Networks as a whole: against numerical derivatives, whatever the number of processes. PyTorch: bench/test_twin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.strategies import networks
from tuicnn import NetError, Network
from tuicnn.bundled import bundled
from tuicnn.engine.groups.forked import ForkedGroup
from tuicnn.engine.hooks import StepProfile

MNIST = "conv 8 3x3 pad=1 -> relu -> maxpool 2 -> flatten -> dense 10"
NETS = sorted(bundled("nets").glob("*.net"))


def batch(network: Network, count: int, seed: int = 0) -> tuple[Any, Any]:
    random = np.random.default_rng(seed)
    x = random.normal(size=(count, *network.plan.input)).astype(network.dtype)
    return x, random.integers(0, network.plan.classes, count)


def shake(network: Network, seed: int) -> None:
    """Give every weight, also biases and running statistics, a value that could not be there by chance."""
    random = np.random.default_rng(seed)
    network.load_state_dict(
        {
            name: np.abs(w + random.normal(size=w.shape) * 0.3) + 0.3 if "running_var" in name
            else w + random.normal(size=w.shape) * 0.3
            for name, w in network.state_dict().items()
        }
    )  # fmt: skip


@pytest.mark.parametrize("path", NETS, ids=lambda path: path.stem)
def test_gradient_along_a_random_direction(path: Path) -> None:
    network = Network.from_file(path, dtype=np.float64)
    # away from the first weights, where half of all biases sit at the kink of a ReLU
    x, y = batch(network, 2 if "cifar" in path.stem else 4)
    random = np.random.default_rng(3)
    start = {name: w + random.normal(size=w.shape) * 0.02 for name, w in network.named_parameters()}
    direction = {name: random.normal(size=w.shape) for name, w in start.items()}
    norm = np.sqrt(sum(float(np.sum(d * d)) for d in direction.values()))

    def at(t: float) -> float:
        network.load_state_dict({name: w + t / norm * direction[name] for name, w in start.items()})
        return network.loss_and_gradients(x, y)[0]

    network.load_state_dict(start)
    gradients = network.loss_and_gradients(x, y)[1]
    exact = sum(float(np.sum(gradients[name] * direction[name])) for name in start) / norm
    h = 1e-5
    assert exact == pytest.approx((at(h) - at(-h)) / (2 * h), rel=2e-4, abs=1e-7)


def taken(network: Network, x: Any, y: Any, *, watched: bool = False) -> tuple[float, Any]:
    """The loss and flat gradient of one step, by every process of the network's group."""
    across = np.ascontiguousarray(x.transpose(2, 3, 0, 1))
    profile = StepProfile(len(network.plan.nodes)) if watched else None

    def work(*_: int) -> Any:
        return network.forward_backward(len(x), lambda a, b: (across[:, :, a:b], y[a:b]), step=0, hook=profile)

    network.group.start(work)
    try:
        network.group.dispatch()
        result = work()
    finally:
        network.group.close()
    return result.loss, result.gradient.copy()


@given(networks(), st.integers(1, 100))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_neither_processes_nor_watching_change_a_bit(made: tuple[str, tuple[int, int, int]], count: int) -> None:
    text, image = made
    plan = Network.from_text(f"train: batch={count}\n{text}", input=image, classes=4).plan
    results = []
    for size, watched in ((1, False), (1, True), (3, False)):
        network = Network(plan, seed=1, group=ForkedGroup(size))
        results.append(taken(network, *batch(network, count), watched=watched))
    for loss, gradient in results[1:]:
        assert loss == results[0][0]
        np.testing.assert_array_equal(gradient, results[0][1])


@given(networks(), st.integers(33, 90))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_batch_of_several_shards_is_one_batch(made: tuple[str, tuple[int, int, int]], count: int) -> None:
    """The loss of a batch is the mean over its images, whichever order (and so, whichever shard) they come in."""
    text, image = made
    network = Network.from_text(text, input=image, classes=4, seed=1, dtype=np.float64)
    x, y = batch(network, count)
    order = np.random.default_rng(5).permutation(count)
    loss, gradients = network.loss_and_gradients(x, y)
    loss2, gradients2 = network.loss_and_gradients(x[order], y[order])
    assert loss == pytest.approx(loss2, rel=1e-10)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, gradients2[name], rtol=1e-7, atol=1e-10)


def test_weights_have_pytorchs_names_and_axes() -> None:
    network = Network.from_text(MNIST)
    assert {name: w.shape for name, w in network.named_parameters()} == {
        "conv1.weight": (8, 1, 3, 3),
        "conv1.bias": (8,),
        "dense1.weight": (10, 1568),
        "dense1.bias": (10,),
    }


def test_weights_of_a_torch_sequential_are_taken() -> None:
    torch = pytest.importorskip("torch")
    nn = torch.nn
    theirs = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4 * 13 * 13, 10)
    )  # fmt: skip
    ours = Network.from_text("conv 4 3x3 -> batchnorm -> relu -> maxpool 2 -> flatten -> dense 10")
    ours.load_state_dict(theirs.state_dict())
    # torch.nn.Parameters want gradients
    ours.load_state_dict({**theirs.state_dict(), **dict(theirs.named_parameters())})
    x, _ = batch(ours, 40)
    np.testing.assert_allclose(ours.forward(x), theirs.eval()(torch.tensor(x)).detach().numpy(), atol=1e-5)


def test_load_gives_back_what_state_took() -> None:
    text = "conv 4 3x3 groups=1 -> batchnorm -> relu -> depthwise 3x3 -> flatten -> dense 10"
    one, two = Network.from_text(text, seed=1), Network.from_text(text, seed=2)
    shake(one, 3)
    two.load_state_dict(one.state_dict())
    x, _ = batch(one, 3)
    assert np.array_equal(one.forward(x), two.forward(x))


def test_load_changes_nothing_where_something_does_not_fit() -> None:
    network = Network.from_text(MNIST)
    before = network.state_dict()
    changed = {name: w + 1 for name, w in before.items()}
    with pytest.raises(ValueError, match=r"conv1.weight is 8x1x5x5 but this network's is 8x1x3x3"):
        network.load_state_dict({**changed, "conv1.weight": np.zeros((8, 1, 5, 5))})
    with pytest.raises(KeyError, match=r"no weights called conv2.weight"):
        network.load_state_dict({**changed, "conv2.weight": np.zeros(3)})
    with pytest.raises(KeyError, match=r"missing: dense1.bias"):
        network.load_state_dict({name: w for name, w in changed.items() if name != "dense1.bias"})
    for odd in (np.array(list("abcdefghij")), np.zeros(10, complex)):
        with pytest.raises(ValueError, match=r"dense1.bias must be an array of real numbers"):
            network.load_state_dict({**changed, "dense1.bias": odd})
    assert all(np.array_equal(before[name], w) for name, w in network.named_parameters())


def test_seed_alone_decides_the_weights() -> None:
    a, b, c = (Network.from_text(MNIST, seed=seed).state_dict() for seed in (4, 4, 5))
    assert all(np.array_equal(a[name], b[name]) for name in a)
    assert not np.array_equal(a["dense1.weight"], c["dense1.weight"])


def test_dropout_drops_in_training_only_and_differently_at_each_step() -> None:
    network = Network.from_text("flatten -> dropout 0.5 -> dense 10", seed=1)
    x, y = batch(network, 40)
    assert np.array_equal(network.forward(x), network.forward(x))
    across = np.ascontiguousarray(x.transpose(2, 3, 0, 1))
    results = [network.forward_backward(40, lambda a, b: (across[:, :, a:b], y[a:b]), step=step) for step in (1, 1, 2)]
    losses = [result.loss for result in results if result is not None]
    assert losses[0] == losses[1] != losses[2]


def test_a_layer_that_nothing_reads_has_no_gradient() -> None:
    network = Network.from_text("relu as a -> conv 2 3x3 -> concat { @a | @a } -> flatten -> dense 10")
    x, y = batch(network, 3)
    for _ in range(2):
        gradients = network.loss_and_gradients(x, y)[1]
        assert not gradients["conv1.weight"].any()
        assert gradients["dense1.weight"].any()


@pytest.mark.parametrize(
    ("images", "labels", "says"),
    [
        (np.zeros((2, 28, 28)), [0, 1], "images must be an array of"),
        (np.zeros((2, 3, 28, 28)), [0, 1], "images must be an array of"),
        (np.zeros((0, 1, 28, 28)), [], "N at least 1"),
        (np.zeros((2, 1, 28, 28)), [0], "2 images need 2 labels"),
        (np.zeros((2, 1, 28, 28)), [0, 10], "between 0 and 9"),
        (np.zeros((2, 1, 28, 28)), [0, 0.7], "whole numbers"),
    ],
)
def test_what_does_not_fit_is_said(images: Any, labels: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Network.from_text(MNIST).loss_and_gradients(images, labels)


def test_a_broken_text_raises_all_its_diagnostics() -> None:
    with pytest.raises(NetError) as caught:
        Network.from_text("covn 8 3x3 -> flatten -> dense 10\noptmizer: adam\n")
    assert [d.span.line for d in caught.value.diagnostics] == [1, 2]
    assert "conv" in str(caught.value)
    with pytest.raises(NetError, match=r"nowhere.net"):
        Network.from_file("nowhere.net")


def test_images_that_are_not_normalised_are_refused() -> None:
    network = Network.from_text(MNIST)
    raw = np.full((2, 1, 28, 28), 200, np.uint8)
    for use in (network.forward, lambda x: network.loss_and_gradients(x, [0, 1])):
        with pytest.raises(ValueError, match=r"not normalised; write \(images / 255 - mean\) / std"):
            use(raw)
    assert network.forward((raw / 255 - 0.13) / 0.31).shape == (2, 10)


@given(networks(), st.integers(1, 9))
@example(("conv 4 3x3 as a -> add { @a -> dropout 0.5 | @a -> relu } -> flatten -> dense 4", (1, 6, 6)), 3)
@example(("conv 4 3x3 -> add { relu | batchnorm } -> relu -> flatten -> dense 4 -> relu", (1, 6, 6)), 3)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_outputs_outside_training_are_those_of_each_layer_alone(
    made: tuple[str, tuple[int, int, int]], count: int
) -> None:
    """Though layers are joined there, take images in parts and write over what comes in."""
    text, image = made
    network = Network.from_text(text, input=image, classes=4, seed=1, dtype=np.float64)
    random = np.random.default_rng(1)
    for _, weights in [*network.named_buffers(), *network.named_parameters()]:
        weights += random.uniform(0, 0.5, weights.shape)
    x, _ = batch(network, count)
    across = np.ascontiguousarray(x.transpose(2, 3, 0, 1))
    with np.errstate(all="ignore"):
        wanted = network.executor.outputs(across.copy())[-1]
        assert wanted is not None
        for cuts in ([], [1], [1, 2]):
            parts = np.split(across, [cut for cut in cuts if cut < count], axis=2)
            found = network.executor.infer([np.ascontiguousarray(part) for part in parts])
            np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9 * np.abs(wanted).max())
    np.testing.assert_array_equal(across, x.transpose(2, 3, 0, 1))
