"""Addresses: what is printed is read again, and what is wrong is told what there is."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import networks
from tuicnn import Network
from tuicnn.specimen.address import Address, AddressError, parse
from tuicnn.specimen.names import OWN, Names

NAMES = st.sampled_from(
    ["conv1", "d", "step", "batch", "image", "logits", "p", "loss", "@loss", "down-a", "b\u00e4r", "x_1"]
)
COUNTS = st.integers(0, 999)


@st.composite
def addresses(draw: st.DrawFn) -> Address:
    kind: Any = draw(st.sampled_from(["value", "gradient", "step"]))
    batch = kind != "step" and draw(st.booleans())
    array = draw(st.sampled_from(["", "weight", "running_mean", "d"]))
    return Address(
        draw(NAMES), tuple(draw(st.lists(COUNTS, max_size=4))), array, draw(st.sampled_from(["", "exp_avg"])),
        kind, batch, draw(st.none() | COUNTS) if batch else None,
    )  # fmt: skip


@given(addresses(), st.sampled_from(["", " ", "  ", "\t"]))
def test_what_is_printed_is_read_again(address: Address, blank: str) -> None:
    assert parse(str(address)) == address
    spread = str(address)
    for mark in "[,]./":
        spread = spread.replace(mark, f"{blank}{mark}{blank}")
    assert parse(f"{blank}{spread}{blank}") == address


@given(st.text(max_size=30) | st.text("conv1d batchstep[],./@3-: ", max_size=30))
def test_whatever_is_written_is_an_address_or_gets_a_sentence(text: str) -> None:
    try:
        found = parse(text)
    except AddressError as error:
        found, told = None, str(error)
    if found is None:
        assert "\n" not in told
    else:
        assert parse(str(found)) == found


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        ("conv1(2, 10)", "write conv1[2, 10]"),
        ("conv1[2][3][4]", "write conv1[2, 3, 4]"),
        ("conv1[2, 10", "write conv1[2, 10]"),
        ("conv1 2 10", "write conv1[2, 10]"),
        ("grad conv1[2]", "write d conv1[2]"),
        ("conv1[-1]", "counted from 0, and none is negative"),
        ("conv1[1:3]", "not a range"),
        ("", "write one such as conv1[2, 10, 14]"),
        ("[3]", "write one such as conv1[2, 10, 14]"),
    ],
)
def test_what_is_no_address_is_told_what_to_write(written: str, advice: str) -> None:
    with pytest.raises(AddressError) as told:
        parse(written)
    assert advice in str(told.value)


NET = "conv 8 3x3 pad=1 -> relu -> batchnorm -> relu -> maxpool 2 -> layernorm -> relu as loss -> flatten -> dense 10"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("conv1[9, 3, 3]", "conv1 has 8 channels, 0 to 7"),
        ("conv1[2, 28, 3]", "conv1 has 28 rows, 0 to 27"),
        ("image[1, 2, 3]", "image has one channel, 0"),
        ("dense1[12]", "dense1 has 10 values, 0 to 9"),
        ("conv1.weight[8, 0, 0, 0]", "conv1.weight has 8 filters, 0 to 7"),
        ("conv1[1, 2]", "conv1 is 8 x 28 x 28; write channel, row and column, as in conv1[1, 2, 0]"),
        ("loss[3]", "loss is one number; write loss"),
        ("cov1[1, 2, 3]", "there is no cov1; did you mean conv1[1, 2, 3]?"),
        ("xyz", "there is no xyz; there are conv1, relu1, batchnorm1, relu2, maxpool1"),
        ("relu[1, 2, 3]", "which relu? There are relu1, relu2 and @loss"),
        ("conv1.wieght[1, 0, 0, 0]", "conv1 has weight and bias; did you mean conv1.weight[1, 0, 0, 0]?"),
        ("relu1.weight[3]", "relu1 has no weights"),
        ("step conv1[1, 2, 3]", "a step moves weights, and conv1 is none; write such as step conv1.weight"),
        ("step batchnorm1.running_mean[1]", "a step moves weights, and batchnorm1.running_mean is none"),
        ("d p[3]", "the gradient is told of outputs, of the image and of weights, and not of p"),
        ("batch conv1[1, 2, 3]", "each image of the batch has one of its own; write batch[0] conv1[1, 2, 3]"),
        ("batchnorm1.mean[3]", "write batch batchnorm1.mean[3] or batchnorm1.running_mean[3]"),
        ("conv1.weight/momentum[1, 0, 1, 1]", "adam keeps exp_avg and exp_avg_sq beside each weight"),
        ("batchnorm1.running_mean/exp_avg[1]", "is not learnt, so the optimizer keeps nothing beside it"),
    ],
)
def test_a_number_that_there_is_not_is_told_what_there_is(written: str, told: str) -> None:
    names = Names(Network.from_text(f"{NET}\noptim: adam").plan)
    with pytest.raises(AddressError) as error:
        names.resolve(parse(written))
    assert str(error.value).startswith(f"{written}: ")
    assert told in str(error.value)


def test_a_layers_word_is_enough_where_there_is_one() -> None:
    names = Names(Network.from_text(NET).plan)
    assert str(names.resolve(parse("maxpool[7, 13, 13]"))) == "maxpool1[7, 13, 13]"
    assert str(names.resolve(parse("@conv1[7, 13, 13]"))) == "conv1[7, 13, 13]"
    assert names.resolve(parse("@loss[1, 2, 3]")) != names.resolve(parse("loss"))


@settings(max_examples=20, deadline=None)
@given(networks(), st.data())
def test_every_number_of_a_network_has_an_address(net: tuple[str, tuple[int, int, int]], data: st.DataObject) -> None:
    text, image = net
    names = Names(Network.from_text(text, input=image, classes=4).plan)
    for target, place in names.places.items():
        index = tuple(data.draw(st.integers(0, size - 1)) for size in place.shape)
        address = replace(parse(target), index=index, batch=place.batch_only)
        assert names.resolve(parse(str(address))) == address
        if place.shape:
            axis = data.draw(st.integers(0, len(index) - 1))
            beyond = replace(address, index=(*index[:axis], place.shape[axis], *index[axis + 1 :]))
            with pytest.raises(AddressError, match=f", 0 to {place.shape[axis] - 1}$|, 0$"):
                names.resolve(beyond)
    assert math.prod(names.places["image"].shape) == math.prod(image)
    assert set(OWN) <= set(names.places)
