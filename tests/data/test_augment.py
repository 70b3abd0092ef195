"""Laws of augmentation: what it moves, mirrors, turns and cuts, and what it leaves alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from tuicnn.data import Batches, augment
from tuicnn.data.base import FILLS, Augment

from .made import images as made_images

Images = NDArray[np.uint8]
images = st.tuples(st.integers(1, 4), st.integers(1, 7), st.integers(1, 7), st.sampled_from([1, 3])).flatmap(
    lambda shape: arrays.arrays(np.uint8, shape)
)


@given(images, st.data())
def test_a_flip_twice_is_none(batch: Images, data: st.DataObject) -> None:
    which = data.draw(arrays.arrays(bool, (2, len(batch))))
    once = augment.flip(batch, *which)
    np.testing.assert_array_equal(augment.flip(once, *which), batch)
    for i, (horizontal, vertical) in enumerate(which.T):
        expected = batch[i, :, ::-1] if horizontal else batch[i]
        np.testing.assert_array_equal(once[i], expected[::-1] if vertical else expected)


@given(images, st.data())
def test_a_shift_moves_each_pixel_and_fills_what_is_new(batch: Images, data: st.DataObject) -> None:
    n, height, width, channels = batch.shape
    down, right = data.draw(arrays.arrays(np.int64, (2, n), elements=st.integers(-20, 20)))
    mean = np.array([0.1, 0.5, 0.9])[:channels]
    wide = ((20, 20), (20, 20), (0, 0))
    for fill in FILLS:
        moved = augment.shift(batch, down, right, fill, mean)
        for i in range(n):
            around = np.pad(batch[i].astype(float), wide, mode="reflect" if fill == "reflect" else "constant")
            if fill == "mean":
                outside = np.pad(np.zeros_like(batch[i]), wide, constant_values=1) == 1
                around[outside] = np.broadcast_to(np.rint(255 * mean), around.shape)[outside]
            y, x = 20 - down[i], 20 - right[i]
            assert moved[i].tolist() == around[y : y + height, x : x + width].tolist()


def test_alternate_flips_mirror_each_image_in_every_other_epoch() -> None:
    batch, labels = made_images(60, 4, 5, 3), np.arange(60)
    made = Batches(batch, labels, np.zeros(3), np.ones(3), batch=60, seed=1, augment=Augment(flip="alternate"))
    mirrored = []
    for epoch in range(4):
        seen, order = made.pixels(epoch, 0)
        flipped = (seen == batch[order, :, ::-1]).all(axis=(1, 2, 3))
        assert (flipped | (seen == batch[order]).all(axis=(1, 2, 3))).all()
        mirrored.append(flipped[np.argsort(order)])
    assert 20 < mirrored[0].sum() < 40
    assert (mirrored[1] == ~mirrored[0]).all()
    assert (mirrored[2] == mirrored[0]).all()
    assert (mirrored[3] == mirrored[1]).all()


@given(images)
def test_a_shift_by_nothing_and_a_turn_by_nothing_change_nothing(batch: Images) -> None:
    none = np.zeros(len(batch), dtype=np.int64)
    np.testing.assert_array_equal(augment.shift(batch, none, none), batch)
    np.testing.assert_array_equal(augment.rotate(batch, none), batch)
    np.testing.assert_array_equal(augment.rotate(batch, none + 360), batch)
    np.testing.assert_array_equal(augment.rotate(batch, none + 180), batch[:, ::-1, ::-1])


@given(st.integers(1, 9), st.sampled_from([1, 3]), st.lists(st.integers(-4, 4), min_size=1, max_size=5))
def test_quarter_turns_are_exact(side: int, channels: int, quarters: list[int]) -> None:
    batch = made_images(len(quarters), side, side, channels)
    turned = augment.rotate(batch, np.array(quarters) * 90)
    for image, result, k in zip(batch, turned, quarters, strict=True):
        np.testing.assert_array_equal(result, np.rot90(image, k))


def test_a_small_turn_mixes_four_neighbours() -> None:
    """Against the definition, one pixel at a time."""
    batch = made_images(3, 6, 5, 3)
    degrees = np.array([10.0, -33.0, 71.5])
    turned = augment.rotate(batch, degrees).astype(int)
    for i, angle in enumerate(np.deg2rad(degrees)):
        for y in range(6):
            for x in range(5):
                dy, dx = y - 2.5, x - 2.0
                was_x = dx * np.cos(angle) - dy * np.sin(angle) + 2.0
                was_y = dx * np.sin(angle) + dy * np.cos(angle) + 2.5
                value = np.zeros(3)
                for row in range(6):
                    for column in range(5):
                        weight = max(0, 1 - abs(was_y - row)) * max(0, 1 - abs(was_x - column))
                        value += weight * batch[i, row, column]
                assert np.abs(turned[i, y, x] - value).max() <= 0.51


@given(images, st.integers(1, 9), st.data())
def test_cutout_zeroes_one_square_clipped_at_the_border(batch: Images, size: int, data: st.DataObject) -> None:
    n = len(batch)
    top, left = data.draw(arrays.arrays(np.int64, (2, n), elements=st.integers(-10, 10)))
    expected = batch.copy()
    for i in range(n):
        expected[i, max(0, top[i]) : max(0, top[i] + size), max(0, left[i]) : max(0, left[i] + size)] = 0
    np.testing.assert_array_equal(augment.cutout(batch, top, left, size), expected)


def test_nothing_asked_for_is_nothing_done() -> None:
    batch = made_images(3, 4, 4, 1)
    assert augment.apply(batch, Augment(), np.zeros((3, augment.DRAWS), np.float32)) is batch
    assert not augment.changes(Augment())


@pytest.mark.parametrize(
    "what",
    [
        Augment(shift=3),
        Augment(flip="horizontal"),
        Augment(flip="vertical"),
        Augment(flip="both"),
        Augment(shift=2, fill="reflect"),
        Augment(shift=2, fill="mean"),
        Augment(rotate=20.0),
        Augment(cutout=3),
        Augment(shift=1024),
        Augment(cutout=1024),
        Augment(shift=2, flip="both", rotate=15.0, cutout=2),
    ],
)
def test_what_an_image_becomes_does_not_depend_on_its_neighbours(what: Augment) -> None:
    batch = made_images(40, 7, 9, 3)
    before = batch.copy()
    draws = np.random.default_rng(0).random((40, augment.DRAWS), dtype=np.float32)
    whole = augment.apply(batch, what, draws)
    assert augment.changes(what)
    assert whole.dtype == np.uint8
    assert not np.array_equal(whole, batch)
    np.testing.assert_array_equal(batch, before)
    parts = [augment.apply(batch[i : i + 7], what, draws[i : i + 7]) for i in range(0, 40, 7)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_every_shift_up_to_the_limit_comes_and_none_beyond() -> None:
    batch = np.zeros((4000, 9, 9, 1), np.uint8)
    batch[:, 4, 4] = 1
    draws = np.random.default_rng(0).random((4000, augment.DRAWS), dtype=np.float32)
    moved = augment.apply(batch, Augment(shift=2), draws)
    _, y, x, _ = np.nonzero(moved)
    assert len(y) == 4000
    assert sorted(set(zip(y.tolist(), x.tolist(), strict=True))) == [(i, j) for i in range(2, 7) for j in range(2, 7)]
    assert np.bincount(y)[2:].min() > 650  # 800 expected of each


def test_turns_to_either_side_come_up_to_the_limit_and_none_beyond() -> None:
    """Seen by a spot ten pixels above the centre."""
    batch = np.zeros((4000, 25, 25, 1), np.uint8)
    batch[:, 2, 12] = 255
    draws = np.random.default_rng(0).random((4000, augment.DRAWS), dtype=np.float32)
    ink = augment.apply(batch, Augment(rotate=60.0), draws)[..., 0].astype(float)
    up, left = ((ink * (12 - np.indices((25, 25))[axis])).sum((1, 2)) for axis in (0, 1))
    angles = np.rad2deg(np.arctan2(left, up))
    assert -62 < angles.min() < -57
    assert 57 < angles.max() < 62
    assert np.histogram(angles, 6, (-60, 60))[0].min() > 550  # 667 expected of each


def test_every_other_image_is_mirrored() -> None:
    batch = np.zeros((4000, 2, 2, 1), np.uint8)
    batch[:, 0, 0] = 1
    draws = np.random.default_rng(0).random((4000, augment.DRAWS), dtype=np.float32)
    assert 1850 < augment.apply(batch, Augment(flip="horizontal"), draws)[:, 0, 1].sum() < 2150
    assert 1850 < augment.apply(batch, Augment(flip="vertical"), draws)[:, 1, 0].sum() < 2150
    assert 900 < augment.apply(batch, Augment(flip="both"), draws)[:, 1, 1].sum() < 1100


@given(images, st.floats(0, 1), st.floats(0, 1))
def test_a_part_as_large_as_the_image_is_the_image(batch: Images, down: float, right: float) -> None:
    one, place = np.ones(len(batch)), np.ones(len(batch))
    np.testing.assert_array_equal(augment.crop(batch, one, one, down * place, right * place), batch)


@pytest.mark.parametrize(("down", "right"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_a_quarter_is_enlarged_as_pytorch_does(down: int, right: int) -> None:
    torch = pytest.importorskip("torch")
    batch = made_images(3, 12, 8, 3)
    ones = np.ones(3)
    found = augment.crop(batch, ones / 4, ones, ones * down, ones * right)
    # the pixels beyond the part's border are mixed in, where there are any, so the border is not compared
    part = batch[:, 6 * down : 6 * down + 6, 4 * right : 4 * right + 4].transpose(0, 3, 1, 2).astype(float)
    whole = torch.nn.functional.interpolate(torch.tensor(part), scale_factor=2, mode="bilinear").numpy()
    np.testing.assert_allclose(found[:, 1:-1, 1:-1], whole.transpose(0, 2, 3, 1)[:, 1:-1, 1:-1], atol=0.51)


@given(images, st.data())
def test_light_changes_as_its_formulas_say(batch: Images, data: st.DataObject) -> None:
    factor = data.draw(arrays.arrays(np.float64, len(batch), elements=st.sampled_from([0.0, 0.5, 1.0, 1.25, 2.0])))
    each = factor[:, None, None, None]
    wanted = np.clip(batch * each, 0, 255)
    np.testing.assert_allclose(augment.brightness(batch, factor), wanted, atol=0.501)
    luma = np.array([0.299, 0.587, 0.114]) if batch.shape[3] == 3 else np.ones(1)
    mean = (batch @ luma).mean(axis=(1, 2))[:, None, None, None]
    wanted = np.clip(batch * each + mean * (1 - each), 0, 255)
    np.testing.assert_allclose(augment.contrast(batch, factor), wanted, atol=0.51)


def test_options_stay_within_what_they_say() -> None:
    batch = np.full((200, 8, 8, 1), 100, np.uint8)
    lit = Augment(brightness=0.2)
    seen = augment.apply(batch, lit, augment.drawn(lit, 200, 0, "test"))[:, 0, 0, 0]
    assert 80 <= seen.min() < 85
    assert 115 < seen.max() <= 120
    batch[:, 0] = 0
    cut = Augment(crop=0.5)
    parts = augment.apply(batch, cut, augment.drawn(cut, 200, 0, "test"))
    black = (parts[:, :, 0, 0] < 50).sum(axis=1)  # of the upper row, which a part leaves out or enlarges
    assert {0, 1} <= set(black) <= {0, 1, 2}


def test_further_changes_leave_the_draws_of_the_others_as_they_were() -> None:
    few, many = (augment.drawn(what, 9, 3, "augment", 1) for what in (Augment(shift=2), Augment(shift=2, crop=0.5)))
    np.testing.assert_array_equal(few[:, :7], many[:, :7])
    assert not few[:, 7:].any()
    assert many[:, 7:].all()
