"""`target: image`: the outputs are compared with the image's own pixels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.language.following import errors, followed
from tests.training.test_session import session
from tuicnn import Network
from tuicnn.bench.twin_training import loss_of
from tuicnn.language import check
from tuicnn.training.events import Epoch, Step
from tuicnn.training.trainer import Trainer

NET = """\
data: mnist limit=200 val=60
target: image
loss: LOSS
train: epochs=2 batch=50 seed=3
conv 2 3x3 stride=2 pad=1 -> relu -> upsample 2 -> conv 1 3x3 pad=1
"""
LOSSES = ["mse", "mae", "huber delta=0.3", "bce"]


def images(count: int) -> tuple[Any, Any]:
    """Images of two channels as a network takes them, and as targets."""
    random = np.random.default_rng(0)
    return random.normal(size=(count, 2, 4, 4)), random.random((count, 2, 4, 4))


@pytest.mark.parametrize("loss", LOSSES)
def test_loss_and_gradients_are_pytorchs_and_the_losses_slope(loss: str) -> None:
    torch = pytest.importorskip("torch")
    text = f"target: image\nloss: {loss}\nconv 3 3x3 pad=1 -> tanh -> conv 2 1x1\n"
    network, (x, y) = Network.from_text(text, input=(2, 4, 4), classes=2, dtype=np.float64), images(40)
    found, gradients = network.loss_and_gradients(x, y)
    theirs = loss_of(network.plan.loss)(torch.tensor(network.forward(x)), torch.tensor(y))
    assert found == pytest.approx(float(theirs), rel=1e-9)
    before, step = network.state_dict(), 1e-6
    for name, gradient in gradients.items():
        direction = np.random.default_rng(1).normal(size=gradient.shape)
        ends = []
        for sign in (1, -1):
            network.load_state_dict({**before, name: before[name] + sign * step * direction})
            ends.append(network.loss_and_gradients(x, y)[0])
        assert np.vdot(gradient, direction) == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-5)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_run_has_losses_and_no_accuracy_and_its_best_epoch_has_the_least_loss(loss: str) -> None:
    made, events = session(NET.replace("LOSS", loss))
    made.run()
    progress, epochs = made.progress(), [event for event in events if isinstance(event, Epoch)]
    assert all(math.isnan(event.accuracy) for event in events if isinstance(event, Step))
    assert all(math.isnan(epoch.val_accuracy) and math.isfinite(epoch.val_loss) for epoch in epochs)
    assert progress.best_epoch == min(epochs, key=lambda epoch: epoch.val_loss).epoch
    assert math.isnan(progress.test_accuracy)
    assert epochs[-1].train_loss < epochs[0].train_loss


def test_errors_are_those_of_what_the_network_makes() -> None:
    checked = check(NET.replace("LOSS", "bce"))
    assert checked.plan is not None
    dataset = checked.plan.data.load()
    trainer = Trainer(checked.plan, dataset)
    found = trainer.evaluate_some("test", 10, 70)
    x = (dataset.test_images[10:80] / 255 - dataset.mean) / dataset.std
    made = 1 / (1 + np.exp(-trainer.network.forward(x.transpose(0, 3, 1, 2)).astype(float)))
    wanted = np.square(made - dataset.test_images[10:80].transpose(0, 3, 1, 2) / 255).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(found.errors, wanted, rtol=1e-4)
    assert math.isnan(found.accuracy)


def test_the_target_is_the_image_as_it_is_after_augmentation() -> None:
    checked = check(NET.replace("LOSS", "mse") + "augment: shift=4\n")
    assert checked.plan is not None
    dataset = checked.plan.data.load()
    x, targets = Trainer(checked.plan, dataset).batches.make(0, 0)
    pixels = x.transpose(2, 3, 0, 1) * dataset.std + dataset.mean
    np.testing.assert_allclose(targets, pixels, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "message", "mended"),
    [
        (
            "loss: cross_entropy\nconv 1 3x3 pad=1",
            "compares outputs with a class, but the target is the image",
            "loss: mse",
        ),
        ("conv 4 3x3 stride=2 pad=1", "but the network ends in 4x14x14", "-> upsample 2 -> conv 1 3x3 pad=1"),
        ("flatten -> dense 784", "but the network ends in 784 values", "-> reshape 1x28x28"),
        ("flatten -> dense 10", "but the network ends in 10 values", "-> dense 784 -> reshape 1x28x28"),
        ("test: shift=1\nconv 1 3x3 pad=1", "cannot be averaged", ""),
    ],
)
def test_what_does_not_suit_the_image_is_told_with_what_does(text: str, message: str, mended: str) -> None:
    (problem,) = errors(check(f"target: image\n{text}\n"))
    assert message in problem.message
    better = followed(f"target: image\n{text}\n")
    assert mended in better
    assert check(better).ok


def test_the_loss_is_mse_where_none_is_written() -> None:
    checked = check("target: image\nconv 1 3x3 pad=1\n")
    assert checked.plan is not None
    assert "loss: mse" in checked.plan.filled_in
