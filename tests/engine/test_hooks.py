"""What a watched step notes of each layer, and how an evaluation counts, against plain loops over the outputs."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from tuicnn import Network
from tuicnn.engine import step as engine_step
from tuicnn.engine.hooks import StepProfile

COUNT, SHARD = 6, 3


@pytest.fixture
def network() -> Network:
    """Of four filters the bias of one keeps its ReLU at 0."""
    plan = Network.from_text("conv 4 1x1 -> relu -> flatten -> dense 3", input=(1, 2, 3), classes=3).plan
    made = Network(plan, dtype=np.float64, choices={"shard": SHARD})
    bias = np.array([0.5, -1000.0, 0.1, 0.3])
    made.load_state_dict({**made.state_dict(), "conv1.bias": bias})
    return made


def batch(count: int = COUNT) -> tuple[Any, Any]:
    """Images as the engine has them, (H, W, N, C), and labels."""
    rng = np.random.default_rng(2)
    return rng.normal(size=(2, 3, count, 1)), rng.integers(0, 3, count)


def outputs(network: Network, x: Any) -> tuple[Any, Any, Any]:
    """Of each image the outputs of the convolution (a list a filter), of the ReLU, and of the dense layer."""
    weights = network.state_dict()
    filters = list(zip(weights["conv1.weight"].ravel().tolist(), weights["conv1.bias"].tolist(), strict=True))
    rows = list(zip(weights["dense1.weight"].tolist(), weights["dense1.bias"].tolist(), strict=True))
    convolved, rectified, last = [], [], []
    for image in range(x.shape[2]):
        pixels = x[:, :, image, 0].ravel().tolist()
        convolved.append([[w * pixel + bias for pixel in pixels] for w, bias in filters])
        rectified.append([[max(0.0, value) for value in channel] for channel in convolved[-1]])
        flat = [value for channel in rectified[-1] for value in channel]
        last.append([sum(w * v for w, v in zip(row, flat, strict=True)) + bias for row, bias in rows])
    return convolved, rectified, last


def root_mean_square(values: Any) -> float:
    flat = np.asarray(values).ravel().tolist()
    return math.sqrt(sum(value * value for value in flat) / len(flat))


def test_sizes_and_dead_units_are_those_of_the_outputs(network: Network) -> None:
    x, y = batch()
    profile = StepProfile(4)
    result = network.replay(COUNT, lambda a, b: (x[:, :, a:b], y[a:b]), step=0, hook=profile)
    convolved, rectified, last = outputs(network, x)
    right = sum(z.index(max(z)) == label for z, label in zip(last, y.tolist(), strict=True))
    assert result.correct == right != COUNT - right
    sizes = [root_mean_square(each[:SHARD]) for each in (convolved, rectified, rectified, last)]
    assert profile.activation.tolist() == pytest.approx(sizes)
    dead = sum(all(v == 0 for image in rectified[:SHARD] for v in image[channel]) for channel in range(4))
    assert profile.dead[1] == dead / 4 == 0.25
    assert np.isnan(profile.dead[[0, 2, 3]]).all()
    # of cross entropy: what was given to each class, less 1 for the true one, of each of the images its part
    given = []
    for z, label in zip(last[:SHARD], y.tolist(), strict=False):
        total = sum(math.exp(v) for v in z)
        given.append([(math.exp(v) / total - (place == label)) / COUNT for place, v in enumerate(z)])
    assert profile.gradient[3] == pytest.approx(root_mean_square(given))
    before = np.array(given) @ network.state_dict()["dense1.weight"]
    assert profile.gradient[2] == pytest.approx(root_mean_square(before))
    passed = np.reshape(rectified[:SHARD], before.shape) > 0
    assert profile.gradient[0] == pytest.approx(root_mean_square(before * passed))


def test_seconds_are_those_between_two_readings_of_the_clock(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    readings = (n * n for n in range(1000))  # no two spans are alike
    monkeypatch.setattr(engine_step, "perf_counter", lambda: float(next(readings)))
    x, y = batch(SHARD)
    profile = StepProfile(4)
    network.replay(SHARD, lambda a, b: (x[:, :, a:b], y[a:b]), step=0, hook=profile)
    assert profile.forward_seconds.tolist() == [1, 5, 9, 13]
    assert profile.backward_seconds.tolist() == [29, 25, 21, 17]  # in the opposite order
    assert profile.seconds.tolist() == [30, 30, 30, 30]


def test_a_layer_of_the_whole_batch_takes_time_before_its_shards_wait_and_after(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticks = itertools.count()
    monkeypatch.setattr(engine_step, "perf_counter", lambda: float(next(ticks)))
    plan = Network.from_text("batchnorm -> flatten -> dense 3", input=(1, 2, 3), classes=3).plan
    x, y = batch()
    profile = StepProfile(3)
    Network(plan, choices={"shard": SHARD}).replay(COUNT, lambda a, b: (x[:, :, a:b], y[a:b]), step=0, hook=profile)
    assert profile.forward_seconds.tolist() == profile.backward_seconds.tolist() == [4, 2, 2]


@pytest.mark.parametrize("count", [1, 7, 130, 300])
def test_an_evaluation_counts_every_image_once(network: Network, count: int) -> None:
    x, y = batch(count)
    found = network.evaluate_shards(count, [(1.0, lambda a, b: (x[:, :, a:b], y[a:b]))])
    assert found is not None
    last = outputs(network, x)[2]
    losses = [math.log(sum(math.exp(v) for v in z)) - z[label] for z, label in zip(last, y.tolist(), strict=True)]
    assert found.loss_sum == pytest.approx(sum(losses))
    assert found.correct == sum(z.index(max(z)) == label for z, label in zip(last, y.tolist(), strict=True))
    assert found.predictions.tolist() == [z.index(max(z)) for z in last]
    assert found.truths == pytest.approx([math.exp(-loss) for loss in losses])
    assert found.confidences == pytest.approx([math.exp(max(z)) / sum(map(math.exp, z)) for z in last])
