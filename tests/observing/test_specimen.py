"""A specimen of a run that trains is what a checkpoint of the same moment gives, and knows the next step's bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.runs.small import a_run, stop_after, train
from tuicnn.errors import UserError
from tuicnn.observing.image import PinnedImage
from tuicnn.observing.specimen import AskSpecimen, SpecimenState
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.origin import Origin
from tuicnn.runs.prepared import plan_of
from tuicnn.runs.reopened import ReopenedRun
from tuicnn.training.checkpointing import named_arrays
from tuicnn.training.trainer import Trainer
from tuicnn.worker.frames import Splitter, encode, opened


def a_trainer(folder: RunFolder) -> Trainer:
    plan = plan_of(folder, Origin.of(folder))
    return Trainer(plan, plan.data.load(), threads=1)


def over_the_socket(state: SpecimenState) -> SpecimenState:
    splitter = Splitter(1 << 26)
    splitter.feed(encode("x", state))
    payload = splitter.next()
    assert payload is not None
    return opened(payload).read(SpecimenState)


ASK = AskSpecimen(PinnedImage(3), next_step=True)


@pytest.mark.parametrize("optim", ["optim: adam", "optim: sgd"])
def test_it_has_the_bits_of_the_next_step(tmp_path: Path, optim: str) -> None:
    """With all that is read from files gone: of what the answer says alone."""
    folder = a_run(tmp_path, optim)
    trainer = a_trainer(folder)
    (tmp_path / "d.npz").unlink()
    random = np.random.default_rng(0)
    for _ in range(5):
        trainer.advance()
        state = over_the_socket(ASK.answer(trainer))
        assert (state.step, state.epochs) == (trainer.step, trainer.step // 3)
        specimen = state.specimen()
        count, fetch = trainer.batch(trainer.step)
        assert state.batch is not None
        assert specimen.next_step is not None
        taken, labels = fetch(0, count)
        assert specimen.next_step.replay.batch[0].tobytes() == taken.transpose(2, 3, 0, 1).tobytes()
        assert np.array_equal(trainer.dataset.train_labels[state.batch.numbers], labels)
        trainer.advance()
        for name in ("conv1.weight", "batchnorm1.weight", "dense1.bias"):
            after = named_arrays(trainer.network, trainer.state)[name]
            index = tuple(int(random.integers(size)) for size in after.shape)
            assert specimen.explain(f"step {name}{list(index)}").engine == after[index]


def test_after_the_last_step_it_is_said_that_none_follows(tmp_path: Path) -> None:
    trainer = a_trainer(a_run(tmp_path, "optim: adam"))
    while trainer.step < trainer.steps:
        said = ASK.answer(trainer).specimen().explain("step dense1.bias[0]").words
        assert "no step follows" not in said
        trainer.advance()
    assert "no step follows" in ASK.answer(trainer).specimen().explain("step dense1.bias[0]").words


def test_a_checkpoint_of_the_same_moment_says_the_same(tmp_path: Path) -> None:
    folder = a_run(tmp_path, "optim: adam")
    train(folder, report=stop_after(4))
    trainer = a_trainer(folder)
    for _ in range(4):
        trainer.advance()
    live, read = ASK.answer(trainer), ASK.answer(ReopenedRun(folder).trainer())
    assert encode("x", live) == encode("x", read)


def test_it_is_a_copy(tmp_path: Path) -> None:
    folder = a_run(tmp_path, "optim: adam")
    trainer = a_trainer(folder)
    state = ASK.answer(trainer)
    before = encode("x", state)
    trainer.advance()
    assert encode("x", state) == before


def test_the_image_is_one_of_the_data_or_ones_own(tmp_path: Path) -> None:
    folder = a_run(tmp_path, "optim: adam")
    trainer = a_trainer(folder)
    stored = AskSpecimen(PinnedImage(13)).answer(trainer)
    assert (stored.number, stored.images, stored.batch) == (3, 10, None)
    assert np.array_equal(stored.image, trainer.dataset.val_images[3])
    assert stored.label == trainer.dataset.val_labels[3]
    own = AskSpecimen(PinnedImage.of(stored.image)).answer(trainer)
    assert (own.number, own.label) == (-1, None)
    p = stored.specimen().explain("p[1]").value
    assert own.specimen().explain("p[1]").value == p
    with pytest.raises(UserError, match="without the image's label there is no loss"):
        own.specimen().explain("loss")
    other = AskSpecimen(PinnedImage(4)).answer(trainer).with_image(stored.image, stored.label)
    assert other.specimen().explain("loss").value == stored.specimen().explain("loss").value
    with pytest.raises(UserError, match="There is no class 3: the network has 3, counted from 0"):
        own.with_image(stored.image, 3)
    with pytest.raises(UserError, match="The image does not fit: the net takes 1x8x8"):
        own.with_image(stored.image[1:])
    with pytest.raises(UserError, match="The image does not fit: the net takes 1x8x8"):
        AskSpecimen(PinnedImage(pixels="AAAA")).answer(trainer)
