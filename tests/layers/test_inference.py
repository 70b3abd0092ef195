"""Layers that are joined outside training give what they give one after the other, but for rounding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernels.strategies import dirty_memory, small_blocks
from tests.layers.helpers import Array, named
from tuicnn import Network
from tuicnn.kernels import Window, convolve, convolve_pooled, convolve_pooled_flat, max_pool, min_pool
from tuicnn.kernels.flattening import flattened
from tuicnn.layers import LayerContext
from tuicnn.layers.inference import FALLING_FIRST, RISING

Pair = tuple[int, int]
CHAINS = [
    "conv 6 3x3 pad=1 -> batchnorm -> relu -> maxpool 2 -> flatten -> dense 4",
    "conv 6 3x3 pad=1 bias=false -> batchnorm -> maxpool 2 -> conv 3 2x2 -> flatten -> dense 4 -> batchnorm",
    "conv 5 5x5 pad=2 stride=2 -> gelu -> maxpool 2 -> flatten -> dense 4",
    "conv 6 3x3 -> groupnorm 3 -> gelu -> maxpool 3 stride=2 pad=1 -> flatten -> dense 4",
    "conv 6 3x3 -> groupnorm 2 -> tanh -> globalmaxpool keep=true -> flatten -> dense 4",
    "conv 6 3x3 -> depthwise 3x3 pad=1 -> batchnorm -> hardswish -> globalmaxpool -> dense 4",
    "conv 4 3x3 pad=same -> leakyrelu -> maxpool 2 -> conv 4 1x1 -> batchnorm -> batchnorm -> flatten -> dense 4",
    "conv 4 3x3 as a -> batchnorm -> add { relu -> maxpool 2 | maxpool 2 } -> flatten -> dense 4",
    "conv 4 3x3 as a -> add { gelu -> maxpool 1 | @a } -> flatten -> dense 4",
    "globalavgpool keep=true as a -> concat { groupnorm 1 -> tanh -> globalmaxpool | @a -> flatten } -> dense 4",
    "conv 4 3x3 dilation=2 -> elu -> maxpool 3 -> flatten -> relu -> dense 4",
]


@pytest.mark.parametrize("text", CHAINS)
@pytest.mark.parametrize("image", [(1, 11, 12), (3, 12, 11)])
def test_joined_layers_give_what_they_give_alone(text: str, image: tuple[int, int, int]) -> None:
    network = Network.from_text(text, input=image, classes=4, seed=1, dtype=np.float64)
    random = np.random.default_rng(2)
    for _, weights in network.named_parameters():
        weights[...] = random.normal(size=weights.shape)
    for _, buffers in network.named_buffers():
        buffers[...] = random.uniform(0.2, 2, buffers.shape)
    x = random.standard_normal((image[1], image[2], 5, image[0]))
    wanted = network.executor.outputs(x)[-1]
    assert wanted is not None
    with dirty_memory():
        found = network.executor.infer([np.ascontiguousarray(x[:, :, :2]), np.ascontiguousarray(x[:, :, 2:])])
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-10 * np.abs(wanted).max())


def test_a_normalisation_costs_nothing_outside_training() -> None:
    """It goes into the weights of the convolution; where another layer reads what is normalised, it cannot."""
    for text, units in (
        ("conv 8 3x3 -> batchnorm -> relu -> maxpool 2 -> flatten -> dense 4", 2),
        ("conv 8 3x3 as a -> batchnorm -> add { identity | @a } -> flatten -> dense 4", 5),
    ):
        graph = Network.from_text(text, input=(1, 9, 9), classes=4).executor.graph
        assert len(graph.images + graph.vectors) == units


@pytest.mark.parametrize("kind", RISING + FALLING_FIRST)
def test_functions_rise_or_fall_first(kind: type) -> None:
    x: Array = np.linspace(-12, 12, 4801).reshape(1, -1)
    y, _ = named(kind.__name__.lower()).forward([x], {}, LayerContext(training=False))
    steps = np.diff(y[0])
    falls = np.flatnonzero(steps < -1e-12)
    assert (len(falls) > 0) == (kind in FALLING_FIRST)
    assert not (steps[: falls.max(initial=-1) + 1] > 1e-12).any()


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(st.integers(3, 12), st.integers(3, 12), st.integers(1, 4), st.integers(1, 3), st.integers(1, 5)),
    *[st.tuples(st.integers(1, 3), st.integers(1, 3))] * 3,
    *[st.tuples(st.integers(0, 2), st.integers(0, 2))] * 2,
    st.sampled_from([1, 300, 2**17]),
)
def test_pooling_in_one_with_a_convolution(
    sizes: tuple[int, ...], taps: Pair, stride: Pair, pooled: Pair, down: Pair, across: Pair, block: int
) -> None:
    h, w, n, c, f = sizes
    window, pool = Window(taps, stride, (down, across)), Window(pooled, pooled)
    random = np.random.default_rng(h * w)
    x, weights = random.standard_normal((h, w, n, c)), random.standard_normal((*taps, c, f))
    y, _ = convolve(x, weights, window)
    if min(pool.out(*y.shape[:2])) < 1:
        return
    with small_blocks(block), dirty_memory():
        found = convolve_pooled(x, weights, window, pool, (np.maximum, np.minimum))
        flat = convolve_pooled_flat(x, weights, window, pool, (np.maximum, np.minimum))
    for images, rows, wanted in zip(found, flat, (max_pool(y, pool), min_pool(y, pool)), strict=True):
        np.testing.assert_allclose(images, wanted, atol=1e-10)
        np.testing.assert_allclose(rows.reshape(-1, n).T, flattened(wanted), atol=1e-10)
