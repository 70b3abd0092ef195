"""What a run reports of itself, against the same figures counted here: plain sums over made-up images.

Nothing of the engine counts on this side: outputs are worked out from the weights of that moment, image by image.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest

from tuicnn.data import Dataset
from tuicnn.language import check
from tuicnn.observing.activations import AskActivations
from tuicnn.observing.image import PinnedImage
from tuicnn.training import session as session_module
from tuicnn.training.events import End, Epoch, Event, Paused, Start, State, Step, Unpaused
from tuicnn.training.progress import Progress
from tuicnn.training.session import Session

T = TypeVar("T")
TRAIN, VALIDATION, TEST, BATCH, EPOCHS = 45, 14, 23, 20, 4
NET = f"""\
data: npz "{{data}}" val={VALIDATION}
optim: sgd lr={{rate}}
train: epochs={EPOCHS} batch={BATCH} seed=3
flatten -> dense 3
"""
TICK = 0.25  # seconds between two readings of the clock


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that goes on by `TICK` whenever it is read; what it stands at, to be put forward."""
    readings = [0.0]

    def read() -> float:
        readings[0] += TICK
        return readings[0]

    monkeypatch.setattr(session_module, "perf_counter", read)
    return readings


@dataclass
class Watched:
    """A run that has ended: what it reported, and its weights and progress at each of its events."""

    session: Session
    events: list[Event] = field(default_factory=list)
    weights: list[dict[str, Any]] = field(default_factory=list)
    progress: list[Progress] = field(default_factory=list)
    state: State = State.STARTING

    @property
    def data(self) -> Dataset:
        return self.session.plan.data.load()

    def at(self, kind: type[T]) -> list[tuple[T, dict[str, Any], Progress]]:
        """The events of a kind, each with the weights and the progress of that moment."""
        every = zip(self.events, self.weights, self.progress, strict=True)
        return [(event, weights, progress) for event, weights, progress in every if isinstance(event, kind)]


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Watched]:
    """Train on labels that cannot be learnt, so that accuracies go up and down and no two are alike by chance."""

    def train(
        rate: float = 0.5, epochs: int = EPOCHS, meanwhile: Callable[[Session, Event], None] | None = None
    ) -> Watched:
        rng = np.random.default_rng(8)
        path = tmp_path / "d.npz"
        np.savez(
            path,
            x_train=rng.integers(0, 255, (TRAIN + VALIDATION, 4, 3), dtype=np.uint8),
            y_train=rng.permutation(np.arange(TRAIN + VALIDATION) % 3),
            x_test=rng.integers(0, 255, (TEST, 4, 3), dtype=np.uint8),
            y_test=rng.permutation(np.arange(TEST) % 3),
        )
        text = NET.format(data=path, rate=rate).replace(f"epochs={EPOCHS}", f"epochs={epochs}")
        plan = check(text).plan
        assert plan is not None

        def note(event: Event) -> None:
            watched.events.append(event)
            watched.weights.append(watched.session.network.state_dict() if watched.session.network else {})
            watched.progress.append(watched.session.progress())
            if meanwhile is not None:
                meanwhile(watched.session, event)

        watched = Watched(Session(plan, threads=1, on_event=note))
        watched.state = watched.session.run()
        return watched

    return train


def counted(data: Dataset, images: Any, labels: Any, weights: dict[str, Any]) -> tuple[float, float]:
    """The mean loss and the share of right answers, image by image."""
    values = [value / 255 for image in data.train_images for value in image.ravel().tolist()]
    mean = sum(values) / len(values)
    std = math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))
    loss, right = 0.0, 0
    for image, label in zip(images, labels.tolist(), strict=True):
        seen = [(value / 255 - mean) / std for value in image.ravel().tolist()]
        outputs = [
            sum(w * x for w, x in zip(row, seen, strict=True)) + bias
            for row, bias in zip(weights["dense1.weight"].tolist(), weights["dense1.bias"].tolist(), strict=True)
        ]
        loss += math.log(sum(math.exp(z) for z in outputs)) - outputs[label]
        right += outputs.index(max(outputs)) == label
    return loss / len(labels), right / len(labels)


