"""What is said where a layer cannot take what it is given, and what it suggests is right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.layers.helpers import as_written
from tuicnn.layers import Layer, Shape, ShapeError, shape_text


def complaint(text: str, *shapes: Shape) -> ShapeError:
    with pytest.raises(ShapeError) as caught:
        as_written(text).output(*shapes)
    return caught.value


def told(text: str, *shapes: Shape) -> tuple[str, str, str]:
    error = complaint(text, *shapes)
    return str(error), error.write, error.argument


def test_dense_needs_a_vector() -> None:
    assert told("dense 10", (8, 14, 14)) == ("dense needs a flat vector but receives 8x14x14", "flatten ->", "")


@pytest.mark.parametrize(
    "text",
    [
        "conv 8 3x3",
        "depthwise 3",
        "maxpool 2",
        "avgpool 2",
        "globalavgpool",
        "globalmaxpool",
        "zeropad 1",
        "upsample 2",
        "lrn 5",
        "transpose",
    ],
)
def test_what_needs_an_image(text: str) -> None:
    message, help, _ = told(text, (1568,))
    assert message == f"{text.split()[0]} needs an image but receives 1568 values"
    assert help == "reshape 2x28x28 ->"


@pytest.mark.parametrize("name", ["conv 4", "depthwise", "maxpool", "avgpool"])
def test_a_window_too_large(name: str) -> None:
    message, help, argument = told(f"{name} 5x5", (8, 3, 3))
    assert message == "a 5x5 window does not fit in 8x3x3"
    assert help == "pad=2"
    assert argument == "kernel"


def test_a_window_too_large_for_its_padding_or_by_its_dilation() -> None:
    assert told("conv 1 7 pad=1", (8, 3, 3))[0] == "a 7x7 window does not fit in 8x3x3 even with its padding"
    message, help, _ = told("conv 1 3 dilation=2", (8, 4, 4))
    assert message == "a 3x3 window, 5x5 with its dilation, does not fit in 8x4x4"
    assert help == "pad=2"


@given(
    st.sampled_from(["conv 1", "depthwise", "maxpool", "avgpool"]),
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
)
def test_the_padding_that_is_suggested_fits(name: str, kernel: tuple[int, int], size: tuple[int, int]) -> None:
    text = f"{name} {kernel[0]}x{kernel[1]}"
    try:
        shape = as_written(text).output((2, *size))
    except ShapeError as error:
        shape = as_written(f"{text} {error.write}").output((2, *size))
    assert min(shape) >= 1


def test_groups_divide_channels_and_filters() -> None:
    assert told("conv 8 3 groups=3", (6, 9, 9)) == ("groups=3 does not divide the 8 filters", "groups=2", "groups")
    assert told("conv 8 3 groups=4", (6, 9, 9)) == (
        "groups=4 does not divide the 6 channels that it receives",
        "groups=2",
        "groups",
    )
    assert told("groupnorm 4", (6, 9, 9)) == (
        "4 groups do not divide the 6 channels that groupnorm receives",
        "3",
        "groups",
    )


def test_a_transposed_convolution_makes_an_image_that_can_be() -> None:
    assert told("convtranspose 8 3x3 stride=2 output_pad=2", (4, 5, 5)) == (
        "output_pad must be less than the stride, 2x2: further rows would hold nothing",
        "output_pad=1x1",
        "output_pad",
    )
    assert told("convtranspose 8 2x3 pad=same", (4, 5, 5)) == (
        "pad=same at stride 1 needs a kernel with a middle, not 2x3",
        "3x3",
        "kernel",
    )
    assert told("convtranspose 8 3x3 stride=2 pad=4", (4, 1, 1)) == (
        "pad=4x4 cuts off all of the image",
        "pad=0",
        "pad",
    )
    assert told("convtranspose 8 3x3 stride=2 pad=same output_pad=1", (4, 5, 5))[2] == "output_pad"


def test_lrn_takes_as_many_channels_on_both_sides() -> None:
    assert told("lrn 4", (8, 9, 9)) == (
        "lrn needs an odd number of channels, as many on both sides, not 4",
        "5",
        "channels",
    )


def test_reshape_keeps_the_number_of_values() -> None:
    assert told("reshape 8x14x14", (784,)) == ("8x14x14 has 1568 values, but it receives 784", "4x14x14", "shape")
    assert told("reshape 3x5x5", (1, 8, 8)) == ("3x5x5 has 75 values, but 1x8x8 has 64", "", "shape")


def test_pooling_pads_at_most_half_its_window() -> None:
    assert told("maxpool 3 pad=2", (8, 9, 9)) == (
        "maxpool may pad at most half its window: 1 for 3x3, not 2x2",
        "pad=1",
        "pad",
    )


def test_joins_say_each_branchs_shape() -> None:
    message = str(complaint("add", (4, 8, 8), (4, 8, 7)))
    assert message == "the branches of `add` do not match:\n  branch 1 gives 4x8x8\n  branch 2 gives 4x8x7"
    message = str(complaint("concat", (4, 8, 8), (2, 8, 8), (4, 7, 8)))
    assert message.splitlines()[1:] == ["  branch 1 gives 4x8x8", "  branch 2 gives 2x8x8", "  branch 3 gives 4x7x8"]
    assert str(complaint("concat", (4, 8, 8), (4,))).splitlines()[2] == "  branch 2 gives 4 values"


def test_a_product_repeats_what_has_one_of_an_axis_and_nothing_else() -> None:
    multiply = as_written("multiply")
    assert multiply.output((4, 8, 8), (4,)) == (4, 8, 8)
    assert multiply.output((1, 8, 8), (4, 1, 1)) == (4, 8, 8)
    assert multiply.output((4,), (1,)) == (4,)
    message = str(complaint("multiply", (4, 8, 8), (8,)))
    assert message == "the branches of `multiply` do not match:\n  branch 1 gives 4x8x8\n  branch 2 gives 8 values"
    assert "4x4x4" in str(complaint("multiply", (4, 8, 8), (4, 4, 4)))


def test_a_shuffle_has_groups_of_as_many_channels() -> None:
    assert told("shuffle 4", (6, 9, 9)) == (
        "4 groups do not divide the 6 channels that shuffle receives",
        "3",
        "groups",
    )


def test_shapes_as_people_read_them() -> None:
    assert [shape_text(s) for s in ((8, 14, 14), (1568,), (1,))] == ["8x14x14", "1568 values", "1 value"]


def test_flatten_takes_a_vector() -> None:
    layer: Layer = as_written("flatten")
    assert layer.output((7,)) == (7,)
    assert layer.output((2, 3, 4)) == (24,)
