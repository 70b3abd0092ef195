from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tuicnn.initialisers as init
from tuicnn.vocabulary import Call, ObjectOf, UnsuitableError, Word, info, vocabulary, written

NAMES = [name for name in vocabulary("init") if name != "normal"]


def values(
    initialiser: init.Initialiser, seed: int = 0, count: int = 100_000
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return initialiser(np.random.default_rng(seed), (count // 10, 10), 40, 60)


@given(st.sampled_from([name for name in NAMES if name != "zeros"]), st.integers(0, 2**32))
def test_the_generator_alone_decides(name: str, seed: int) -> None:
    made = ObjectOf("init").accept(Word(name))
    assert (values(made, seed, 100) == values(made, seed, 100)).all()
    assert (values(made, seed, 100) != values(made, seed + 1, 100)).any()


def test_normal_and_zeros() -> None:
    small = ObjectOf("init").accept(Call("normal", (0.01,)))
    assert abs(values(small).std() / 0.01 - 1) < 0.02
    assert not values(ObjectOf("init").accept(Word("zeros"))).any()
    assert (values(init.Ones()) == 1).all()
    with pytest.raises(UnsuitableError, match="at least 0"):
        ObjectOf("init").accept(Call("normal", (-1,)))
    with pytest.raises(UnsuitableError, match="normal"):
        ObjectOf("init").accept(Word("gauss"))


@pytest.mark.parametrize("name", NAMES)
def test_written_as_read(name: str) -> None:
    made = ObjectOf("init").accept(Word(name))
    assert written(made) == name
    assert info(made).help
    assert written(init.Normal(0.01)) == "normal(0.01)"
