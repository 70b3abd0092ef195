"""Small pictures of validation images are those images, or means of their pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicnn.data import Dataset
from tuicnn.errors import UserError
from tuicnn.language import check
from tuicnn.observing.images import MOST_IMAGES, SIDE, AskImages
from tuicnn.training.trainer import Trainer


@pytest.fixture(scope="module")
def trainer() -> Trainer:
    plan = check("data: mnist limit=20 val=50\nflatten -> dense 10").plan
    assert plan is not None
    return Trainer(plan, plan.data.load())


def test_the_images_come_as_they_are_stored_by_their_numbers(trainer: Trainer) -> None:
    found = AskImages((7, 3, 49, 50)).answer(trainer)  # as for the pinned image, numbers begin anew at the end
    assert found.numbers == (7, 3, 49, 50)
    np.testing.assert_array_equal(found.pixels, trainer.dataset.val_images[[7, 3, 49, 0]])
    assert AskImages(()).answer(trainer).pixels.shape == (0, 28, 28, 1)


def test_where_none_are_held_out_test_images_take_their_place(trainer: Trainer) -> None:
    data = trainer.dataset
    trainer = Trainer(trainer.plan, replace(data, val_images=data.val_images[:0], val_labels=data.val_labels[:0]))
    np.testing.assert_array_equal(AskImages((7,)).answer(trainer).pixels, data.test_images[7:8])


def test_too_many_are_refused(trainer: Trainer) -> None:
    assert len(AskImages(tuple(range(MOST_IMAGES))).answer(trainer).pixels) == MOST_IMAGES
    with pytest.raises(UserError, match="129 images are too many to be shown at a time: 128 at most"):
        AskImages(tuple(range(MOST_IMAGES + 1))).answer(trainer)


@given(st.integers(1, 300), st.integers(1, 300), st.sampled_from([1, 3]))
def test_large_images_are_made_smaller_by_the_mean_of_squares(height: int, width: int, channels: int) -> None:
    plan = check("data: mnist limit=20 val=50\nflatten -> dense 10").plan
    assert plan is not None
    images = np.random.default_rng(height * width).integers(0, 256, (2, height, width, channels)).astype(np.uint8)
    trainer = _Made(replace(plan, input=(channels, height, width)), images)
    found = AskImages((1, 0)).answer(trainer).pixels  # type: ignore[arg-type]
    times = -(-max(height, width) // SIDE)
    assert found.shape == (2, -(-height // times), -(-width // times), channels)
    assert max(found.shape[1:3]) <= SIDE
    assert found[0, 0, 0].tolist() == np.rint(images[1, :times, :times].mean(axis=(0, 1))).tolist()
    last = images[1, (found.shape[1] - 1) * times :, (found.shape[2] - 1) * times :]
    np.testing.assert_allclose(found[0, -1, -1], last.mean(axis=(0, 1)), atol=0.51)


class _Made:
    """All that the question needs of a trainer."""

    def __init__(self, plan: object, images: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> None:
        self.plan = plan
        labels = np.zeros(len(images), np.int64)
        none, at = images[:0], np.zeros(0)
        self.dataset = Dataset("made", ("0",), none, labels[:0], images, labels, none, labels[:0], at, at)
