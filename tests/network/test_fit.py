"""`Network.fit`: it trains as `tuicnn train` does, to the bit, and leaves the weights where they are expected."""

from __future__ import annotations

import gc
import signal
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.conftest import Run
from tests.network.conftest import TEXT
from tests.runs.small import NET, SGD, made_data
from tuicnn import Callback, Dataset, Network, UserError, datasets
from tuicnn.network.fit import Fit
from tuicnn.network.shown import Epoch
from tuicnn.training.events import State, Step
from tuicnn.training.trainer import Trainer


def same_weights(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("threads", [1, 2])
def test_it_comes_to_the_bits_of_the_command(tuicnn: Run, tmp_path: Path, threads: int) -> None:
    net = tmp_path / "work" / "my.net"
    net.write_text(NET.format(data=made_data(tmp_path), optim=SGD))
    done = tuicnn("train", "my.net", "--threads", "1", "--epochs", "3", "--seed", "9", "--json")
    assert done.returncode == 0, done.stderr
    theirs = load_file(tmp_path / "work" / "runs" / "my-1" / "weights.safetensors")
    data = datasets.load(f'npz "{tmp_path / "d.npz"}" val=10')
    for network, given in ((Network.from_file(net, seed=9), None), (Network.from_text(TEXT, data=data, seed=9), data)):
        fit = network.fit(given, epochs=3, threads=threads, progress=False).run()
        assert same_weights(network.state_dict(), theirs)
        assert [epoch.epoch for epoch in fit.epochs] == [1, 2, 3]
        assert f'"test_accuracy":{fit.test_accuracy}' in done.stdout.replace(" ", "")


class Watching(Callback):
    """Notes what it is told, and the weights of each step."""

    def __init__(self, stop_after: int = 0) -> None:
        self.told: list[str] = []
        self.weights: list[dict[str, np.ndarray]] = []
        self.stop_after = stop_after

    def on_step(self, fit: Fit, step: Step) -> None:
        self.told.append(f"step {step.step}")
        self.weights.append(fit.network.state_dict())
        if step.step == self.stop_after:
            fit.stop()

    def on_epoch(self, fit: Fit, epoch: Epoch) -> None:
        self.told.append(f"epoch {epoch.epoch}")


def test_callbacks_are_told_of_each_step_and_epoch_and_see_its_weights(images: Dataset) -> None:
    network, watching = Network.from_text(TEXT, data=images), Watching()
    before = network.state_dict()
    accuracies = [epoch.val_accuracy for epoch in network.fit(images, callbacks=[watching], progress=False)]
    assert watching.told == ["step 1", "step 2", "step 3", "epoch 1", "step 4", "step 5", "step 6", "epoch 2"]
    assert len(accuracies) == 2
    moments = [before, *watching.weights]
    assert not any(same_weights(one, other) for one, other in pairwise(moments))
    assert same_weights(watching.weights[-1], network.state_dict())


def test_it_learns_and_the_network_then_takes_images_as_they_are_stored(images: Dataset) -> None:
    network = Network.from_text(TEXT.replace("augment: shift=1\n", ""), data=images)
    fit = network.fit(images, epochs=20, progress=False).run()
    assert fit.state == "done"
    scores = network.evaluate(images.test_images, images.test_labels)
    assert scores.accuracy == fit.test_accuracy > 0.8
    assert scores.loss == pytest.approx(fit.test_loss)
    assert network.trained_on is not None
    assert network.trained_on.class_names == ("left", "middle", "right")


def test_first_weights_may_come_from_the_images(images: Dataset) -> None:
    """A network that was made before its data was known has the bits of one that was told of it, and of a trainer."""
    text = TEXT.replace("pad=1", "pad=1 init=whiten").replace("seed=4", "seed=4 ema=0.7")
    told, untold = Network.from_text(text, data=images), Network.from_text(text, input=(1, 8, 8), classes=3)
    trainer = Trainer(told.plan, images)
    assert same_weights(told.state_dict(), trainer.network.state_dict())
    assert not same_weights(told.state_dict(), untold.state_dict())
    for network in (told, untold):
        network.fit(images, epochs=2, threads=1, progress=False).run()
    for _ in range(trainer.steps):
        trainer.advance()
    assert same_weights(told.state_dict(), trainer.network.state_dict())
    assert same_weights(untold.state_dict(), trainer.network.state_dict())
    kept = {name: array + 1 for name, array in told.state_dict().items()}
    other = Network.from_text(text, input=(1, 8, 8), classes=3)
    other.load_state_dict(kept)
    assert not other.awaits_images


def test_a_second_fit_goes_on_from_the_weights_that_there_are(images: Dataset) -> None:
    text = "schedule: constant\noptim: sgd lr=0.05\ntrain: epochs=1 batch=20\nconv 3 3x3 -> relu -> flatten -> dense 3"
    network = Network.from_text(text, data=images)
    first = network.fit(images, progress=False).run()
    second = network.fit(images, progress=False).run()
    assert second.epochs[0].train_loss < first.epochs[0].train_loss


def test_a_loop_that_is_left_keeps_the_weights_of_its_last_epoch_and_no_process(images: Dataset) -> None:
    network, watching = Network.from_text(TEXT, data=images), Watching()
    fit = network.fit(images, epochs=5, threads=2, callbacks=[watching], progress=False)
    for epoch in fit:
        assert fit._session is not None
        assert fit._session._trainer is not None
        members = fit._session._trainer.group.members  # type: ignore[attr-defined]
        if epoch.epoch == 2:
            break
    assert len(members) == 1
    gc.disable()  # it does not wait for that
    try:
        session = fit._session
        assert session is not None
        del fit
    finally:
        gc.enable()
    assert session.progress().state == State.STOPPED
    assert not Path(f"/proc/{members[0]}/stat").exists()
    assert same_weights(watching.weights[5], network.state_dict())


@pytest.mark.parametrize("stop", ["a callback", "Ctrl-C"])
def test_it_stops_after_the_step_with_its_weights(images: Dataset, stop: str) -> None:
    class Interrupting(Watching):
        def on_step(self, fit: Fit, step: Step) -> None:
            super().on_step(fit, step)
            if step.step == 5 and stop == "Ctrl-C":
                signal.raise_signal(signal.SIGINT)

    network, watching = Network.from_text(TEXT, data=images), Interrupting(5 if stop == "a callback" else 0)
    before = signal.getsignal(signal.SIGINT)
    fit = network.fit(images, callbacks=[watching], progress=False)
    assert [epoch.epoch for epoch in fit] == [1]
    assert (fit.state, fit.step, len(watching.weights)) == ("stopped", 5, 5)
    assert same_weights(watching.weights[-1], network.state_dict())
    assert signal.getsignal(signal.SIGINT) is before
    network.predict(images.test_images)


def test_the_weights_of_the_last_step_are_kept_also_where_nobody_is_told_of_steps(
    images: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    watching = Watching(5)
    Network.from_text(TEXT, data=images).fit(images, callbacks=[watching], progress=False).run()
    network = Network.from_text(TEXT, data=images)
    fit = network.fit(images, progress=False)
    advance = Trainer.advance

    def stopping(trainer: Trainer, *arguments: Any) -> Any:
        done = advance(trainer, *arguments)
        if trainer.step == 5:
            fit.stop()
        return done

    monkeypatch.setattr(Trainer, "advance", stopping)
    fit.run()
    assert same_weights(watching.weights[4], network.state_dict())


def test_ctrl_c_twice_and_in_the_body_of_the_loop_interrupts(images: Dataset) -> None:
    class Impatient(Callback):
        def on_step(self, fit: Fit, step: Step) -> None:
            if step.step == 4:
                signal.raise_signal(signal.SIGINT)
                signal.raise_signal(signal.SIGINT)

    network = Network.from_text(TEXT, data=images)
    with pytest.raises(KeyboardInterrupt):
        network.fit(images, callbacks=[Impatient()], progress=False).run()
    epochs = network.fit(images, progress=False)
    next(epochs)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


WILD = """\
optim: sgd lr=1e4
schedule: constant
train: epochs=2 batch=20
flatten -> 8 * (dense 8 -> relu) -> dense 3
"""


def test_numbers_that_are_not_finite_are_one_sentence(images: Dataset) -> None:
    network = Network.from_text(WILD, data=images)
    with pytest.raises(UserError) as caught:
        network.fit(images, progress=False).run()
    said = str(caught.value)
    assert "\n" not in said
    assert "The step was undone; try a smaller learning rate" in said
    assert 'on_nan="halve-lr"' in said
    assert "--" not in said
    assert all(np.isfinite(weights).all() for weights in network.state_dict().values())


def test_with_half_the_rate_it_goes_on_from_its_own_weights(images: Dataset) -> None:
    network = Network.from_text(WILD, data=images, seed=1)
    # a neuron that is never active keeps its weights, unless others are put in the place of all
    weights = network.state_dict()
    weights["dense1.weight"][0], weights["dense1.bias"][0] = 7, -1e5
    network.load_state_dict(weights)

    class Listening(Callback):
        said: ClassVar[set[str]] = set()

        def on_step(self, fit: Fit, step: Step) -> None:
            self.said.add(fit.message.rpartition("goes on from ")[2])

    assert network.fit(images, on_nan="halve-lr", callbacks=[Listening()], progress=False).run().state == "done"
    assert Listening.said >= {"the weights that it began with.", "the weights after epoch 1."}
    assert (network.state_dict()["dense1.weight"][0] == 7).all()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"epochs": 0}, "epochs must be a whole number from 1 to 100,000, not 0"),
        ({"threads": 1.5}, "threads must be a whole number from 1 to 1,024, not 1.5"),
        ({"on_nan": "pause"}, "on_nan must be"),
        ({"callbacks": [print]}, "a class that derives from Callback"),
        ({"callbacks": print}, "write callbacks="),
        ({"callbacks": Callback()}, "write callbacks="),
    ],
)
def test_what_cannot_be_meant_is_refused_at_once(images: Dataset, given: dict[str, object], says: str) -> None:
    with pytest.raises((ValueError, TypeError), match=says):
        Network.from_text(TEXT, data=images).fit(images, **given)  # type: ignore[arg-type]


