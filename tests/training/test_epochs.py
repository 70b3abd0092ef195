"""Epochs kept small are the same epochs: against a plain list of them."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tuicnn.training.epochs import Epochs
from tuicnn.training.events import Epoch

numbers = st.floats(width=64)
epochs = st.builds(
    Epoch, st.integers(1, 10**6), st.integers(0, 2**62), numbers, numbers, numbers, numbers, numbers, numbers
)
lists = st.lists(epochs, max_size=5)


def values(of: Epoch) -> list[Any]:
    """With NaN as something that is equal to itself; the types too."""
    given = [getattr(of, field.name) for field in dataclasses.fields(Epoch)]
    return [(type(value), None if math.isnan(value) else value) for value in given]


def same(some: Epochs, others: list[Epoch]) -> bool:
    return [values(epoch) for epoch in some] == [values(epoch) for epoch in others]


@given(lists, lists, st.slices(8))
def test_are_those_of_a_list(first: list[Epoch], then: list[Epoch], part: slice) -> None:
    begun = Epochs(first)
    grown = begun.plus(then)
    assert same(begun, first)
    assert len(begun) == len(first)
    assert same(grown, first + then)
    assert same(grown[part], (first + then)[part])
    for name in ("step", "val_loss"):
        np.testing.assert_array_equal(grown.column(name), [getattr(epoch, name) for epoch in first + then])
