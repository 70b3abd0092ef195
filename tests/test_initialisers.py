from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tuicnn.initialisers as init
from tuicnn.vocabulary import Call, ObjectOf, UnsuitableError, Word, info, vocabulary, written

#: each word with the variance that its source asks for, at fan_in 40 and fan_out 60
VARIANCES = {
    "he": 2 / 40,
    "he_normal": 2 / 40,
    "he_uniform": 2 / 40,
    "xavier": 2 / 100,
    "xavier_normal": 2 / 100,
    "xavier_uniform": 2 / 100,
    "lecun": 1 / 40,
    "lecun_normal": 1 / 40,
    "lecun_uniform": 1 / 40,
}


def values(
    initialiser: init.Initialiser, seed: int = 0, count: int = 100_000
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return initialiser(np.random.default_rng(seed), (count // 10, 10), 40, 60)


def test_these_are_all_words() -> None:
    assert set(vocabulary("init")) == {*VARIANCES, "normal", "zeros"}


@pytest.mark.parametrize("name", VARIANCES)
def test_mean_variance_and_form(name: str) -> None:
    made = ObjectOf("init").accept(Word(name))
    drawn = values(made)
    assert drawn.dtype == np.float64
    assert abs(drawn.mean()) < 4 * (VARIANCES[name] / drawn.size) ** 0.5
    assert abs(drawn.var() / VARIANCES[name] - 1) < 0.02
    kurtosis = (drawn**4).mean() / drawn.var() ** 2  # 3 for a normal distribution, 1.8 for a uniform one
    uniform = name.endswith("_uniform") or name == "xavier"
    assert abs(kurtosis - (1.8 if uniform else 3)) < 0.15
    if uniform:
        assert np.abs(drawn).max() <= (3 * VARIANCES[name]) ** 0.5


@given(st.sampled_from(sorted(VARIANCES)), st.integers(0, 2**32))
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


@pytest.mark.parametrize("name", [*VARIANCES, "zeros"])
def test_written_as_read(name: str) -> None:
    made = ObjectOf("init").accept(Word(name))
    assert written(made) == name
    assert info(made).help
    assert written(init.Normal(0.01)) == "normal(0.01)"
