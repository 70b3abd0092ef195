"""How a layer's weights and their gradients are spread."""

from __future__ import annotations

from pathlib import Path

import hypothesis.extra.numpy as npst
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.observing.test_layer_stats import a_trainer
from tuicnn.errors import UserError
from tuicnn.observing.histograms import BINS, AskHistograms, spread
from tuicnn.observing.layer_stats import AskLayerStats


@given(npst.arrays(np.float32, st.integers(0, 300), elements=st.floats(-5, 5, width=32) | st.just(np.inf)))
def test_all_numbers_are_counted_each_on_its_own_side_of_zero(values: NDArray[np.float32]) -> None:
    shares, reach = spread(values)
    known = values[np.isfinite(values)]
    if not len(known):
        assert not shares.any()
        return
    assert shares.sum() == pytest.approx(1)
    far = np.abs(known) > reach / BINS * 2  # nearer ones may be taken for zero
    assert shares[: BINS // 2].sum() == pytest.approx((known < 0).mean(), abs=1 - far.mean() + 1e-6)
    assert np.abs(known).max() >= reach or reach == 1


def test_the_gradient_is_that_of_the_step_and_is_kept_for_who_asks_only(tmp_path: Path) -> None:
    made = a_trainer(tmp_path)
    names = [node.name for node in made.plan.nodes]
    conv, relu = names.index("conv1"), names.index("relu1")
    with pytest.raises(UserError, match=r"relu1 has no weights\."):
        AskHistograms(relu).answer(made)
    first = AskHistograms(conv).answer(made)
    assert first.weights.sum() == pytest.approx(1)
    assert not len(first.gradients)
    before = made.network.state_dict()
    made.measured.advance(made)
    AskLayerStats().answer(made)
    made.measured.advance(made)  # measured for somebody else, who wants no gradient
    known = AskHistograms(conv).answer(made)
    assert known.gradients.sum() == pytest.approx(1)
    assert known.step == 2
    assert made.measured.gradient is not None
    gradient = made.measured.gradient.weight_gradient
    assert gradient is not None
    assert gradient.size == before["conv1.weight"].size + before["conv1.bias"].size
    other = AskHistograms(names.index("dense1")).answer(made)
    assert not len(other.gradients)
