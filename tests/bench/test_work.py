"""What is counted as arithmetic."""

from __future__ import annotations

from tuicnn import Network
from tuicnn.bench.work import inference_flops, training_flops


def test_the_first_layer_hands_no_gradient_on() -> None:
    plan = Network.from_text("conv 8 3x3 pad=1 -> relu -> maxpool 2 -> flatten -> dense 10").plan
    conv, dense = 28 * 28 * 8 * 9, 1568 * 10
    assert inference_flops(plan) == 2 * (conv + dense)
    assert training_flops(plan) == 2 * (2 * conv + 3 * dense)


def test_what_nothing_reads_is_not_computed() -> None:
    plan = Network.from_text("relu as a -> conv 2 3x3 -> concat { @a | @a } -> flatten -> dense 10").plan
    assert "conv1" not in [plan.nodes[index].name for index in plan.live]
    assert inference_flops(plan) == 2 * 1568 * 10
    assert training_flops(plan) == 2 * 2 * 1568 * 10