def test_validation_and_test_are_each_of_their_own_images_with_the_weights_of_that_moment(
    run: Callable[..., Watched],
) -> None:
    watched = run()
    data = watched.data
    for event, weights, progress in watched.at(Epoch):
        loss, accuracy = counted(data, data.val_images, data.val_labels, weights)
        assert event.val_loss == progress.val_loss == pytest.approx(loss, rel=1e-5)
        assert event.val_accuracy == progress.val_accuracy == pytest.approx(accuracy)
    ((end, weights, progress),) = watched.at(End)
    loss, accuracy = counted(data, data.test_images, data.test_labels, weights)
    assert end.test_loss == progress.test_loss == pytest.approx(loss, rel=1e-5)
    assert end.test_accuracy == progress.test_accuracy == pytest.approx(accuracy)
    assert accuracy != pytest.approx(counted(data, data.val_images, data.val_labels, weights)[1])


def test_the_best_epoch_is_the_first_with_the_most_right(run: Callable[..., Watched]) -> None:
    watched = run(rate=3.0, epochs=8)
    data = watched.data
    found: list[float] = []
    for _, weights, progress in watched.at(Epoch):
        found.append(counted(data, data.val_images, data.val_labels, weights)[1])
        assert progress.best_val_accuracy == pytest.approx(max(found))
        assert progress.best_epoch == 1 + found.index(max(found))
    ((end, _, _),) = watched.at(End)
    assert end.best_val_accuracy == pytest.approx(max(found))
    assert end.best_epoch == 1 + found.index(max(found))
    assert found[-1] < max(found), "the last is the best: it would be told right by chance"


def test_of_epochs_that_are_alike_the_first_is_the_best(run: Callable[..., Watched]) -> None:
    for _, _, progress in run(rate=1e-12).at(Epoch):
        assert progress.best_epoch == 1


def test_a_look_at_an_image_has_its_outputs_and_their_softmax(run: Callable[..., Watched]) -> None:
    watched = run()
    data, weights = watched.data, watched.weights[-1]
    for sample in (0, 5, VALIDATION + 2):
        seen = watched.session.ask(AskActivations(1, PinnedImage(sample)).answer).result(timeout=10)
        number = sample % VALIDATION
        image, label = data.val_images[number], int(data.val_labels[number])
        assert (seen.sample, seen.samples, seen.label, seen.layer) == (number, VALIDATION, label, 1)
        assert np.array_equal(seen.image, image)
        losses = [counted(data, [image], np.array([c]), weights)[0] for c in range(3)]
        assert seen.probabilities.tolist() == pytest.approx([math.exp(-loss) for loss in losses], rel=1e-4)
        shares = [math.exp(value) for value in seen.maps.tolist()]
        assert seen.probabilities.tolist() == pytest.approx([share / sum(shares) for share in shares], rel=1e-4)


def test_an_epochs_training_loss_and_accuracy_are_those_of_all_its_images(run: Callable[..., Watched]) -> None:
    """At a rate that moves nothing every image meets the same weights, in whichever batch it is."""
    watched = run(rate=1e-12, epochs=1)
    data = watched.data
    ((event, weights, _),) = watched.at(Epoch)
    loss, accuracy = counted(data, data.train_images, data.train_labels, weights)
    assert event.train_loss == pytest.approx(loss, rel=1e-5)
    assert event.train_accuracy == pytest.approx(accuracy)
    steps = [event for event, _, _ in watched.at(Step)]
    assert sum(n * step.accuracy for n, step in zip((20, 20, 5), steps, strict=True)) == pytest.approx(45 * accuracy)


def test_the_training_figures_of_a_moment_are_the_recent_steps_each_counting_less_the_older_it_is(
    run: Callable[..., Watched],
) -> None:
    watched = run()
    steps = watched.at(Step)
    for number, (_, _, progress) in enumerate(steps):
        weights = [0.98**age for age in range(number, -1, -1)]
        for name, told in (("loss", progress.train_loss), ("accuracy", progress.train_accuracy)):
            values = [getattr(event, name) for event, _, _ in steps[: number + 1]]
            mean = sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights)
            assert told == pytest.approx(mean)
    history = watched.session.history(0, 0)
    assert history.losses.tolist() == pytest.approx([event.loss for event, _, _ in steps])
    assert history.accuracies.tolist() == pytest.approx([event.accuracy for event, _, _ in steps])


