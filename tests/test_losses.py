"""Losses: gradients against numerical derivatives, values against PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicnn.bench.twin_training import correct, loss_of
from tuicnn.losses import (
    BinaryCrossEntropy,
    CrossEntropy,
    Focal,
    Huber,
    Loss,
    MeanAbsoluteError,
    MeanSquaredError,
    targets,
)
from tuicnn.vocabulary import vocabulary

WEIGHTS = (0.5, 1.0, 2.0, 0.0, 3.0)
LOSSES: list[Loss] = [
    *(cls() for cls in vocabulary("loss").values()),
    CrossEntropy(smoothing=0.2),
    CrossEntropy(weights=WEIGHTS),
    CrossEntropy(smoothing=0.1, weights=WEIGHTS),
    Focal(gamma=0.0),
    Focal(gamma=0.5, weights=WEIGHTS),
    Huber(delta=0.3),
]
#: each with five outputs, and with one where that may be
CASES = [(loss, outputs) for loss in LOSSES for outputs in (5, 1) if outputs in loss.outputs(max(outputs, 2))]


def some(outputs: int, count: int = 7, seed: int = 0, scale: float = 3.0) -> tuple[Any, Any]:
    random = np.random.default_rng(seed)
    return random.normal(size=(count, outputs)) * scale, random.integers(0, max(2, outputs), count)


@pytest.mark.parametrize(("loss", "outputs"), CASES)
@given(seed=st.integers(0, 1000))
def test_gradient_is_the_derivative(loss: Loss, outputs: int, seed: int) -> None:
    z, y = some(outputs, seed=seed)
    direction = np.random.default_rng(seed + 1).normal(size=z.shape)
    h = 1e-6
    numeric = (loss.forward(z + h * direction, y).sum() - loss.forward(z - h * direction, y).sum()) / (2 * h) / len(z)
    assert np.sum(loss.backward(z, y, len(z)) * direction) == pytest.approx(numeric, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize(("loss", "outputs"), CASES)
def test_value_is_pytorchs(loss: Loss, outputs: int) -> None:
    torch = pytest.importorskip("torch")
    z, y = some(outputs)
    tz, ty = torch.tensor(z, requires_grad=True), torch.tensor(y)
    value = loss_of(loss)(tz, ty)
    value.backward()
    assert loss.forward(z, y).mean() == pytest.approx(value.item(), rel=1e-12)
    np.testing.assert_allclose(loss.backward(z, y, len(z)), tz.grad.numpy(), rtol=1e-10, atol=1e-14)
    assert int((loss.predictions(z) == y).sum()) == correct(loss, tz.detach(), ty)


@pytest.mark.parametrize(("loss", "outputs"), CASES)
def test_nothing_overflows(loss: Loss, outputs: int) -> None:
    z, y = some(outputs, scale=1e4)
    for dtype in (np.float32, np.float64):
        assert np.isfinite(loss.forward(z.astype(dtype), y)).all()
        gradient = loss.backward(z.astype(dtype), y, 7)
        assert np.isfinite(gradient).all()
        assert gradient.dtype == dtype


@pytest.mark.parametrize(("loss", "outputs"), CASES)
def test_shards_add_up_to_the_batch(loss: Loss, outputs: int) -> None:
    z, y = some(outputs)
    parts = [loss.backward(z[a:b], y[a:b], 7) for a, b in ((0, 3), (3, 7))]
    np.testing.assert_allclose(np.concatenate(parts), loss.backward(z, y, 7))


@pytest.mark.parametrize(("loss", "outputs"), [case for case in CASES if not getattr(case[0], "weights", ())])
def test_a_step_down_the_gradient_makes_the_label_likelier(loss: Loss, outputs: int) -> None:
    z, y = some(outputs, scale=0.3)
    z = np.abs(z) if isinstance(loss, MeanSquaredError | MeanAbsoluteError | Huber) else z
    better = z - 0.1 * loss.backward(z, y, 7)
    rows = np.arange(7)
    assert (loss.probabilities(better)[rows, y] >= loss.probabilities(z)[rows, y]).all()
    assert loss.probabilities(z).shape == (7, max(2, outputs))


def test_predictions_follow_the_threshold_of_one_output() -> None:
    z = np.array([[-3.0], [0.2], [0.6], [4.0]])
    assert MeanSquaredError().predictions(z).tolist() == [0, 0, 1, 1]
    assert BinaryCrossEntropy().predictions(z).tolist() == [0, 1, 1, 1]


@pytest.mark.parametrize(("loss", "outputs"), CASES)
def test_the_loss_with_its_gradient_is_the_same_bits(loss: Loss, outputs: int) -> None:
    z, y = some(outputs)
    losses, _ = loss.both(z, y, 9)
    np.testing.assert_array_equal(losses, loss.forward(z, y))


def test_weights_of_one_change_nothing_and_a_class_of_none_is_not_learnt() -> None:
    z, y = some(5)
    for kind in (CrossEntropy, Focal):
        np.testing.assert_allclose(kind(weights=(1.0,) * 5).both(z, y, 7)[1], kind().both(z, y, 7)[1], atol=1e-15)
        assert not kind(weights=(0.0,) * 5).both(z, y, 7)[1].any()


def test_sure_images_count_little_in_a_focal_loss() -> None:
    """As the figure of its paper has it: at p = 0.9 a hundredth of the cross-entropy, at gamma 2."""
    z, y = np.log(np.array([[0.9, 0.1], [0.1, 0.9]])), np.array([0, 0])
    shares = Focal().forward(z, y) / CrossEntropy().forward(z, y)
    np.testing.assert_allclose(shares, [0.01, 0.81])


def mixed_labels(count: int, outputs: int, seed: int = 0) -> Any:
    random = np.random.default_rng(seed)
    classes = max(2, outputs)
    return np.stack([*random.integers(0, classes, (2, count)), random.random(count)], axis=1)


@pytest.mark.parametrize(("loss", "outputs"), [case for case in CASES if type(case[0]).mixable])
def test_the_gradient_of_mixed_images_is_the_derivative_and_shares_add_up(loss: Loss, outputs: int) -> None:
    z, labels = some(outputs)[0], mixed_labels(7, outputs)
    direction, h = np.random.default_rng(1).normal(size=z.shape), 1e-6
    numeric = (loss.forward(z + h * direction, labels) - loss.forward(z - h * direction, labels)).sum() / (2 * h) / 7
    losses, gradient = loss.both(z, labels, 7)
    assert np.sum(gradient * direction) == pytest.approx(numeric, rel=1e-6, abs=1e-8)
    np.testing.assert_array_equal(losses, loss.forward(z, labels))
    one, other = (labels[:, k].astype(np.int64) for k in (0, 1))
    sure = np.concatenate([labels[:, :2], np.ones((7, 1))], axis=1)  # an image that is all its own
    np.testing.assert_allclose(loss.forward(z, sure), loss.forward(z, one), rtol=1e-12)
    if isinstance(loss, CrossEntropy):
        parts = labels[:, 2] * loss.forward(z, one) + (1 - labels[:, 2]) * loss.forward(z, other)
        np.testing.assert_allclose(losses, parts, rtol=1e-12)


def test_the_loss_of_mixed_images_is_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    z, labels = some(5)[0], mixed_labels(7, 5)
    tz = torch.tensor(z, requires_grad=True)
    value = torch.nn.CrossEntropyLoss(label_smoothing=0.1)(tz, torch.tensor(targets(labels, z)))
    value.backward()
    losses, gradient = CrossEntropy(smoothing=0.1).both(z, labels, 7)
    assert losses.mean() == pytest.approx(value.item(), rel=1e-12)
    np.testing.assert_allclose(gradient, tz.grad.numpy(), rtol=1e-10, atol=1e-14)
