"""A network computes what the slow twins say, in outputs and in gradients, whatever its kernels do inside."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.alone import Alone
from tests.plain.strategies import FEW, Array, Geometry, apart, geometries, normals
from tuicnn import Network, plain

COUNT = 3
CHANNELS = st.sampled_from([(1, 1, 1), (1, 4, 1), (3, 2, 1), (4, 6, 2), (6, 3, 3), (3, 3, 3), (9, 8, 1)])


def flat(x: Array) -> Array:
    """(N, ...) -> (N, V)."""
    return x.reshape(len(x), -1)


def close(ours: Array, plain_ones: Array, what: str) -> None:
    """Equal but for rounding in float64."""
    np.testing.assert_allclose(ours.reshape(plain_ones.shape), plain_ones, atol=1e-11, rtol=1e-9, err_msg=what)


@FEW
@given(geometries(even=True), CHANNELS, st.booleans(), st.integers(0, 100))
def test_convolution(geometry: Geometry, channels: tuple[int, int, int], biased: bool, seed: int) -> None:
    c, f, groups = channels
    x, weights = normals(seed, COUNT, c, *geometry.size), normals(seed + 1, f, c // groups, *geometry.kernel)
    bias = normals(seed + 2, f) if biased else np.zeros(f)
    kernel = "x".join(map(str, geometry.kernel))
    given = {"weight": weights, "bias": bias} if biased else {"weight": weights}
    option = "" if biased else " bias=false"
    words = [f"conv {f} {kernel} groups={groups}"] + ([f"depthwise {kernel}"] if f == c == groups else [])
    for word in words:
        alone = Alone(f"{word} {geometry.written}{option}", [x], given)
        y = plain.convolve(x, weights, bias, **geometry.how, groups=groups)
        close(alone.forward(), flat(y), "y")
        (dx,), own = alone.backward()
        wanted = plain.convolve_backward(alone.dy().reshape(y.shape), x, weights, **geometry.how, groups=groups)
        close(dx, wanted[0], "dx")
        close(own["weight"], wanted[1], "dw")
        if biased:
            close(own["bias"], wanted[2], "db")


@FEW
@given(geometries(), st.sampled_from([(1, 2), (3, 1), (8, 5)]), st.integers(0, 100))
def test_same_padding(geometry: Geometry, channels: tuple[int, int], seed: int) -> None:
    """`pad=same` is span - 1 zeros in all along each axis, the odd one at the end."""
    c, f = channels
    size = (geometry.size[0] + 2, geometry.size[1] + 2)
    totals = [d * (k - 1) for d, k in zip(geometry.dilation, geometry.kernel, strict=True)]
    top, left = (total // 2 for total in totals)
    pad = ((top, totals[0] - top), (left, totals[1] - left))
    x, weights, bias = normals(seed, COUNT, c, *size), normals(seed, f, c, *geometry.kernel), normals(seed + 1, f)
    (kh, kw), (sh, sw), (dh, dw) = geometry.kernel, geometry.stride, geometry.dilation
    layer = f"conv {f} {kh}x{kw} pad=same stride={sh}x{sw} dilation={dh}x{dw}"
    alone = Alone(layer, [x], {"weight": weights, "bias": bias})
    y = plain.convolve(x, weights, bias, geometry.stride, pad, geometry.dilation)
    close(alone.forward(), flat(y), "y")
    (dx,), own = alone.backward()
    slope = alone.dy().reshape(y.shape)
    wanted = plain.convolve_backward(slope, x, weights, geometry.stride, pad, geometry.dilation)
    for ours, theirs, what in zip((dx, own["weight"], own["bias"]), wanted, ("dx", "dw", "db"), strict=True):
        close(ours, theirs, what)


@FEW
@given(geometries(pooling=True, even=True), st.integers(1, 9), st.booleans(), st.integers(0, 100))
def test_pooling(geometry: Geometry, channels: int, tied: bool, seed: int) -> None:
    shape = (COUNT, channels, *geometry.size)
    x = np.random.default_rng(seed).integers(0, 3, shape).astype(np.float64) if tied else apart(seed, *shape)
    kernel, stride, pad = geometry.kernel, geometry.stride, geometry.pad
    written = f"{kernel[0]}x{kernel[1]} {geometry.written}"
    alone = Alone(f"maxpool {written}", [x])
    y = plain.max_pool(x, kernel, stride, pad)
    close(alone.forward(), flat(y), "largest")
    wanted = plain.max_pool_backward(alone.dy().reshape(y.shape), x, kernel, stride, pad)
    close(alone.backward()[0][0], wanted, "gradient of the largest")
    alone = Alone(f"avgpool {written}", [x])
    y = plain.average_pool(x, kernel, stride, pad)
    close(alone.forward(), flat(y), "mean")
    wanted = plain.average_pool_backward(alone.dy().reshape(y.shape), geometry.size, kernel, stride, pad)
    close(alone.backward()[0][0], wanted, "gradient of the mean")


@FEW
@given(st.integers(1, 20), st.integers(1, 9), st.integers(0, 100))
def test_dense(values: int, outputs: int, seed: int) -> None:
    x, weights, bias = normals(seed, COUNT, values), normals(seed + 1, outputs, values), normals(seed + 2, outputs)
    alone = Alone(f"dense {outputs}", [x], {"weight": weights, "bias": bias})
    close(alone.forward(), plain.dense(x, weights, bias), "y")
    (dx,), own = alone.backward()
    wanted = plain.dense_backward(alone.dy(), x, weights)
    for ours, theirs, what in zip((dx, own["weight"], own["bias"]), wanted, ("dx", "dw", "db"), strict=True):
        close(ours, theirs, what)


@FEW
@given(st.tuples(st.integers(1, 9), st.integers(1, 4), st.integers(1, 4)), st.integers(0, 100))
def test_batch_normalisation(shape: tuple[int, int, int], seed: int) -> None:
    x, weight, bias = normals(seed, COUNT, *shape), normals(seed + 1, shape[0]), normals(seed + 2, shape[0])
    alone = Alone("batchnorm eps=0.01", [x], {"weight": weight, "bias": bias})
    slope = alone.dy(flat(plain.batch_norm(x, weight, bias, 0.01))).reshape(x.shape)
    (dx,), own = alone.backward()
    wanted = plain.batch_norm_backward(slope, x, weight, 0.01)
    for ours, theirs, what in zip((dx, own["weight"], own["bias"]), wanted, ("dx", "dw", "db"), strict=True):
        close(ours, theirs, what)


@settings(FEW, max_examples=12)
@given(
    st.sampled_from([(3, 3, 1), (3, 3, 1), (3, 3, 2), (1, 1, 1), (1, 1, 2), (5, 5, 1), (3, 1, 1), (2, 2, 2)]),
    st.tuples(st.integers(8, 12), st.integers(8, 17)),
    st.tuples(st.integers(5, 10), st.integers(5, 10)),
    st.integers(0, 2),
    st.integers(0, 100),
)
def test_wide_convolution(
    kernel: tuple[int, int, int], channels: tuple[int, int], size: tuple[int, int], pad: int, seed: int
) -> None:
    """With more channels, where a quicker way may be taken: against products with the slow twin's columns."""
    (kh, kw, step), (c, f) = kernel, channels
    x, weights, bias = normals(seed, 2, c, *size), normals(seed + 1, f, c, kh, kw), normals(seed + 2, f)
    alone = Alone(f"conv {f} {kh}x{kw} stride={step} pad={pad}", [x], {"weight": weights, "bias": bias})
    how = (step, step), ((pad, pad), (pad, pad))
    columns, rows = plain.im2col(x, (kh, kw), *how), weights.reshape(f, -1)
    y = rows @ columns + bias[:, None]
    close(alone.forward(), flat(y), "y")
    (dx,), own = alone.backward()
    slope = alone.dy().reshape(y.shape)
    close(dx, plain.col2im(rows.T @ slope, size, (kh, kw), *how), "dx")
    close(own["weight"], np.einsum("nfp,nkp->fk", slope, columns).reshape(weights.shape), "dw")
    close(own["bias"], slope.sum(axis=(0, 2)), "db")


