from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernels.strategies import dirty_memory, normals, windows
from tuicnn.kernels import Window, out_size
from tuicnn.kernels.windows import padded, tap, unpadded


@given(
    st.integers(1, 30), st.integers(1, 6), st.integers(1, 4), st.integers(0, 4), st.integers(0, 4), st.integers(1, 3)
)
def test_out_size_counts_the_windows_that_fit(
    size: int, kernel: int, stride: int, before: int, after: int, dilation: int
) -> None:
    last = size + after - 1
    starts = [s for s in range(-before, size + after, stride) if s + dilation * (kernel - 1) <= last]
    assert max(0, out_size(size, kernel, stride, before, after, dilation)) == len(starts)


@settings(deadline=None)
@given(windows())
def test_padding_is_numpys_and_comes_off_again(case: tuple[Window, tuple[int, int]]) -> None:
    window, (h, w) = case
    x = normals(0, h, w, 2, 3)
    with dirty_memory():
        xp = padded(x, window.pad)
    np.testing.assert_array_equal(xp, np.pad(x, (*window.pad, (0, 0), (0, 0))))
    np.testing.assert_array_equal(unpadded(xp, window.pad), x)


@settings(deadline=None)
@given(windows())
def test_a_tap_is_the_pixel_that_each_window_meets(case: tuple[Window, tuple[int, int]]) -> None:
    window, (h, w) = case
    xp = padded(normals(0, h, w, 2, 3), window.pad)
    oh, ow = window.out(h, w)
    for i, j in np.ndindex(*window.kernel):
        met = tap(xp, window, i, j)
        assert met.shape == (oh, ow, 2, 3)
        for row, column in np.ndindex(oh, ow):
            place = row * window.stride[0] + i * window.dilation[0], column * window.stride[1] + j * window.dilation[1]
            np.testing.assert_array_equal(met[row, column], xp[place])
        np.testing.assert_array_equal(tap(xp, window, i, j, slice(oh - 1, oh)), met[oh - 1 :])
