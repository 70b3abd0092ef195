"""Images that are mixed of two: how much of each, with what labels, the same in any shards."""

from __future__ import annotations

import numpy as np
import pytest

from tuicnn.data import Augment, Batches, mixing
from tuicnn.data.mixing import Mixing

from .made import images as made_images


def epoch_of(what: Augment, count: int = 4000, epoch: int = 0) -> Mixing:
    return mixing.drawn(what, (count, 8, 12, 3), 3, epoch)


def test_shares_are_of_their_distribution_and_partners_are_everybody_once() -> None:
    found = epoch_of(Augment(mixup=0.4))
    # of Beta(a, a): mean 1/2, variance 1 / (8 a + 4)
    assert found.shares.mean() == pytest.approx(0.5, abs=0.02)
    assert found.shares.var() == pytest.approx(1 / 7.2, rel=0.05)
    assert sorted(found.partners.tolist()) == list(range(4000))
    assert not found.boxes.any()
    assert (epoch_of(Augment(mixup=0.4), epoch=1).partners != found.partners).mean() > 0.9


def test_a_mixed_image_is_a_mean_by_shares() -> None:
    one, other = made_images(50, 8, 12, 3), made_images(50, 8, 12, 3)[::-1]
    how = epoch_of(Augment(mixup=1.0), 50)
    share = how.shares[:, None, None, None]
    np.testing.assert_allclose(mixing.mixed(one, other, how), share * one + (1 - share) * other, atol=0.51)


def test_a_part_of_another_image_is_as_large_as_its_share() -> None:
    black, white = np.zeros((4000, 8, 12, 1), np.uint8), np.full((4000, 8, 12, 1), 255, np.uint8)
    how = epoch_of(Augment(cutmix=1.0))
    found = mixing.mixed(black, white, how)
    assert set(np.unique(found)) <= {0, 255}
    np.testing.assert_allclose((found == 255).mean(axis=(1, 2, 3)), 1 - how.shares, atol=1e-12)
    assert 0.5 < how.shares.mean() < 0.75  # of 1/2, less what lies beyond the border
    assert how.boxes[:, 0].min() == how.boxes[:, 2].min() == 0
    assert (how.boxes[:, 1].max(), how.boxes[:, 3].max()) == (8, 12)


def test_with_both_each_image_is_mixed_in_one_way() -> None:
    how = epoch_of(Augment(mixup=1.0, cutmix=1.0))
    cut = (how.boxes != 0).any(axis=1)
    assert 0.4 < cut.mean() < 0.55


def test_batches_hold_the_labels_of_both() -> None:
    stored, labels = made_images(30, 6, 5, 3), np.arange(30)
    what = Augment(mixup=1.0, flip="vertical")
    made = Batches(stored, labels, np.zeros(3), np.ones(3), batch=8, seed=1, augment=what)
    plain = Batches(stored, labels, np.zeros(3), np.ones(3), batch=8, seed=1, augment=Augment(flip="vertical"))
    changed = np.empty_like(stored)
    for step in range(4):
        changed[plain.indices(2, step)] = plain.pixels(2, step)[0]
    for step in range(4):
        seen, found = made.pixels(2, step)
        one, other, share = found[:, 0].astype(int), found[:, 1].astype(int), found[:, 2][:, None, None, None]
        assert one.tolist() == made.indices(2, step).tolist()
        np.testing.assert_allclose(seen, share * changed[one] + (1 - share) * changed[other], atol=0.51)