def test_data_is_a_data_set_and_no_name(images: Dataset) -> None:
    with pytest.raises(TypeError, match=r"data is a Dataset, such as datasets\.load\('mnist'\), not 'mnist'"):
        Network.from_text(TEXT, data=images).fit("mnist")  # type: ignore[arg-type]


def test_data_that_does_not_fit_and_double_precision_are_refused(images: Dataset) -> None:
    with pytest.raises(ValueError, match=r"bars has images of 1x8x8 and 3 classes, but the network takes 1x28x28"):
        Network.from_text("flatten -> dense 10").fit(images)
    with pytest.raises(ValueError, match="trained in float32"):
        Network.from_text(TEXT, data=images, dtype=np.float64).fit(images)


def test_the_data_that_the_text_names_must_fit_too() -> None:
    network = Network.from_text("data: mnist limit=50 val=10\nflatten -> dense 3", input=(1, 8, 8), classes=3)
    with pytest.raises(UserError, match="mnist has images of 1x28x28 and 10 classes, but the network takes 1x8x8"):
        network.fit(progress=False).run()


def test_a_fit_that_nobody_iterates_says_so(images: Dataset) -> None:
    network = Network.from_text(TEXT, data=images)
    with pytest.warns(RuntimeWarning, match=r"nothing was trained, for fit\(...\) was not iterated"):
        network.fit(images)


def test_data_that_cannot_be_read_is_a_sentence(tmp_path: Path, images: Dataset) -> None:
    text = f'data: npz "{tmp_path / "d.npz"}"\nflatten -> dense 3'
    with pytest.raises(UserError, match=r'There is no file "d.npz"'):
        Network.from_text(text, input=(1, 8, 8), classes=3).fit(progress=False).run()
