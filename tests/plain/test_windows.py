"""Windows, borders and columns: laws that hold for any geometry, and PyTorch's unfold and fold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plain.strategies import FEW, Geometry, geometries, normals
from tuicnn import plain

SIDES = st.tuples(st.integers(0, 3), st.integers(0, 3))


@FEW
@given(st.tuples(SIDES, SIDES), st.integers(0, 100))
def test_cropping_is_the_adjoint_of_padding_and_undoes_it(
    pad: tuple[tuple[int, int], tuple[int, int]], seed: int
) -> None:
    x = normals(seed, 2, 3, 4, 5)
    padded = plain.zero_pad(x, pad)
    np.testing.assert_array_equal(padded, np.pad(x, ((0, 0), (0, 0), *pad)))
    np.testing.assert_array_equal(plain.crop(padded, pad), x)
    y = normals(seed + 1, *padded.shape)
    assert np.vdot(padded, y) == pytest.approx(np.vdot(x, plain.crop(y, pad)))


@FEW
@given(geometries(), st.integers(0, 100))
def test_putting_back_is_the_adjoint_of_taking_out(geometry: Geometry, seed: int) -> None:
    padded = plain.zero_pad(normals(seed, 1, 2, *geometry.size), geometry.pad)[0]
    stride, dilation = geometry.stride, geometry.dilation
    window = plain.window_of(padded, 0, 0, geometry.kernel, stride, dilation)
    other, back = normals(seed + 1, *window.shape), np.zeros_like(padded)
    plain.put_back(back, other, 0, 0, stride, dilation)
    assert np.vdot(window, other) == pytest.approx(np.vdot(padded, back))


@FEW
@given(geometries(), st.integers(1, 3), st.integers(0, 100))
def test_col2im_is_the_adjoint_of_im2col(geometry: Geometry, channels: int, seed: int) -> None:
    x = normals(seed, 2, channels, *geometry.size)
    columns = plain.im2col(x, geometry.kernel, **geometry.how)
    y = normals(seed + 1, *columns.shape)
    back = plain.col2im(y, geometry.size, geometry.kernel, **geometry.how)
    assert np.vdot(columns, y) == pytest.approx(np.vdot(x, back))


@FEW
@given(geometries(), st.integers(1, 3), st.integers(0, 100))
def test_a_convolution_is_a_product_with_the_columns(geometry: Geometry, channels: int, seed: int) -> None:
    x, weights = normals(seed, 2, channels, *geometry.size), normals(seed + 1, 3, channels, *geometry.kernel)
    y = plain.convolve(x, weights, **geometry.how)
    columns = plain.im2col(x, geometry.kernel, **geometry.how)
    np.testing.assert_allclose(y, (weights.reshape(3, -1) @ columns).reshape(y.shape), atol=1e-12)


@FEW
@given(geometries(even=True), st.integers(0, 100))
def test_columns_are_pytorchs(geometry: Geometry, seed: int) -> None:
    torch = pytest.importorskip("torch")
    (top, _), (left, _) = geometry.pad
    how = {"padding": (top, left), "stride": geometry.stride, "dilation": geometry.dilation}
    x = normals(seed, 2, 3, *geometry.size)
    columns = plain.im2col(x, geometry.kernel, **geometry.how)
    theirs = torch.nn.functional.unfold(torch.tensor(x), geometry.kernel, **how)
    np.testing.assert_array_equal(columns, theirs.numpy())
    back = plain.col2im(columns, geometry.size, geometry.kernel, **geometry.how)
    theirs = torch.nn.functional.fold(theirs, geometry.size, geometry.kernel, **how)
    np.testing.assert_allclose(back, theirs.numpy(), atol=1e-12)


def test_whole_numbers_are_not_cut_off() -> None:
    x: Any = np.arange(4).reshape(1, 1, 2, 2)
    assert plain.average_pool(x, (2, 2)).item() == 1.5
    assert plain.convolve(x, np.full((1, 1, 2, 2), 0.5)).item() == 3.0


def test_what_does_not_fit_is_said() -> None:
    image = np.zeros((3, 5, 5))
    with pytest.raises(ValueError, match=r"write image\[None\] for one image"):
        plain.zero_pad(image)
    with pytest.raises(ValueError, match=r"does not fit in 5x5"):
        plain.max_pool(image[None], (6, 6))
    with pytest.raises(ValueError, match=r"each filter must have 3 channels, not 2"):
        plain.convolve(image[None], np.zeros((4, 2, 3, 3)))
    with pytest.raises(ValueError, match=r"groups=2 must divide the 3 channels"):
        plain.convolve(image[None], np.zeros((4, 1, 3, 3)), groups=2)
    with pytest.raises(ValueError, match=r"dy must be an array of \(1, 3, 2, 2\), not \(1, 3, 3, 3\)"):
        plain.average_pool_backward(np.zeros((1, 3, 3, 3)), (5, 5), (2, 2))
    with pytest.raises(ValueError, match=r"vectors must be an array of \(N, V\)"):
        plain.dense(image, np.zeros((2, 25)))
    with pytest.raises(ValueError, match=r"labels must lie between 0 and 2"):
        plain.cross_entropy(np.zeros((1, 3)), [3])
