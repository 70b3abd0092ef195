from __future__ import annotations

import numpy as np
import pytest

from tests.kernels.strategies import normals
from tuicnn.kernels.convolution.filtering import POINTS, filtering, products, tile_outputs


@pytest.mark.parametrize(
    ("kernel", "stride"),
    [(2, 1), (3, 1), (4, 1), (5, 1), (6, 1), (2, 2), (3, 2), (4, 2), (5, 2), (6, 2), (7, 2), (5, 3), (9, 2)],
)
@pytest.mark.parametrize("outputs", [1, 2, 3, 4, 5])
def test_a_tile_gives_the_outputs_of_the_filter(kernel: int, stride: int, outputs: int) -> None:
    if outputs + -(-kernel // stride) - 2 > len(POINTS):
        return
    one = filtering(kernel, stride, outputs, "d")
    d, g = normals(0, one.pixels), normals(1, kernel)
    expected = [d[stride * i : stride * i + kernel] @ g for i in range(outputs)]
    np.testing.assert_allclose(one.at @ ((one.g @ g) * (one.bt @ d)), expected, atol=1e-12)
    assert one.step == stride * outputs
    assert one.overlap == kernel - stride
    if kernel > stride:
        assert (one.at[:, one.one] == 1).all()


@pytest.mark.parametrize(
    ("kernel", "stride", "size", "outputs"),
    [
        (3, 1, 32, 4),
        (3, 1, 28, 4),
        (3, 1, 14, 5),
        (3, 1, 7, 4),
        (3, 1, 2, 2),
        (5, 1, 10, 3),
        (3, 2, 16, 4),
        (5, 1, 1, 1),
    ],
)
def test_tiles_fit_the_image(kernel: int, stride: int, size: int, outputs: int) -> None:
    assert tile_outputs(kernel, stride, size, size) == outputs


def test_products_are_counted_by_tiles() -> None:
    assert products(3, 1, 4, 8, 8) == 4 * 36
    assert products(3, 1, 4, 9, 8) == 6 * 36
    assert products(3, 2, 4, 4, 4) == 81
