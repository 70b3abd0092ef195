from __future__ import annotations

import numpy as np
import pytest

from tests.kernels.strategies import normals
from tuicnn.kernels import Array, Window, convolve, convolve_backward, convolve_transposed
from tuicnn.kernels.convolution import winograd
from tuicnn.kernels.derived import derived, unchanged_weights


def test_made_once_within_the_promise_and_anew_without() -> None:
    made: list[Array] = []

    def make(weights: Array) -> Array:
        made.append(weights)
        return weights * 2

    flat = normals(0, 12)
    ours, other = flat[:6].reshape(2, 3), flat[6:].reshape(2, 3)
    with unchanged_weights():
        for weights in (ours, flat[:6].reshape(2, 3), other):
            np.testing.assert_array_equal(derived(weights, "twice", make), weights * 2)
        assert len(made) == 2
        derived(ours.T, "twice", make)
        derived(ours, "another name", make)
        assert len(made) == 4
    flat += 1
    np.testing.assert_array_equal(derived(ours, "twice", make), ours * 2)
    with unchanged_weights():
        np.testing.assert_array_equal(derived(ours, "twice", make), ours * 2)


def test_weights_written_between_two_steps_count() -> None:
    window = Window((3, 3))
    x, weights = normals(0, 6, 6, 2, 8), normals(1, 3, 3, 8, 8)
    with unchanged_weights():
        before, _ = convolve(x, weights, window)
    weights *= 2
    with unchanged_weights():
        after, _ = convolve(x, weights, window)
    np.testing.assert_allclose(after, 2 * before, atol=1e-12)


@pytest.mark.parametrize("transposed", [False, True])
def test_what_is_made_of_a_group_is_made_once_however_many_shards_there_are(
    transposed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, weights = Window((3, 3), pad=((1, 1), (1, 1))), np.ones((3, 3, 64, 256), "f")
    images = np.ones((6, 6, 2, 256), "f")
    made: list[str] = []
    whole = winograd.transformed

    def counted(weights: Array, g: Array) -> Array:
        made.append("")
        return whole(weights, g)

    monkeypatch.setattr(winograd, "transformed", counted)

    def shard() -> None:
        if transposed:
            convolve_transposed(images, weights, window, (6, 6), 4)
        else:
            y, saved = convolve(images, weights, window, 4)
            convolve_backward(y, saved, weights, window, 4)

    with unchanged_weights():
        shard()
        first = len(made)
        assert first
        shard()
        shard()
    assert len(made) == first
