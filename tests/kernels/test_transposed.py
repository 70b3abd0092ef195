from __future__ import annotations

import numpy as np
import pytest

from tests.kernels.definition import convolved
from tests.kernels.strategies import dirty_memory, normals
from tuicnn.kernels import Window, convolve_transposed
from tuicnn.kernels.convolution.transposed import by_phases

#: windows, the small image's size, and whether the large one's pixels are computed phase by phase
CASES = [
    (Window((4, 4), (2, 2), ((1, 1), (1, 1))), (7, 9), True),
    (Window((5, 5), (2, 2), ((2, 1), (1, 2))), (6, 5), True),
    (Window((6, 6), (3, 3), ((2, 1), (2, 1))), (5, 6), True),
    (Window((3, 3), (2, 2), ((1, 0), (1, 0))), (7, 9), True),
    (Window((3, 3), (2, 2), ((1, 1), (1, 1))), (7, 9), False),
    (Window((4, 4), (2, 2), ((2, 2), (2, 2))), (7, 9), False),
]


@pytest.mark.parametrize(("window", "small", "phases"), CASES)
@pytest.mark.parametrize("groups", [1, 2])
def test_it_is_the_adjoint_of_the_convolution_and_adds_the_bias(
    window: Window, small: tuple[int, int], phases: bool, groups: int
) -> None:
    """Σ y·Wᵀx = Σ Wy·x for every y: with x that of one pixel after the other, the definition of each value."""
    size = tuple(
        (n - 1) * stride + kernel - sum(pad)
        for n, stride, kernel, pad in zip(small, window.stride, window.kernel, window.pad, strict=True)
    )
    c, f = 8, 16
    x, weights, bias = (
        normals(0, *small, 2, f * groups),
        normals(1, *window.kernel, c, f * groups),
        normals(2, c * groups),
    )
    assert (by_phases(x.shape[:2], weights[..., :f], window, size) is not None) == phases
    with dirty_memory():
        y = convolve_transposed(x, weights, window, (size[0], size[1]), groups, bias)
    assert y.shape == (*size, 2, c * groups)
    other = normals(3, *y.shape)
    expected = float((other * bias).sum())
    for g in range(groups):
        own, out = slice(g * f, (g + 1) * f), slice(g * c, (g + 1) * c)
        expected += float((convolved(other[..., out], weights[..., own], window) * x[..., own]).sum())
    np.testing.assert_allclose(float((y * other).sum()), expected, rtol=1e-10)
