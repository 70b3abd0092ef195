"""Networks as a whole agree with PyTorch's twin of them: outputs, gradients, and ten steps of every optimizer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.exchange.made import shaken
from tests.strategies import networks, objects, optimizers
from tuicnn import Network
from tuicnn.bench.twin import Twin, twin
from tuicnn.bench.twin_training import groups_of, loss_of, optimizer_of, set_rate
from tuicnn.bundled import bundled
from tuicnn.exchange.submodules import RESERVED
from tuicnn.optimizers import Lion

torch = pytest.importorskip("torch", reason="PyTorch, the twin, is not installed (it is the extra `bench`)")

NETS = sorted(bundled("nets").glob("*.net"))
LOSSES = [
    "cross_entropy", "cross_entropy smoothing=0.1", "mse", "bce",
    "focal", "focal gamma=0.5 weights=[1, 0.5, 2, 3]", "cross_entropy smoothing=0.2 weights=[1, 0.5, 2, 3]",
    "huber delta=0.5", "mae",
]  # fmt: skip
Made = tuple[str, tuple[int, int, int]]


def twin_of(network: Network) -> Twin:
    """The twin of a network, with its weights, in double precision."""
    made = twin(network.plan)
    made.module.double()
    made.load_state_dict(network.state_dict())
    return made


def batch(network: Network, count: int, seed: int) -> tuple[Any, Any]:
    random = np.random.default_rng(seed)
    return random.normal(size=(count, *network.plan.input)), random.integers(0, network.plan.classes, count)


def close(ours: Any, theirs: Any, tolerance: float, name: str = "") -> None:
    """Equal but for rounding, measured against the largest of the values where that is more than 1."""
    scale = max(1.0, float(np.abs(theirs).max(initial=0)))
    np.testing.assert_allclose(ours / scale, theirs / scale, rtol=0, atol=tolerance, err_msg=name)


@given(networks(), st.sampled_from(LOSSES), st.integers(0, 2**31))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_outputs_and_gradients(made: Made, loss: str, seed: int) -> None:
    text, image = made
    network = shaken(Network.from_text(f"loss: {loss}\n{text}", input=image, classes=4, dtype=np.float64), seed)
    theirs = twin_of(network)
    x, y = batch(network, 5, seed)
    theirs.module.eval()
    close(network.forward(x), theirs.module(torch.tensor(x)).detach().numpy(), 1e-9)

    theirs.module.train()
    value = loss_of(network.plan.loss)(theirs.module(torch.tensor(x)), torch.tensor(y))
    value.backward()
    found, gradients = network.loss_and_gradients(x, y)
    assert found == pytest.approx(value.item(), rel=1e-9, abs=1e-9)
    wanted = theirs.gradients()
    assert list(wanted) == list(gradients)
    # PyTorch has the sixth in the slope of hardsigmoid and hardswish in single precision
    tolerance = 1e-6 if "hard" in text else 1e-8
    for name, gradient in gradients.items():
        close(gradient, wanted[name], tolerance, name)


@given(networks(), st.integers(0, 2**31))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_single_precision(made: Made, seed: int) -> None:
    """Both compute in float32, which the engine trains in; near enough to what float64 gives."""
    text, image = made
    network = shaken(Network.from_text(text, input=image, classes=4), seed)
    double = twin_of(network)
    x, y = batch(network, 5, seed)
    x = x.astype(np.float32)
    double.module.eval()
    close(network.forward(x), double.module(torch.tensor(x).double()).detach().numpy(), 1e-4)
    double.module.train()
    loss_of(network.plan.loss)(double.module(torch.tensor(x).double()), torch.tensor(y)).backward()
    wanted = double.gradients()
    for name, gradient in network.loss_and_gradients(x, y)[1].items():
        close(gradient, wanted[name], 1e-4, name)


@given(
    networks(),
    st.sampled_from(LOSSES),
    optimizers(st.floats(1e-4, 0.03)).filter(lambda made: not isinstance(made, Lion)),  # rounding has a sign
    objects("schedule", warmup=st.sampled_from([0.0, 0.5, 1.0])).map(str),
    st.integers(0, 2**31),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_ten_steps(made: Made, loss: str, optimizer: Any, schedule: str, seed: int) -> None:
    text, image = made
    head = f"loss: {loss}\noptim: {optimizer}\nschedule: {schedule}\ntrain: epochs=2\n"
    # not from the first weights: a bias of 0 before a batch normalisation has a gradient that is all rounding
    network = shaken(Network.from_text(head + text, input=image, classes=4, dtype=np.float64), seed)
    plan, theirs = network.plan, twin_of(network)
    assert plan.optimizer == optimizer
    groups = groups_of(plan, theirs)
    value, torchs = loss_of(plan.loss), optimizer_of(plan.optimizer, groups)
    store = network.store
    state, gradient = plan.optimizer.state(store.flat), np.zeros_like(store.flat)
    for step in range(10):
        x, y = batch(network, 4, seed + step)
        set_rate(torchs, plan, step, steps_per_epoch=5)
        torchs.zero_grad()
        value(theirs.module(torch.tensor(x)), torch.tensor(y)).backward()
        if plan.optimizer.clip is not None:
            torch.nn.utils.clip_grad_norm_(theirs.module.parameters(), plan.optimizer.clip)
        torchs.step()

        rate = plan.optimizer.lr * plan.schedule.scale(step, 5, plan.train.epochs)
        for view, own in zip(store.named(gradient).values(), network.loss_and_gradients(x, y)[1].values(), strict=True):
            view[...] = own
        network.parameter_groups.update(store.flat, gradient, state, rate, step + 1)
    wanted = theirs.state_dict()
    # a run that diverges magnifies rounding from step to step, until nothing else is left
    assume(all(np.abs(w).max(initial=0) < 100 for w in wanted.values()))
    for name, w in network.named_parameters():
        close(w, wanted[name], 1e-7, name)


def agrees(network: Network) -> None:
    """The twin has the same outputs, and weights of the same names."""
    theirs = twin_of(network)
    x, _ = batch(network, 2, 0)
    theirs.module.eval()
    close(network.forward(x), theirs.module(torch.tensor(x)).detach().numpy(), 1e-9)
    assert set(theirs.state_dict()) == set(network.state_dict())


@pytest.mark.parametrize("path", NETS, ids=lambda path: path.stem)
def test_bundled_nets(path: Any) -> None:
    agrees(Network.from_file(path, dtype=np.float64))


def test_weights_go_there_and_back() -> None:
    text = "conv 4 3x3 -> batchnorm -> relu -> depthwise 3x3 -> layernorm -> flatten -> dense 10"
    one, other = shaken(Network.from_text(text, seed=1), 3), Network.from_text(text, seed=2)
    made = twin(one.plan)
    made.load_state_dict(one.state_dict())
    other.load_state_dict(made.state_dict())
    assert all(np.array_equal(w, other.state_dict()[name]) for name, w in one.state_dict().items())
    with pytest.raises(RuntimeError, match=r"dense1\.weight"):
        made.load_state_dict({name: w for name, w in one.state_dict().items() if name != "dense1.weight"})


def test_names_that_pytorch_and_python_keep_for_themselves() -> None:
    text = (
        "conv 2 3x3 as half -> batchnorm as class -> relu as a-b -> conv 2 2x2 pad=same as training\n"
        "conv 2 1x1 as a_b -> maxpool 2 stride=1 pad=same as x -> conv 2 1x1 as training_before\n"
        "flatten -> dense 10 as forward"
    )
    agrees(shaken(Network.from_text(text, dtype=np.float64), 1))


def test_a_layer_that_nothing_reads_is_not_run_but_has_its_weights() -> None:
    network = Network.from_text(
        "relu as a -> conv 2 3x3 -> concat { @a | @a } -> flatten -> dense 10", dtype=np.float64
    )
    theirs = twin_of(network)
    assert "conv1" not in theirs.module.code
    x, y = batch(network, 3, 0)
    loss_of(network.plan.loss)(theirs.module(torch.tensor(x)), torch.tensor(y)).backward()
    for name, gradient in network.loss_and_gradients(x, y)[1].items():
        close(gradient, theirs.gradients()[name], 1e-10, name)


def test_relu_writes_over_its_input_only_where_nobody_needs_it() -> None:
    module = twin(
        Network.from_text(
            "conv 2 1x1 as a -> relu -> conv 2 1x1 -> relu as b -> add { @a | @b } -> relu\n"
            "flatten -> sigmoid -> relu -> dense 10"
        ).plan
    ).module
    in_place = {name: module.get_submodule(name).inplace for name in ("relu1", "b", "relu2", "relu3")}
    assert in_place == {"relu1": False, "b": True, "relu2": False, "relu3": False}


def test_dropout_zeroes_as_many_and_scales_as_much() -> None:
    network = Network.from_text("flatten -> dropout 0.25 -> dense 10", dtype=np.float64)
    theirs = twin_of(network)
    theirs.load_state_dict({"dense1.weight": np.ones((10, 784)), "dense1.bias": np.zeros(10)})
    torch.manual_seed(0)
    kept = theirs.module(torch.ones(50, 1, 28, 28, dtype=torch.float64)).detach().numpy() * 0.75 / 784
    assert kept.mean() == pytest.approx(0.75, abs=0.02)
    theirs.module.eval()
    assert theirs.module(torch.ones(1, 1, 28, 28, dtype=torch.float64)).detach().numpy()[0, 0] == 784


def test_no_submodule_is_called_as_an_attribute_of_a_module() -> None:
    attributes = {*dir(torch.nn.Module()), *dir(torch.fx.GraphModule({}, torch.fx.Graph()))}
    assert {name for name in attributes if not name.startswith("_")} <= RESERVED
