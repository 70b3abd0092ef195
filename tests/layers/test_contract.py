"""What the plan is told of a layer is what the layer does."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.layers.helpers import Array, as_written, batch_of, drive, named, outer, random_weights
from tests.layers.table import CASES, LAYERS, PRODUCTS, RANDOM, ROWS, Case
from tuicnn.layers import ConvTranspose, Layer, LayerContext
from tuicnn.vocabulary import Size, arguments, info, written


def test_every_layer_of_the_language_has_a_row() -> None:
    assert set(ROWS) == set(LAYERS)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", CASES)
@settings(max_examples=12, deadline=None)
@given(data=st.data(), seed=st.integers(0, 10_000))
def test_shapes_and_types_are_kept(name: str, dtype: type, data: st.DataObject, seed: int) -> None:
    layer, shapes = data.draw(CASES[name])
    inputs = [batch_of(shape, 3, seed + k, dtype) for k, shape in enumerate(shapes)]
    values = random_weights(layer, shapes, seed, dtype)
    y = drive(layer, inputs, values).y
    assert outer(y).shape[1:] == layer.output(*shapes)
    assert all(isinstance(n, int) for n in layer.output(*shapes))
    driven = drive(layer, inputs, values, np.ones_like(y))
    found = [y, drive(layer, inputs, values, training=False).y, *driven.dxs, *driven.gradients.values()]
    assert {array.dtype for array in (*found, *driven.buffers.values()) if array is not None} == {np.dtype(dtype)}
    assert [dx.shape for dx in driven.dxs if dx is not None] == [x.shape for x in inputs]
    assert all(np.isfinite(array).all() for array in found if array is not None)


@pytest.mark.parametrize("name", [name for name in CASES if name not in RANDOM])  # masks are drawn for each shard
@settings(max_examples=12, deadline=None)
@given(data=st.data(), seed=st.integers(0, 10_000), cut=st.integers(1, 4), other=st.integers(1, 4))
def test_shards_put_together_give_what_one_shard_gives(
    name: str, data: st.DataObject, seed: int, cut: int, other: int
) -> None:
    layer, shapes = data.draw(CASES[name])
    inputs = [batch_of(shape, 5, seed + k) for k, shape in enumerate(shapes)]
    values = random_weights(layer, shapes, seed)
    y = drive(layer, inputs, values).y
    dy: Array = np.random.default_rng(seed).standard_normal(y.shape)
    whole = drive(layer, inputs, values, dy)
    cuts = sorted({cut, other})
    parts = drive(layer, inputs, values, dy, cuts=cuts)
    np.testing.assert_allclose(parts.y, whole.y, atol=1e-10)
    for a, b in zip(parts.dxs, whole.dxs, strict=True):
        assert a is not None
        assert b is not None
        np.testing.assert_allclose(a, b, atol=1e-9)
    for key in whole.gradients:
        np.testing.assert_allclose(parts.gradients[key], whole.gradients[key], atol=1e-9)
    for key in whole.buffers:
        np.testing.assert_allclose(parts.buffers[key], whole.buffers[key], atol=1e-10)


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=2, deadline=None)
@given(data=st.data())
def test_several_threads_may_use_one_layer(name: str, data: st.DataObject) -> None:
    layer, shapes = data.draw(CASES[name])
    weights = random_weights(layer, shapes, 0)

    def one(seed: int) -> tuple[Array, list[Array | None], dict[str, Array]]:
        inputs = [batch_of(shape, 8, seed + k) for k, shape in enumerate(shapes)]
        driven = drive(layer, inputs, weights, batch_of(layer.output(*shapes), 8, seed + 100), seed=seed)
        return driven.y, driven.dxs, driven.gradients

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(one, range(12)))
    for seed, found in enumerate(together):
        alone = one(seed)
        for a, b in zip(
            (found[0], *found[1], *found[2].values()), (alone[0], *alone[1], *alone[2].values()), strict=True
        ):
            np.testing.assert_array_equal(a, b)


@settings(max_examples=30, deadline=None)
@given(st.one_of(*(CASES[name] for name in PRODUCTS)))
def test_macs_are_the_products_that_are_summed(case: Case) -> None:
    """With all inputs and weights 1 and no border, an output is the number of its products."""
    layer, (shape,) = case
    if len(shape) == 3:
        (top, bottom), (left, right) = layer.window.pad  # type: ignore[attr-defined]
        if isinstance(layer, ConvTranspose):  # its border is cut off what comes out
            top = bottom = left = right = 0
        bordered = (shape[0], shape[1] + top + bottom, shape[2] + left + right)
        bare: Layer = replace(layer, pad="valid", bias=False)  # type: ignore[type-var]
        assert layer.macs(shape) == bare.macs(bordered)
        layer, shape = bare, bordered
    else:
        layer = replace(layer, bias=False)  # type: ignore[type-var]
    ones = {name: np.ones(spec.shape) for name, spec in layer.weights(shape).items()}
    y = drive(layer, [np.ones_like(batch_of(shape, 1, 0))], ones).y
    assert layer.macs(shape) == y.sum()


@pytest.mark.parametrize("name", sorted(set(CASES) - set(PRODUCTS)))
@given(data=st.data())
def test_layers_without_products_cost_none(name: str, data: st.DataObject) -> None:
    layer, shapes = data.draw(CASES[name])
    assert layer.macs(*shapes) == 0


@pytest.mark.parametrize("name", LAYERS)
def test_every_example_makes_the_layer(name: str) -> None:
    about = info(LAYERS[name])
    assert about.example.split()[0] == about.usage.split()[0] == name
    layer = as_written(about.example.split(" {")[0])
    assert isinstance(layer, LAYERS[name])
    assert about.help
    assert about.help[-1] != "."
    assert all(a.help for a in arguments(layer))


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_a_layer_is_written_as_it_is_read(name: str, data: st.DataObject) -> None:
    layer, _ = data.draw(CASES[name])
    assert hash(layer) == hash(layer)
    assert as_written(written(layer)) == layer


def test_aliases_are_no_names_and_are_not_shared() -> None:
    aliases = [alias for cls in LAYERS.values() for alias in info(cls).aliases]
    assert len(set(aliases)) == len(aliases)
    assert not set(aliases) & set(LAYERS)
    wanted = {
        "fc": "dense",
        "linear": "dense",
        "conv2d": "conv",
        "pool": "maxpool",
        "bn": "batchnorm",
        "gap": "globalavgpool",
    }
    for alias, name in wanted.items():
        assert alias in info(LAYERS[name]).aliases


@settings(max_examples=30, deadline=None)
@given(CASES["conv"], st.integers(0, 1000))
def test_same_keeps_the_size_divided_by_the_stride(case: Case, seed: int) -> None:
    layer = type(case[0])(**{**vars(case[0]), "pad": "same"})
    _, h, w = case[1][0]
    stride = layer.stride  # type: ignore[attr-defined]
    assert layer.output(case[1][0])[1:] == (math.ceil(h / stride[0]), math.ceil(w / stride[1]))


@pytest.mark.parametrize("name", PRODUCTS)
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_first_layers_need_not_compute_the_images_gradient(name: str, data: st.DataObject) -> None:
    layer, (shape,) = data.draw(CASES[name])
    weights = random_weights(layer, [shape], 0)
    y, saved = layer.forward([batch_of(shape, 2, 0)], weights, LayerContext(True))
    gradients = {name: np.full_like(v, np.nan) for name, v in weights.items()}
    assert layer.backward(y, saved, weights, gradients, LayerContext(True, needs_input_gradient=False)) == (None,)
    assert all(np.isfinite(g).all() for g in gradients.values())


def test_fans_count_what_one_output_sums_and_where_one_input_goes() -> None:
    """Names and shapes are compared in `test_torch`, by loading them."""
    for layer, shape, fans in (
        (named("conv", 8, 3, groups=2), (4, 9, 9), (18, 36)),
        (named("depthwise", Size((3, 5))), (4, 9, 9), (15, 15)),
        (named("dense", 10), (7,), (7, 10)),
        (named("convtranspose", 8, 4, stride=2, groups=2), (4, 9, 9), (8, 64)),
    ):
        weight = layer.weights(shape)["weight"]
        assert (weight.fan_in, weight.fan_out) == fans
