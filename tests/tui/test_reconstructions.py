"""What the Mistakes view knows of a network whose target is the image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.made_predictions import predictions
from tuicnn.display.terminal import TerminalProfile
from tuicnn.tui.reconstructions import Reconstructions

ERRORS = np.array([0.02, 0.5, 0.04, 0.1], np.float32)


@pytest.fixture
def seen() -> Reconstructions:
    """Four images of the classes a, b, a, b, and c without any."""
    made = predictions([(0, 0, 1.0), (1, 1, 1.0), (0, 0, 1.0), (1, 1, 1.0)], classes=3)
    return Reconstructions(replace(made, accuracy=np.nan, errors=ERRORS), ("a", "b", "c"), TerminalProfile())


def test_the_largest_error_comes_first(seen: Reconstructions) -> None:
    assert seen.numbers(seen.places) == (1, 3, 2, 0)
    assert seen.number == 1
    assert "0.500" in seen.chosen_text
    assert seen.summary == "PSNR 7.8 dB, mean squared error 0.165"


def test_classes_stand_by_their_mean_error_and_are_looked_at_one_by_one(seen: Reconstructions) -> None:
    dash = TerminalProfile().glyphs.dash
    assert seen.class_rows == [("b", "2", "0.300"), ("a", "2", "0.030"), ("c", "0", dash)]
    seen.choose_class(1)
    assert seen.numbers(seen.places) == (2, 0)
    assert seen.title == "a, the largest error first"


def test_a_tile_names_the_class_and_the_error(seen: Reconstructions) -> None:
    tile = seen.tile(3, None)
    assert (tile.truth, tile.said, tile.sure) == ("b", "", "0.100")