@pytest.mark.parametrize("chain", ["batchnorm -> relu", "relu -> maxpool", "batchnorm -> relu -> maxpool"])
@FEW
@given(geometry=geometries(pooling=True, even=True), channels=st.integers(1, 9), seed=st.integers(0, 100))
def test_layers_that_follow_each_other(chain: str, geometry: Geometry, channels: int, seed: int) -> None:
    """Neighbours that may be computed in one go."""
    x, weight, bias = apart(seed, COUNT, channels, *geometry.size), normals(seed, channels), normals(seed + 1, channels)
    normalised, pooled = "batchnorm" in chain, "maxpool" in chain
    window = geometry.kernel, geometry.stride, geometry.pad
    size = f"maxpool {geometry.kernel[0]}x{geometry.kernel[1]} {geometry.written}"
    text = chain.replace("batchnorm", "batchnorm eps=0.01").replace("maxpool", size)
    alone = Alone(text, [x], {"weight": weight, "bias": bias} if normalised else {})
    before = plain.batch_norm(x, weight, bias, 0.01) if normalised else x
    positive = np.maximum(before, 0)
    y = plain.max_pool(positive, *window) if pooled else positive
    slope = alone.dy(flat(y)).reshape(y.shape)
    if pooled:
        slope = plain.max_pool_backward(slope, positive, *window)
    slope = slope * (before > 0)
    (dx,), gradients = alone.backward()
    if normalised:
        slope, dweight, dbias = plain.batch_norm_backward(slope, x, weight, 0.01)
        close(gradients["weight"], dweight, "dweight")
        close(gradients["bias"], dbias, "dbias")
    else:
        close(alone.forward(), flat(y), "y")
    close(dx, slope, "dx")


