"""Randomness depends on its place alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicnn.randomness import generator, permutation

numbers = st.integers(0, 2**64 - 1)
places = st.tuples(numbers, st.text(max_size=5), st.lists(numbers, max_size=3).map(tuple))


@given(places)
def test_the_same_place_gives_the_same_values(place: tuple[int, str, tuple[int, ...]]) -> None:
    seed, stream, where = place
    assert generator(seed, stream, *where).random(9).tolist() == generator(seed, stream, *where).random(9).tolist()


@given(places, places)
def test_two_places_give_different_values(
    one: tuple[int, str, tuple[int, ...]], other: tuple[int, str, tuple[int, ...]]
) -> None:
    same = one == other
    first, second = (generator(s, name, *where).random(4).tolist() for s, name, where in (one, other))
    assert (first == second) is same


@pytest.mark.parametrize("change", range(5))
def test_neighbouring_places_do_not_repeat_each_other_shifted(change: int) -> None:
    def draw(*place: int) -> set[int]:
        return set(generator(place[0], f"stream {place[1]}", *place[2:]).bit_generator.random_raw(10_000).tolist())

    place = [3, 3, 3, 3, 3]
    other = place.copy()
    other[change] += 1
    assert not draw(*place) & draw(*other)


def test_streams_are_not_correlated() -> None:
    values = np.array([generator(0, s, e).standard_normal(20_000) for s in ("a", "b") for e in (0, 1)])
    correlation = np.corrcoef(values) - np.eye(4)
    assert np.abs(correlation).max() < 0.04


def test_what_is_drawn_first_does_not_matter_to_others() -> None:
    expected = generator(1, "dropout", 0, 1).random(5)
    earlier = generator(1, "dropout", 0, 0)
    earlier.random(1_000_000)
    assert np.array_equal(generator(1, "dropout", 0, 1).random(5), expected)


def test_these_values_stay() -> None:
    """A change here would change every run that was ever recorded."""
    assert generator(0, "test", 1, 2, 3).bit_generator.random_raw(2).tolist() == [
        3420132202110557512,
        15838883334400060321,
    ]
    assert permutation(8, 0, "test").tolist() == [3, 0, 4, 1, 6, 5, 7, 2]


@given(st.integers(0, 300), numbers)
def test_a_permutation_has_each_number_once(length: int, seed: int) -> None:
    assert sorted(permutation(length, seed, "order", 1).tolist()) == list(range(length))


def test_a_place_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError):
        generator(-1, "a")
    with pytest.raises(ValueError):
        generator(0, "a", 2**64)
    with pytest.raises(ValueError):
        generator(0, "a", 1, 2, 3, 4)
