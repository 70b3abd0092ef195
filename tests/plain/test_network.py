"""A network computes what the slow twins say, in outputs and in gradients, whatever its kernels do inside."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.alone import Alone
from tests.layers.helpers import as_written, drive, inner, outer
from tests.layers.table import LAYERS, RANDOM, ROWS
from tests.layers.twins import twin_of
from tests.plain.strategies import FEW, Array, Geometry, apart, geometries, normals
from tuicnn import Network, plain
from tuicnn.layers import Dropout, DropPath

COUNT = 3


def flat(x: Array) -> Array:
    """(N, ...) -> (N, V)."""
    return x.reshape(len(x), -1)


def close(ours: Array, plain_ones: Array, what: str) -> None:
    """Equal but for rounding in float64."""
    np.testing.assert_allclose(ours.reshape(plain_ones.shape), plain_ones, atol=1e-11, rtol=1e-9, err_msg=what)


@pytest.mark.parametrize("name", LAYERS)
@FEW
@given(data=st.data(), tied=st.booleans(), seed=st.integers(0, 1000))
def test_a_layer_is_its_twin(name: str, data: st.DataObject, tied: bool, seed: int) -> None:
    """Outputs in training and after it, gradients by inputs and weights; with equal values among the inputs too."""
    (text, shapes), random = data.draw(ROWS[name]), np.random.default_rng(seed)
    batch = [(COUNT, *shape) for shape in shapes]
    x = [random.integers(-1, 2, s).astype(np.float64) if tied else apart(seed + k, *s) for k, s in enumerate(batch)]
    alone, layer, twin = Alone(text, x), as_written(text), twin_of(LAYERS[name])
    weights = {key: random.standard_normal(w.shape) for key, w in alone.weights().items()}
    weights = {key: np.abs(w) + 0.5 if "var" in key else w for key, w in weights.items()}
    alone.load(x, weights)
    close(alone.forward(), flat((twin.inference or twin.forward)(layer, x, weights)), "y after training")
    if name in RANDOM:
        return
    y = twin.forward(layer, x, weights)
    dxs, gradients = alone.backward()
    wanted = twin.backward(layer, alone.dy(flat(y)).reshape(y.shape), x, weights)
    for k, (dx, twins) in enumerate(zip(dxs, wanted[0], strict=True)):
        close(dx, twins, f"dx {k}")
    for key, gradient in gradients.items():
        close(gradient, wanted[1][key], f"d{key}")


@FEW
@given(st.floats(0, 0.9), st.integers(0, 100))
def test_dropout(p: float, seed: int) -> None:
    """Which values fell is read from the output; the rest is arithmetic."""
    x, dy = np.abs(normals(seed, COUNT, 9)) + 0.1, normals(seed + 1, COUNT, 9)
    driven = drive(Dropout(p), [x], {}, dy, seed=seed)
    mask = (driven.y != 0).astype(np.float64)
    assert driven.dxs[0] is not None
    close(driven.y, plain.dropout(x, mask, p), "y")
    close(driven.dxs[0], plain.dropout_backward(dy, mask, p), "dx")


@FEW
@given(st.floats(0, 0.9), st.sampled_from([(9,), (3, 2, 4)]), st.integers(0, 100))
def test_droppath(p: float, shape: tuple[int, ...], seed: int) -> None:
    """Which images skip is read from one value of each of them; no other of its values differs from it."""
    x, dy = np.abs(normals(seed, COUNT, *shape)) + 0.1, normals(seed + 1, COUNT, *shape)
    driven = drive(DropPath(p), [inner(x)], {}, inner(dy), seed=seed)
    mask = (flat(outer(driven.y))[:, 0] != 0).astype(np.float64)
    assert driven.dxs[0] is not None
    close(outer(driven.y), plain.drop_path(x, mask, p), "y")
    close(outer(driven.dxs[0]), plain.drop_path_backward(dy, mask, p), "dx")


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
    positive = plain.relu(before)
    y = plain.max_pool(positive, *window) if pooled else positive
    slope = alone.dy(flat(y)).reshape(y.shape)
    if pooled:
        slope = plain.max_pool_backward(slope, positive, *window)
    slope = plain.relu_backward(slope, before)
    (dx,), gradients = alone.backward()
    if normalised:
        slope, dweight, dbias = plain.batch_norm_backward(slope, x, weight, 0.01)
        close(gradients["weight"], dweight, "dweight")
        close(gradients["bias"], dbias, "dbias")
    else:
        close(alone.forward(), flat(y), "y")
    close(dx, slope, "dx")


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
    positive = plain.relu(maps)
    pooled = plain.max_pool(positive, (2, 2))
    outputs = plain.dense(plain.flatten(pooled), w["dense1.weight"], w["dense1.bias"])
    found, gradients = network.loss_and_gradients(x, labels)
    close(network.forward(x), outputs, "outputs")
    assert found == pytest.approx(plain.cross_entropy(outputs, labels.tolist()))

    doutputs = plain.cross_entropy_backward(outputs, labels.tolist())
    dpooled, ddense, dbias = plain.dense_backward(doutputs, plain.flatten(pooled), w["dense1.weight"])
    dpositive = plain.max_pool_backward(dpooled.reshape(pooled.shape), positive, (2, 2))
    dmaps = plain.relu_backward(dpositive, maps)
    _, dconv, dconv_bias = plain.convolve_backward(dmaps, x, w["conv1.weight"], pad=around)
    for name, wanted in zip(w, (dconv, dconv_bias, ddense, dbias), strict=True):
        close(gradients[name], wanted, name)
