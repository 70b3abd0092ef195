"""A layer's weights as pictures: each pixel is the weight that its index names."""

from __future__ import annotations

import numpy as np
import pytest

from tests.runs.small import made_data
from tests.training.test_divergence import trainer_of
from tuicnn.errors import UserError
from tuicnn.observing import kernels
from tuicnn.observing.kernels import AskKernels, Kernels
from tuicnn.training.trainer import Trainer

NET = "conv 3 3x3 pad=1 -> relu -> conv 4 2x3 -> maxpool 2 -> flatten -> dropout 0.1 -> dense 14 -> relu -> dense 3"


@pytest.fixture(scope="module")
def trainer(tmp_path_factory: pytest.TempPathFactory) -> Trainer:
    return trainer_of(NET, made_data(tmp_path_factory.mktemp("data")))


def holds(seen: Kernels, trainer: Trainer) -> None:
    weights = trainer.network.state_dict()[seen.array]
    count, height, width = seen.pictures.shape
    for picture in range(count):
        for row in range(height):
            for column in range(width):
                index = seen.index(seen.first + picture, row, column)
                assert seen.pictures[picture, row, column] == weights[index]


@pytest.mark.parametrize("layer", [0, 2, 6, 8])
def test_each_pixel_is_the_weight_of_its_index(trainer: Trainer, layer: int) -> None:
    seen = AskKernels(layer).answer(trainer)
    assert (seen.first, len(seen.pictures)) == (0, seen.count)
    assert seen.pictures.size == trainer.network.state_dict()[seen.array].size
    holds(seen, trainer)


def test_a_dense_layer_that_reads_maps_has_pictures_of_their_size(trainer: Trainer) -> None:
    plan = trainer.plan
    seen = AskKernels(6).answer(trainer)
    assert (seen.channels, *seen.pictures.shape[1:]) == plan.nodes[3].shape
    assert AskKernels(8).answer(trainer).pictures.shape[1:] == (2, 7)


def test_of_many_pictures_as_many_are_sent_as_one_asks_for_and_may_have(
    trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernels, "_MOST", 30)  # five pictures of conv2
    whole = np.concatenate([AskKernels(2, first).answer(trainer).pictures for first in (0, 5, 10)])
    assert len(whole) == 12
    for picture in range(12):
        seen = AskKernels(2, picture).answer(trainer)
        assert seen.first <= picture < seen.first + len(seen.pictures)
        assert np.array_equal(whole[seen.first : seen.first + len(seen.pictures)], seen.pictures)
        holds(seen, trainer)


@pytest.mark.parametrize(
    ("layer", "says"), [(1, "relu1 has no kernels"), (9, "layers are 0 to 8"), (-1, "no layer -1")]
)
def test_what_has_no_kernels_is_said(trainer: Trainer, layer: int, says: str) -> None:
    with pytest.raises(UserError, match=says):
        AskKernels(layer).answer(trainer)


def test_it_is_a_copy(trainer: Trainer) -> None:
    seen = AskKernels(0).answer(trainer)
    before = seen.pictures.copy()
    trainer.advance()
    assert np.array_equal(seen.pictures, before)