def test_counts_of_images_steps_and_parameters(run: Callable[..., Watched]) -> None:
    watched = run()
    assert watched.state is State.DONE
    ((start, weights, begun),) = watched.at(Start)
    assert (start.train_images, start.val_images, start.test_images) == (TRAIN, VALIDATION, TEST)
    assert (start.steps_per_epoch, begun.steps) == (3, 3 * EPOCHS)
    assert start.parameters == sum(w.size for w in weights.values()) == 4 * 3 * 3 + 3
    assert start.macs == 4 * 3 * 3
    assert [event.step for event, _, _ in watched.at(Step)] == list(range(1, 3 * EPOCHS + 1))
    assert [progress.step for _, _, progress in watched.at(Step)] == list(range(1, 3 * EPOCHS + 1))
    assert [(event.epoch, event.step) for event, _, _ in watched.at(Epoch)] == [
        (epoch, 3 * epoch) for epoch in range(1, EPOCHS + 1)
    ]
    assert [progress.epoch for _, _, progress in watched.at(Epoch)] == list(range(1, EPOCHS + 1))
    ((end, _, _),) = watched.at(End)
    assert (end.step, end.parameters) == (3 * EPOCHS, start.parameters)


def test_seconds_speed_and_the_time_to_go_by_a_clock_that_is_known(run: Callable[..., Watched]) -> None:
    """A step and a pass over the validation images take one tick each here."""
    watched = run()
    images = [20, 20, 5] * EPOCHS
    for number, (_, _, progress) in enumerate(watched.at(Step), 1):
        assert progress.seconds == pytest.approx(number * TICK)
        recent = images[max(0, number - 4) : number]  # a second of them
        assert progress.images_per_second == pytest.approx(sum(recent) / (len(recent) * TICK))
        epochs_done = (number - 1) // 3
        # before a pass has been timed, one is taken to cost a third of training on as many images
        validation = TICK if epochs_done else VALIDATION / (sum(recent) / (len(recent) * TICK)) / 3
        to_go = (12 - number) * TICK + (EPOCHS - epochs_done) * validation + validation * TEST / VALIDATION
        assert progress.eta == pytest.approx(to_go)
    for event, _, _ in watched.at(Epoch):
        assert event.images_per_second == pytest.approx(TRAIN / (3 * TICK))
        assert event.seconds == pytest.approx(3 * TICK + TICK)
    ((end, _, over),) = watched.at(End)
    assert end.seconds == pytest.approx(12 * TICK)
    assert (over.eta, over.evaluated) == (0.0, 0.0)


def test_the_history_has_the_epochs_of_the_journal(run: Callable[..., Watched]) -> None:
    watched = run()
    assert list(watched.session.history(0, 0).epochs) == [event for event, _, _ in watched.at(Epoch)]


def test_a_pause_is_neither_in_the_seconds_of_a_run_nor_in_those_to_come(
    run: Callable[..., Watched], clock: list[float]
) -> None:
    """Between two steps and before a validation, it lasts longer than all of the training."""

    def meanwhile(session: Session, event: Event) -> None:
        if isinstance(event, Step) and session.progress().step in (2, 4, 6):
            session.control.pause()
        if isinstance(event, Paused):
            clock[0] += 1000.0
            session.control.resume()

    watched = run(meanwhile=meanwhile)
    assert len(watched.at(Unpaused)) == 3
    steps = EPOCHS * math.ceil(TRAIN / BATCH)
    for event, _, progress in watched.at(Step):
        step = event.step
        assert progress.seconds == pytest.approx(TICK * step)
        if (done := (step - 1) // 3) == 0:
            continue  # nothing is known of a validation yet
        # of epoch 2 the clock is read once more: the pause ends
        validation = 2 * TICK if done == 2 else TICK
        left = TICK * (steps - step) + validation * (EPOCHS - done + TEST / VALIDATION)
        assert progress.eta == pytest.approx(left)
    ((_, _, progress),) = watched.at(End)
    assert progress.eta == 0
