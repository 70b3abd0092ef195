"""What is said of images is told as it is, also by a network that gives NaN."""

from __future__ import annotations

import numpy as np
import pytest

from tuicnn.engine.evaluation import Evaluation
from tuicnn.losses import CrossEntropy


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_network_that_gives_nan_has_no_right_class_among_the_most_probable() -> None:
    z = np.array([[0.0, 3.0, 1.0, 2.0], [np.nan] * 4, [3.0, 3.0, 1.0, 0.0]])
    found = Evaluation.of_shards([Evaluation.of_shard(CrossEntropy(), z, np.array([2, 0, 1]))], 3)
    assert found.ranks.tolist() == [2, 4, 0]
    assert np.isnan(found.confidences).tolist() == [False, True, False]
