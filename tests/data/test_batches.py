"""Batches: each image once an epoch, the same however they are made, whoever asks first."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicnn.data import Augment, Batches, normalise

from .made import images

MEAN, STD = np.array([0.2, 0.5, 0.7], np.float32), np.array([0.3, 1.0, 0.1], np.float32)
BUSY = Augment(shift=2, flip="both", rotate=15.0, cutout=2, crop=0.5, brightness=0.3, contrast=0.3)
MIXED = Augment(shift=1, mixup=0.5, cutmix=1.0)


def batches(
    count: int = 50, batch: int = 8, seed: int = 0, augment: Augment | None = None, dtype: type = np.float32
) -> Batches:
    labels = np.arange(count)
    return Batches(images(count, 6, 5, 3), labels, MEAN, STD, batch=batch, seed=seed, augment=augment, dtype=dtype)


@given(st.integers(1, 60), st.integers(1, 70), st.integers(0, 2**63 - 1), st.integers(0, 5))
def test_an_epoch_has_each_image_once(count: int, batch: int, seed: int, epoch: int) -> None:
    made = batches(count, batch, seed)
    steps = [made.indices(epoch, step) for step in range(made.steps_per_epoch)]
    assert sorted(np.concatenate(steps).tolist()) == list(range(count))
    assert all(len(step) == batch for step in steps[:-1])
    with pytest.raises(IndexError):
        made.indices(epoch, made.steps_per_epoch)


def test_epochs_and_seeds_have_orders_of_their_own() -> None:
    orders = [
        tuple(np.concatenate([b.indices(e, s) for s in range(7)])) for b in (batches(), batches(seed=1)) for e in (0, 1)
    ]
    assert len(set(orders)) == 4


@given(st.integers(0, 3), st.integers(0, 6), st.integers(1, 9), st.sampled_from([None, BUSY, MIXED]))
def test_a_batch_is_the_same_in_shards_and_in_any_order(
    epoch: int, step: int, shard: int, augment: Augment | None
) -> None:
    used, fresh = batches(augment=augment), batches(augment=augment)
    used.make(2, 1)
    x, y = fresh.make(epoch, step)
    parts = [used.make(epoch, step, start, start + shard) for start in reversed(range(0, len(y), shard))][::-1]
    np.testing.assert_array_equal(np.concatenate([part[0] for part in parts], axis=2), x)
    np.testing.assert_array_equal(np.concatenate([part[1] for part in parts]), y)


def test_a_batch_holds_the_images_it_names() -> None:
    made = batches(dtype=np.float64)
    x, y = made.make(1, 3)
    np.testing.assert_array_equal(y, made.indices(1, 3))
    expected = (images(50, 6, 5, 3)[y] / 255 - MEAN) / STD
    np.testing.assert_allclose(x, expected.transpose(1, 2, 0, 3), rtol=1e-6, atol=1e-9)


def test_augmentation_differs_from_epoch_to_epoch_and_only_with_it() -> None:
    made, plain = batches(1, 1, augment=BUSY), batches(1, 1)
    assert len({made.make(epoch, 0)[0].tobytes() for epoch in range(20)}) > 10
    assert len({plain.make(epoch, 0)[0].tobytes() for epoch in range(20)}) == 1


@given(st.integers(0, 5), st.integers(1, 6), st.integers(1, 6), st.sampled_from([1, 3]), st.booleans())
def test_normalise_is_its_formula(n: int, h: int, w: int, c: int, double: bool) -> None:
    batch = images(n, h, w, c)
    dtype = np.float64 if double else np.float32
    expected = (batch / 255 - MEAN[:c].astype(float)) / STD[:c].astype(float)
    result = normalise(batch, MEAN[:c], STD[:c], dtype)
    assert result.dtype == dtype
    np.testing.assert_allclose(result, expected.transpose(1, 2, 0, 3), atol=1e-12 if double else 2e-6)
