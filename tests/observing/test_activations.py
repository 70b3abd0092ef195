"""One validation image on its way through the network of a run that trains, pauses, or has ended."""

from __future__ import annotations

import numpy as np
import pytest

from tests.faults.waiting import until
from tests.training.test_session import NET, in_background, session
from tuicnn.errors import UserError
from tuicnn.observing.activations import Activations, AskActivations
from tuicnn.observing.image import PinnedImage
from tuicnn.training.events import State
from tuicnn.training.session import Session


def seen_in(run: Session, layer: int, sample: int) -> Activations:
    return run.ask(AskActivations(layer, PinnedImage(sample)).answer).result(10)


def test_what_is_seen_is_what_the_network_computes() -> None:
    made, _ = session(NET.replace("epochs=2", "epochs=500"))
    with in_background(made):
        until(lambda: made.progress().step >= 2)
        assert seen_in(made, 1, 5).maps.shape == (4, 26, 26)
        made.control.pause()
        until(lambda: made.progress().state is State.PAUSED)
        layers = [seen_in(made, layer, 103) for layer in range(5)]
    assert made.network is not None
    last = layers[-1]
    assert (last.sample, last.samples, last.step) == (3, 100, made.progress().step)
    data = made._trainer.dataset  # type: ignore[union-attr]
    assert np.array_equal(last.image, data.val_images[3])
    assert last.label == data.val_labels[3]
    image = (last.image.astype(np.float32) / 255 - data.mean) / data.std
    logits = made.network.forward(image.transpose(2, 0, 1)[None])[0]
    np.testing.assert_allclose(last.maps, logits, rtol=1e-4, atol=1e-5)
    exponentials = np.exp(last.maps - last.maps.max())
    np.testing.assert_allclose(last.probabilities, exponentials / exponentials.sum(), rtol=1e-4, atol=1e-6)
    assert np.array_equal(layers[1].maps, np.maximum(layers[0].maps, 0))
    assert layers[2].maps.shape == (4, 13, 13)
    # after the run has ended too, with its last weights
    assert seen_in(made, 0, 1).maps.shape == (4, 26, 26)


@pytest.mark.parametrize("layer", [-1, 5, 2**62])
def test_a_layer_that_there_is_not_is_refused_in_a_sentence(layer: int) -> None:
    made, _ = session()
    made.run()
    with pytest.raises(UserError, match=rf"There is no layer {layer}: the layers are 0 to 4\."):
        seen_in(made, layer, 0)
