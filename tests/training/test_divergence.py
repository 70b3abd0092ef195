"""Steps whose numbers do not stay finite: they are undone to the last bit, and what is said names the layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.runs.small import made_data
from tuicnn.language import check
from tuicnn.training.diagnosis import diagnose
from tuicnn.training.divergence import DivergedError, Divergence
from tuicnn.training.trainer import Trainer

PLAIN = "conv 3 3x3 pad=1 -> relu -> conv 4 3x3 -> silu -> maxpool 2 -> flatten -> dense 12 -> relu -> dense 3"
NORMED = "conv 3 3x3 -> batchnorm -> relu -> conv 4 3x3 -> batchnorm -> silu -> flatten -> dense 3"
BRANCHED = "conv 3 3x3 pad=1 -> relu -> add { identity | conv 3 3x3 pad=1 } -> flatten -> dropout 0.2 -> dense 3"

#: what is learnt, of nets of one path, of whole batches, of branches
WEIGHTS = [(PLAIN, ["conv1", "conv2", "dense1", "dense2"]), (NORMED, ["conv1", "conv2", "dense1"]),
           (BRANCHED, ["conv1", "conv2", "dense1"])]  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_data(tmp_path_factory.mktemp("data"))


def trainer_of(layers: str, data: Path, optim: str = "adam lr=1e-3", threads: int = 1) -> Trainer:
    checked = check(f'data: npz "{data}" val=10\noptim: {optim}\ntrain: epochs=50 batch=20 seed=4\n{layers}')
    assert checked.plan is not None, checked.diagnostics
    return Trainer(checked.plan, checked.plan.data.load(), threads=threads)


def change(trainer: Trainer, **values: Any) -> None:
    """Set weights by name, `conv1__weight`."""
    weights = trainer.network.state_dict()
    for name, value in values.items():
        weights[name.replace("__", ".")][...] = value
    trainer.network.load_state_dict(weights)
    trainer.forget()


def bits(trainer: Trainer) -> list[bytes]:
    store = trainer.network.store
    return [a.tobytes() for a in (store.flat, store.flat_buffers, *trainer.state.values())]


def advance(trainer: Trainer, steps: int) -> None:
    for _ in range(steps):
        trainer.advance()


def undone(trainer: Trainer) -> Divergence:
    """What the next step says, having changed nothing."""
    before, step, updates = bits(trainer), trainer.step, trainer.updates
    with pytest.raises(DivergedError) as error:
        trainer.advance()
    assert bits(trainer) == before
    assert (trainer.step, trainer.updates) == (step, updates)
    assert all(np.isfinite(np.frombuffer(array, np.float32)).all() for array in before)
    return error.value.divergence


@given(case=st.sampled_from([(net, name) for net, names in WEIGHTS for name in names]), steps=st.integers(0, 4),
       threads=st.sampled_from([1, 1, 2]),
       optim=st.sampled_from(["adam lr=1e-3", "sgd lr=0.01 momentum=0.9", "rmsprop lr=1e-3 momentum=0.5"]))  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_the_layer_with_a_huge_weight_is_named(
    data: Path, case: tuple[str, str], steps: int, threads: int, optim: str
) -> None:
    net, name = case
    trainer = trainer_of(net, data, optim, threads)
    try:
        advance(trainer, steps)
        shape = trainer.network.state_dict()[f"{name}.weight"].shape
        change(trainer, **{f"{name}__weight": 3e38 * (-1.0) ** np.arange(np.prod(shape)).reshape(shape)})
        found = undone(trainer)
        assert (found.layer, found.step, found.by_rate) == (name, steps + 1, False)
        assert f"the output of {name} became" in str(found)
        assert dict(found.sizes)["its weights"] == pytest.approx(3e38)
        assert str(found) == str(undone(trainer))  # asked again, it says the same
        change(trainer, **{f"{name}__weight": 0.01})
        trainer.advance()  # with sound weights it goes on
        assert trainer.step == steps + 1
    finally:
        trainer.close()


@pytest.mark.parametrize("bright", [0, 69])
def test_of_several_shards_the_one_that_goes_wrong_first_counts(tmp_path: Path, bright: int) -> None:
    """One image is too bright for the first layer; all the others pass it, and are too much for the last."""
    images = np.zeros((70, 8, 8), np.uint8)
    images[bright, 4, 4] = 255
    path = tmp_path / "d.npz"
    np.savez(path, x_train=images, y_train=np.arange(70) % 3, x_test=images[:12], y_test=np.arange(12) % 3)
    checked = check(f'data: npz "{path}"\ntrain: batch=70\nconv 1 1x1 bias=false -> flatten -> dense 3')
    assert checked.plan is not None, checked.diagnostics
    trainer = Trainer(checked.plan, checked.plan.data.load(), threads=1)
    assert len(trainer.network.executor.shards(70)) > 1
    change(trainer, conv1__weight=3e37, dense1__weight=1e6)
    found = undone(trainer)
    assert found.layer == "conv1"
    brightest = np.abs(trainer.batches.make(0, 0, 0, 70)[0]).max()
    assert dict(found.sizes) == {"its input": pytest.approx(brightest), "its weights": pytest.approx(3e37)}


def test_a_gradient_that_overflows_on_the_way_back_is_told_apart_from_the_output(data: Path) -> None:
    trainer = trainer_of("conv 2 1x1 -> conv 2 3x3 -> flatten -> dense 3", data)
    change(trainer, conv1__weight=3e36, conv2__weight=0, dense1__weight=1e4)
    dense = np.zeros((3, 72), np.float32)
    dense[0], dense[1] = 1e4, -1e4
    change(trainer, dense1__weight=dense)
    found = undone(trainer)
    assert (found.layer, found.what, found.by_rate) == ("conv2", "the gradient in conv2", False)
    assert found.value in ("NaN", "infinite")
    assert dict(found.sizes)["what came back to it"] > 100


def test_running_statistics_that_overflow_are_named(data: Path) -> None:
    trainer = trainer_of("conv 3 3x3 -> batchnorm -> flatten -> dense 3", data)
    change(trainer, conv1__weight=1e25)
    found = undone(trainer)
    assert found.layer == "batchnorm1"
    assert found.value == "infinite"


@pytest.mark.parametrize("threads", [1, 2])
def test_weights_that_the_step_would_make_infinite_are_told_to_be_the_rate_s(data: Path, threads: int) -> None:
    trainer = trainer_of(PLAIN, data, "sgd lr=1e6 momentum=0.9", threads)
    trainer.advance()
    entry = next(entry for entry in trainer.network.store.entries if entry.name == "dense1.weight")
    trainer.state["momentum"][entry.start + 3] = 3e35
    change(trainer, **{entry.name.replace(".", "__"): 0.01 for entry in trainer.network.store.entries})
    found = undone(trainer)
    assert (found.layer, found.what, found.by_rate) == ("dense1", "the weights of dense1", True)
    assert dict(found.sizes) == {"before, they": pytest.approx(0.01)}
    trainer.rate_factor = 1e-9
    trainer.advance()  # the rate was it
    trainer.close()


def test_what_the_optimizer_keeps_may_overflow_too(data: Path) -> None:
    trainer = trainer_of("flatten -> dense 3", data, "adam lr=1e-3 decay=1e6")
    change(trainer, dense1__weight=1e16)
    found = undone(trainer)
    assert found.layer == "dense1"
    assert found.by_rate


def test_an_image_that_is_not_finite_is_no_layers_fault(data: Path) -> None:
    network = trainer_of(PLAIN, data).network
    images = np.zeros((8, 8, 70, 1), np.float32)
    images[3, 4, 60] = np.nan
    found = diagnose(network, 70, lambda a, b: (images[:, :, a:b], np.zeros(b - a, np.int64)), step=4, epoch=1)
    assert (str(found), found and found.layer) == ("an image became NaN in step 5 (epoch 2)", "")


def test_large_numbers_that_are_finite_are_taken(data: Path) -> None:
    trainer = trainer_of("flatten -> dense 3", data, "sgd lr=1e-3")
    change(trainer, dense1__weight=1e25)  # its square is not a float32
    trainer.advance()
    assert trainer.step == 1


def test_a_loss_that_overflows_by_itself_names_what_it_was_made_of(data: Path) -> None:
    checked = check(f'data: npz "{data}" val=10\nloss: mse\nflatten -> dense 3')
    assert checked.plan is not None, checked.diagnostics
    trainer = Trainer(checked.plan, checked.plan.data.load(), threads=1)
    change(trainer, dense1__weight=1e25)
    found = undone(trainer)
    assert found.layer == "dense1"
    assert str(found).startswith("the loss became infinite in step 1 (epoch 1): the output of dense1 reached ")
    ((what, size),) = found.sizes  # the weights are not what it is made of
    assert what == "the output of dense1"
    assert 1e19 < size < 1e30


def test_images_of_extreme_values_are_trained_on_or_told(tmp_path: Path) -> None:
    """One bright dot in the whole set: normalised by so small a deviation, it is huge."""
    images = np.zeros((70, 8, 8), np.uint8)
    images[3, 4, 4] = 255
    path = tmp_path / "d.npz"
    np.savez(path, x_train=images, y_train=np.arange(70) % 3, x_test=images[:12], y_test=np.arange(12) % 3)
    trainer = trainer_of(PLAIN, path, "sgd lr=1e6")
    with pytest.raises(DivergedError) as error:
        advance(trainer, 100)
    assert error.value.divergence.layer in {node.name for node in trainer.plan.nodes}
    assert all(np.isfinite(array).all() for array in trainer.network.state_dict().values())