@FEW
@given(st.integers(0, 2), st.integers(0, 2), st.integers(0, 100))
def test_zeros_around(rows: int, columns: int, seed: int) -> None:
    x, pad = normals(seed, COUNT, 2, 3, 4), ((rows, rows), (columns, columns))
    alone = Alone(f"zeropad {rows}x{columns}", [x])
    y = plain.zero_pad(x, pad)
    np.testing.assert_array_equal(alone.forward(), flat(y))
    close(alone.backward()[0][0], plain.crop(alone.dy().reshape(y.shape), pad), "dx")


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1000))
def test_a_whole_network(seed: int) -> None:
    """The loss of a small network and the gradient by each of its weights, link by link of the chain rule."""
    network = Network.from_text(
        "conv 3 3x3 pad=1 -> relu -> maxpool 2 -> flatten -> dense 4", input=(2, 6, 5), classes=4, dtype=np.float64
    )
    w = {name: normals(seed + k, *a.shape) for k, (name, a) in enumerate(network.named_parameters())}
    network.load_state_dict(w)
    x, labels = normals(seed, 4, 2, 6, 5), np.array([0, 3, 1, 1])
    around = ((1, 1), (1, 1))

    maps = plain.convolve(x, w["conv1.weight"], w["conv1.bias"], pad=around)
    positive = np.maximum(maps, 0)
    pooled = plain.max_pool(positive, (2, 2))
    outputs = plain.dense(flat(pooled), w["dense1.weight"], w["dense1.bias"])
    found, gradients = network.loss_and_gradients(x, labels)
    close(network.forward(x), outputs, "outputs")
    assert found == pytest.approx(plain.cross_entropy(outputs, labels.tolist()))

    doutputs = plain.cross_entropy_backward(outputs, labels.tolist())
    dpooled, ddense, dbias = plain.dense_backward(doutputs, flat(pooled), w["dense1.weight"])
    dpositive = plain.max_pool_backward(dpooled.reshape(pooled.shape), positive, (2, 2))
    open_gates: NDArray[np.bool_] = maps > 0
    _, dconv, dconv_bias = plain.convolve_backward(dpositive * open_gates, x, w["conv1.weight"], pad=around)
    for name, wanted in zip(w, (dconv, dconv_bias, ddense, dbias), strict=True):
        close(gradients[name], wanted, name)
