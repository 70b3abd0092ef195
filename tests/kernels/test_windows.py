from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kernels.strategies import normals, small_blocks, windows
from tuicnn.kernels import Window, arrays, channel_sums, image_sums, out_size, spread
from tuicnn.kernels.windows import padded, tap, unpadded, window_view


@given(
    st.integers(1, 30), st.integers(1, 6), st.integers(1, 4), st.integers(0, 4), st.integers(0, 4), st.integers(1, 3)
)
def test_out_size_counts_the_windows_that_fit(
    size: int, kernel: int, stride: int, before: int, after: int, dilation: int
) -> None:
    last = size + after - 1
    starts = [s for s in range(-before, size + after, stride) if s + dilation * (kernel - 1) <= last]
    assert max(0, out_size(size, kernel, stride, before, after, dilation)) == len(starts)


@given(windows(), st.floats(-3, 3))
def test_padding_is_numpys_and_comes_off_again(case: tuple[Window, tuple[int, int]], value: float) -> None:
    window, (h, w) = case
    x = normals(0, 2, h, w, 3)
    xp = padded(x, window.pad, value)
    np.testing.assert_array_equal(xp, np.pad(x, ((0, 0), *window.pad, (0, 0)), constant_values=value))
    np.testing.assert_array_equal(unpadded(xp, window.pad), x)


@given(windows())
def test_taps_and_view_are_the_same_pixels(case: tuple[Window, tuple[int, int]]) -> None:
    window, (h, w) = case
    xp = padded(normals(0, 2, h, w, 3), window.pad)
    view = window_view(xp, window)
    assert view.shape[1:3] == window.out(h, w)
    for i, j in np.ndindex(*window.kernel):
        np.testing.assert_array_equal(tap(xp, window, i, j), view[:, :, :, i, j])
        np.testing.assert_array_equal(
            tap(xp, window, i, j, slice(1, 2), slice(0, view.shape[1])), view[1:2, :, :, i, j]
        )


def test_the_view_cannot_be_written() -> None:
    view = window_view(normals(0, 1, 4, 4, 1), Window((2, 2)))
    with pytest.raises(ValueError, match="read-only"):
        view[0, 0, 0, 0, 0, 0] = 1


@given(st.integers(0, 7), st.integers(1, 9), st.integers(1, 50), st.integers(1, 200))
def test_blocks_cover_everything_once_and_are_contiguous(images: int, rows: int, cost: int, size: int) -> None:
    seen = np.zeros((images, rows), int)
    with small_blocks(size):
        for ns, rs in arrays.blocks(images, rows, cost):
            seen[ns, rs] += 1
            whole_images = rs == slice(0, rows)
            assert whole_images or ns.stop - ns.start == 1
            assert seen[ns, rs].size * cost <= max(size, cost)
    assert (seen == 1).all()


@given(st.integers(1, 5), st.integers(1, 6), st.integers(1, 6), st.integers(1, 9), st.integers(0, 1000))
def test_sums_are_sums(n: int, h: int, w: int, c: int, seed: int) -> None:
    x = normals(seed, n, h, w, c)
    np.testing.assert_allclose(image_sums(x), x.sum(axis=(1, 2)), atol=1e-12)
    np.testing.assert_allclose(channel_sums(x), x.sum(axis=(0, 1, 2)), atol=1e-12)
    np.testing.assert_allclose(channel_sums(x[:, 0, 0]), x[:, 0, 0].sum(axis=0), atol=1e-12)
    np.testing.assert_array_equal(x * spread(x[0, 0, 0], x), x * x[0, 0, 0])


def test_the_error_of_a_sum_does_not_grow_with_the_batch() -> None:
    x = np.full((4096, 8, 8, 2), 0.1, np.float32)
    np.testing.assert_allclose(channel_sums(x) / x[..., 0].size, np.float32(0.1), rtol=1e-6)
