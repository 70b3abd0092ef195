"""What the Maps view goes through: each pixel and value has the address that names it in the network."""

from __future__ import annotations

import numpy as np
import pytest

from tuicnn.language import check
from tuicnn.observing.activations import Activations
from tuicnn.observing.kernels import Kernels
from tuicnn.specimen.address import parse
from tuicnn.specimen.names import Names
from tuicnn.training.overview import rows_of
from tuicnn.tui.gallery import Gallery

NET = """\
data: mnist
conv 4 5x5 as image -> relu -> conv 6 3x3 stride=2 -> globalavgpool -> reshape 6x1x1 -> flatten -> dense 10
"""


def galleries() -> list[Gallery]:
    plan = check(NET).plan
    assert plan is not None
    made = []
    for number, row in enumerate(rows_of(plan)):
        maps = np.zeros(row.shape, np.float32)
        seen = Activations(0, 1, 0, np.zeros((28, 28, 1), np.uint8), number, maps, np.zeros(10, np.float32), 0)
        made.append(Gallery.of_maps(row, seen))
        if row.kind in ("conv", "dense"):
            channels, side = {"image": (1, 5), "conv1": (4, 3), "dense1": (6, 1)}[row.name]
            count = row.shape[0] * channels
            pictures = np.zeros((count, side, side), np.float32)
            kernels = Kernels(number, f"{row.name}.weight", count, 0, channels, pictures, row.kind == "dense", 0)
            made.append(Gallery.of_kernels(row, kernels))
    return made


@pytest.mark.parametrize("gallery", galleries(), ids=lambda gallery: f"{gallery.row.name}-{gallery.size}")
def test_every_address_is_one_that_the_network_has_and_no_two_are_the_same(gallery: Gallery) -> None:
    plan = check(NET).plan
    assert plan is not None
    names, seen = Names(plan), set()
    high, wide = (1, 1) if gallery.flat else gallery.pictures.shape[1:]
    for chosen in range(gallery.count):
        for row in range(0, high, max(1, high - 1)):
            for column in range(0, wide, max(1, wide - 1)):
                address = gallery.address(chosen, (row, column))
                shape = names.places[parse(address).target].shape
                assert all(0 <= i < n for i, n in zip(parse(address).index, shape, strict=True))
                seen.add(address)
    assert len(seen) == gallery.count * len(range(0, high, max(1, high - 1))) * len(range(0, wide, max(1, wide - 1)))


@pytest.mark.parametrize("gallery", galleries(), ids=lambda gallery: f"{gallery.row.name}-{gallery.size}")
def test_what_is_outside_is_brought_to_the_nearest_that_there_is(gallery: Gallery) -> None:
    assert gallery.inside(-3, (0, 0))[0] == 0
    chosen, (row, column) = gallery.inside(10**6, (10**6, 10**6))
    assert chosen == gallery.count - 1
    if not gallery.flat:
        assert (row + 1, column + 1) == gallery.pictures.shape[1:]
