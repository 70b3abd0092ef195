"""What is counted in a data set, against the same count in plain Python; and which images are chosen to be shown."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tuicnn.data import Augment, Dataset
from tuicnn.data.inspection import PARTS, inspect, part_of
from tuicnn.data.samples import sampled

#: images of one pixel, of few values, so that many are the same; and labels
pairs = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2)), min_size=3, max_size=30)


def made(train: list[tuple[int, int]], val: list[tuple[int, int]], test: list[tuple[int, int]]) -> Dataset:
    def arrays(part: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
        return np.array([p for p, _ in part], np.uint8).reshape(-1, 1, 1), np.array([c for _, c in part])

    return Dataset.from_arrays(*arrays(train), val=arrays(val), test=arrays(test), class_names="abc")


@given(pairs, pairs, pairs)
def test_duplicates_are_counted_as_a_person_would(
    train: list[tuple[int, int]], val: list[tuple[int, int]], test: list[tuple[int, int]]
) -> None:
    dataset = made([(0, 0), (1, 1), *train], val, test)
    found = inspect(dataset)
    parts = {part: part_of(dataset, part)[0].ravel().tolist() for part in PARTS}
    labels = {part: part_of(dataset, part)[1].tolist() for part in PARTS}
    every = [(pixel, label) for part in PARTS for pixel, label in zip(parts[part], labels[part], strict=True)]
    classes = {pixel: {label for other, label in every if other == pixel} for pixel, _ in every}
    for (first, second), count in found.shared.items():
        assert count == sum(pixel in parts[first] for pixel in parts[second])
    for part in PARTS:
        assert found.repeated[part] == len(parts[part]) - len(set(parts[part]))
        assert found.counts[part].tolist() == [labels[part].count(label) for label in range(3)]
    assert found.contradictory == sum(len(classes[pixel]) > 1 for pixel, _ in every)
    groups = {tuple(sorted(parts[place.part][place.number] for place in places)) for places in found.same}
    assert groups == {(pixel,) * count for pixel, count in Counter(p for p, _ in every).items() if count > 1}


def test_samples_are_of_their_class_and_the_first_is_as_stored() -> None:
    images = np.random.default_rng(0).integers(0, 256, (60, 8, 8), dtype=np.uint8)
    dataset = Dataset.from_arrays(images, np.arange(60) % 3, class_names="abc")
    plain, changed = sampled(dataset, None, 5), sampled(dataset, Augment(shift=2), 5)
    for number, ((name, some), (_, others)) in enumerate(zip(plain, changed, strict=True)):
        assert name == "abc"[number]
        own = {image.tobytes() for image in dataset.train_images[dataset.train_labels == number]}
        assert len(some) == len(others) == 5
        assert len({image.tobytes() for image in some} & own) == 5
        np.testing.assert_array_equal(others[0], some[0])
        assert len({image.tobytes() for image in others}) > 2
    assert [len(some) for _, some in sampled(dataset, None, 1000)] == [
        int((dataset.train_labels == number).sum()) for number in range(3)
    ]
