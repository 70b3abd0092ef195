"""Layers as one are the layers one after the other, to the last bit, whatever memory held before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernels.strategies import dirty_memory, small_blocks
from tests.layers.helpers import Array, Driven, batch_of, drive, named, random_weights
from tests.layers.table import CASES, Case, any_shape
from tuicnn.layers import Layer, Shape
from tuicnn.layers.fusion import fuse

SEEDS = st.integers(0, 10_000)
TYPES = st.sampled_from([np.float32, np.float64])


def one_after_the_other(
    layers: Sequence[Layer], x: Array, values: dict[str, Array], dy: Array | None, **how: Any
) -> Driven:
    """Forward through all, backward through all; the first has the weights."""
    inputs, driven = [x], Driven(x, [], {}, {})
    for number, layer in enumerate(layers):
        inputs.append(drive(layer, [inputs[-1]], {} if number else values, **how).y)
    for number, layer in reversed(list(enumerate(layers)) if dy is not None else []):
        driven = drive(layer, [inputs[number]], {} if number else values, dy, **how)
        (dy,) = driven.dxs
    return Driven(inputs[-1], driven.dxs, driven.gradients, driven.buffers)


def check(layers: Sequence[Layer], shape: Shape, dtype: type, seed: int, cuts: list[int]) -> None:
    joined: Layer | None = layers[0]
    end = layers[0].output(shape)
    for layer in layers[1:]:
        assert joined is not None
        joined, end = fuse(joined, layer), layer.output(end)
    assert joined is not None
    if len(layers) == 3:
        after = fuse(layers[1], layers[2])
        assert after is not None
        assert fuse(layers[0], after) == joined
    assert joined.output(shape) == end
    assert joined.weights(shape).keys() == layers[0].weights(shape).keys()
    x = batch_of(shape, 5, seed, dtype)
    values = random_weights(layers[0], [shape], seed, dtype)
    outside = drive(joined, [x], values, training=False, cuts=cuts)
    np.testing.assert_array_equal(outside.y, one_after_the_other(layers, x, values, None, training=False, cuts=cuts).y)
    dy: Array = np.random.default_rng(seed).standard_normal(outside.y.shape).astype(dtype)
    with dirty_memory():
        found = drive(joined, [x], values, dy, cuts=cuts)
    wanted = one_after_the_other(layers, x, values, dy, cuts=cuts)
    np.testing.assert_array_equal(found.y, wanted.y)
    np.testing.assert_array_equal(found.dxs[0], wanted.dxs[0])
    for name, gradient in wanted.gradients.items():
        np.testing.assert_array_equal(found.gradients[name], gradient)
    for name, buffers in wanted.buffers.items():
        np.testing.assert_array_equal(found.buffers[name], buffers)


@settings(max_examples=40, deadline=None)
@given(any_shape, TYPES, SEEDS, st.lists(st.integers(1, 4), max_size=2, unique=True), st.sampled_from([1, 30, 2**17]))
def test_batchnorm_and_relu(shape: Shape, dtype: type, seed: int, cuts: list[int], block: int) -> None:
    with small_blocks(block):
        check([named("batchnorm"), named("relu")], shape, dtype, seed, sorted(cuts))


@settings(max_examples=40, deadline=None)
@given(CASES["maxpool"], TYPES, SEEDS, st.lists(st.integers(1, 4), max_size=2, unique=True))
def test_relu_and_maxpool(case: Case, dtype: type, seed: int, cuts: list[int]) -> None:
    layer, (shape,) = case
    check([named("relu"), layer], shape, dtype, seed, sorted(cuts))


@settings(max_examples=40, deadline=None)
@given(CASES["maxpool"], TYPES, SEEDS, st.lists(st.integers(1, 4), max_size=2, unique=True))
def test_batchnorm_and_relu_and_maxpool(case: Case, dtype: type, seed: int, cuts: list[int]) -> None:
    layer, (shape,) = case
    check([named("batchnorm"), named("relu"), layer], shape, dtype, seed, sorted(cuts))


@pytest.mark.parametrize(("first", "second"), [("relu", "batchnorm"), ("maxpool", "relu"), ("batchnorm", "gelu")])
def test_others_are_not_joined(first: str, second: str) -> None:
    made = [named(name, 2) if name == "maxpool" else named(name) for name in (first, second)]
    assert fuse(made[0], made[1]) is None
