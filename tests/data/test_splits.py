"""classes, val, limit and pad: what they leave, and that the splits are disjoint and the same in every run."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tuicnn.data.arrays import as_images, as_labels
from tuicnn.data.base import DataError, DataSpec
from tuicnn.data.batches import normalise
from tuicnn.data.splits import Split, Splits, assemble, described, mean_and_std

NAMES = ("a", "b", "c", "d")


def numbered(count: int, first: int = 0) -> Split:
    """Images whose two values spell their number, so that each can be told."""
    numbers = np.arange(first, first + count)
    images = np.stack([numbers // 256, numbers % 256], axis=1).astype(np.uint8).reshape(count, 1, 2, 1)
    return Split(images, numbers % len(NAMES))


def numbers(images: np.ndarray) -> list[int]:
    return [int(i[0, 0, 0]) * 256 + int(i[0, 1, 0]) for i in images]


@given(
    st.integers(20, 300),
    st.one_of(st.none(), st.integers(4, 40)),
    st.one_of(st.none(), st.integers(1, 15)),
    st.one_of(st.none(), st.integers(1, 50)),
    st.lists(st.integers(0, 3), min_size=2, unique=True).map(tuple),
)
def test_the_parts(count: int, test: int | None, val: int | None, limit: int | None, classes: tuple[int, ...]) -> None:
    spec = DataSpec(classes=classes, limit=limit, val=val)
    splits = Splits(numbered(count), numbered(test, 10_000) if test else None)
    try:
        made = assemble(spec, "made", splits, NAMES)
    except DataError:
        assume(False)
    train, held, tested = (numbers(x) for x in (made.train_images, made.val_images, made.test_images))
    for part in (train, held, tested):
        assert part == sorted(part)  # the stored order is kept
    everything = train + held + tested
    assert len(set(everything)) == len(everything)
    labels = np.concatenate([made.train_labels, made.val_labels, made.test_labels])
    assert [classes[k] for k in labels] == [n % 4 for n in everything]
    assert made.class_names == tuple(NAMES[c] for c in classes) == described(spec, "made", (1, 1, 2), NAMES).class_names
    kept = sum(1 for n in range(count) if n % 4 in classes)
    for_test = 0 if test else max(1, kept // 10)
    for_val = val if val else max(1, (kept - for_test) // 10)
    assert len(held) == for_val
    assert len(train) == min(kept - for_test - for_val, limit or count)


def test_limit_does_not_move_what_is_held_out() -> None:
    splits = Splits(numbered(500), None)
    whole = assemble(DataSpec(), "made", splits, NAMES)
    less = assemble(DataSpec(limit=40), "made", splits, NAMES)
    np.testing.assert_array_equal(whole.val_images, less.val_images)
    np.testing.assert_array_equal(whole.test_images, less.test_images)
    assert set(numbers(less.train_images)) < set(numbers(whole.train_images))
    assert set(less.train_labels.tolist()) == {0, 1, 2, 3}  # drawn from all, not the first ones


def test_what_is_held_out_never_changes() -> None:
    """Other versions must validate on the same images, or their figures could not be compared."""
    made = assemble(DataSpec(val=5), "made", Splits(numbered(100), numbered(3)), NAMES)
    assert numbers(made.val_images) == [43, 45, 76, 80, 89]


def test_a_large_set_holds_five_thousand_out() -> None:
    assert len(assemble(DataSpec(), "made", Splits(numbered(60_000), numbered(3)), NAMES).val_labels) == 5000
    assert len(assemble(DataSpec(), "made", Splits(numbered(20_000), numbered(3)), NAMES).val_labels) == 2000


def test_padding_is_zeros_on_every_side() -> None:
    made = assemble(DataSpec(pad=3), "made", Splits(numbered(50), numbered(5)), NAMES)
    assert made.test_images.shape == (5, 7, 8, 1)
    np.testing.assert_array_equal(made.test_images[:, 3:-3, 3:-3], numbered(5).images)
    assert made.test_images.sum() == numbered(5).images.sum()
    assert described(DataSpec(pad=3), "made", (1, 1, 2), NAMES).shape == (1, 7, 8)
    np.testing.assert_allclose(made.mean, made.train_images.mean() / 255, rtol=1e-5)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        (DataSpec(classes=(0, 4)), "made has 4 classes, 0 to 3; there is no class 4"),
        (DataSpec(val=50), "val=50 leaves nothing to train on: made has 50 training images here. Write val=5"),
    ],
)
def test_what_cannot_be_is_said(spec: DataSpec, says: str) -> None:
    with pytest.raises(DataError, match=says):
        assemble(spec, "made", Splits(numbered(50), numbered(5)), NAMES)


@pytest.mark.parametrize(("names", "has"), [(("a",), "one class"), ((), "no class")])
def test_too_few_classes_are_refused(names: tuple[str, ...], has: str) -> None:
    images = Split(numbered(50).images, np.zeros(50, np.int64))
    with pytest.raises(DataError, match=f"made has images of {has}: it needs two classes at least"):
        assemble(DataSpec(), "made", Splits(images, None), names)


def test_too_few_images_are_refused() -> None:
    with pytest.raises(DataError, match="too few"):
        assemble(DataSpec(), "made", Splits(numbered(2), None), NAMES)
    with pytest.raises(DataError):
        assemble(DataSpec(), "made", Splits(numbered(0), None), NAMES)


@given(st.integers(1, 40), st.integers(1, 6), st.integers(1, 6), st.sampled_from([1, 3]), st.integers(0, 99))
def test_mean_and_std_are_those_of_each_channel(n: int, h: int, w: int, c: int, seed: int) -> None:
    images = np.random.default_rng(seed).integers(0, 256, (n, h, w, c), dtype=np.uint8)
    mean, std = mean_and_std(images)
    np.testing.assert_allclose(mean, images.mean(axis=(0, 1, 2)) / 255, atol=1e-6)
    plain = images.std(axis=(0, 1, 2)) / 255
    np.testing.assert_allclose(std, np.where(plain == 0, 1, plain), atol=1e-6)


def test_a_channel_without_contrast_has_std_one() -> None:
    mean, std = mean_and_std(np.full((3, 2, 2, 1), 255, np.uint8))
    assert (mean.tolist(), std.tolist()) == ([1.0], [1.0])


@pytest.mark.parametrize(
    ("shape", "becomes"),
    [((5, 8, 9), (8, 9, 1)), ((5, 8, 9, 3), (8, 9, 3)), ((5, 3, 8, 9), (8, 9, 3)), ((5, 1, 8, 8), (8, 8, 1))],
)
def test_axes_are_told_apart_by_size(shape: tuple[int, ...], becomes: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    images = as_images(array, "x")
    assert images.shape[1:] == becomes
    assert images[4, 7, 2, 0] == (array[4, 7, 2].flat[0] if array.shape[1] == 8 else array[4, 0, 7, 2])


def test_odd_images_and_labels_are_refused() -> None:
    with pytest.raises(DataError, match="x holds complex64 values; images must be numbers, as uint8"):
        as_images(np.zeros((3, 4, 4), np.complex64), "x")
    with pytest.raises(DataError, match="x has the shape 3x4"):
        as_images(np.zeros((3, 4), np.uint8), "x")
    with pytest.raises(DataError, match="y has labels from -1 to 2"):
        as_labels(np.array([2, -1]), "y")
    with pytest.raises(DataError, match="y has the shape 2x10, but is not one-hot"):
        as_labels(np.zeros((2, 10)), "y")
    assert as_labels(np.array([[3], [4]], np.uint8), "y").tolist() == [3, 4]


def test_images_that_are_not_normalised_are_seen_as_they_are() -> None:
    splits = Splits(numbered(40), None)
    raw, usual = (assemble(DataSpec(normalise=how), "made", splits, NAMES) for how in ("none", "channel"))
    seen = normalise(raw.train_images, raw.mean, raw.std)
    np.testing.assert_allclose(seen, raw.train_images.transpose(1, 2, 0, 3) / 255, rtol=1e-6)
    assert abs(normalise(usual.train_images, usual.mean, usual.std).mean()) < 1e-6
    np.testing.assert_array_equal(raw.train_images, usual.train_images)
