"""Every number of a random network opens: its parts make it, the engine got it too, and a gradient is a derivative."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.layers.table import ROWS
from tests.specimen.descent import descend
from tests.strategies import networks
from tuicnn import Network
from tuicnn.language.plan import INPUT
from tuicnn.specimen.address import Address, parse
from tuicnn.specimen.explanation import Explanation
from tuicnn.specimen.names import Place
from tuicnn.specimen.rules import rule_of
from tuicnn.specimen.rules.losses import LOSSES
from tuicnn.specimen.specimen import Specimen
from tuicnn.vocabulary import vocabulary

SOME = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
LOSS = st.sampled_from([
    "cross_entropy", "cross_entropy smoothing=0.1", "mse", "bce",
    "focal", "focal gamma=0.5 weights=[1, 0.5, 2, 3]", "cross_entropy smoothing=0.2 weights=[1, 0.5, 2, 3]",
    "huber delta=0.5", "mae",
])  # fmt: skip


def specimen_of(draw: st.DrawFn, text: str, size: tuple[int, ...], classes: int, dtype: Any) -> Specimen:
    """With random weights and statistics, of a random image."""
    random = np.random.default_rng(draw(st.integers(0, 9999)))
    network = Network.from_text(text, input=(size[0], size[1], size[2]), classes=classes, dtype=dtype)
    state = {
        name: 0.5 + random.random(w.shape) if name.endswith("running_var") else random.normal(scale=0.5, size=w.shape)
        for name, w in network.state_dict().items()
    }
    network.load_state_dict(state)
    label, target = draw(st.integers(0, classes - 1)), random.random(size)
    return Specimen(network, random.normal(size=size), label, target=target)


@st.composite
def specimens(draw: st.DrawFn, dtype: Any = np.float64) -> Specimen:
    """Of a random network with a random loss."""
    if draw(st.booleans()):
        text, size = draw(networks())
        return specimen_of(draw, f"{text}loss: {draw(LOSS)}\n", size, 4, dtype)
    loss = draw(st.sampled_from(["mse", "mae", "bce", "huber", "huber delta=0.1"]))
    if draw(st.booleans()):
        last = "" if loss == "bce" else " -> sigmoid"
        text = f"target: image\nconv 3 3x3 stride=2 pad=1 -> gelu -> convtranspose 2 2x2 stride=2{last}\nloss: {loss}\n"
        return specimen_of(draw, text, (2, 6, 4), 4, dtype)
    # one output for two classes
    text = f"conv 3 3x3 -> batchnorm -> silu -> globalavgpool -> dense 1\nloss: {loss}\n"
    return specimen_of(draw, text, (2, 5, 6), 2, dtype)


@st.composite
def layers(draw: st.DrawFn, name: str, dtype: Any = np.float64) -> Specimen:
    """Of a network of one layer, written in a random way, and a dense one after it."""
    text, shapes = draw(ROWS[name])
    rank = max(map(len, shapes))  # of branches, the largest along each axis
    whole = shapes[0] if len(shapes) == 1 else tuple(map(max, *((*shape, 1, 1)[:rank] for shape in shapes)))
    size = whole if len(whole) == 3 else (1, 1, whole[0])
    entry = "" if len(whole) == 3 else "flatten -> "
    if len(shapes) > 1:
        text += f" {{ {' | '.join(branch(shape, whole) for shape in shapes)} }}"
    return specimen_of(draw, f"{entry}{text} -> flatten -> dense 3\n", size, 3, dtype)


def branch(shape: tuple[int, ...], whole: tuple[int, ...]) -> str:
    """Layers that make this shape of the largest one; where height or width is 1, by the mean along it."""
    if len(shape) == 1:
        return f"{'globalavgpool -> ' if len(whole) == 3 else ''}dense {shape[0]}"
    mean = [size if own == 1 else 1 for own, size in zip(shape[1:], whole[1:], strict=True)]
    return f"avgpool {mean[0]}x{mean[1]} -> conv {shape[0]} 1x1"


def live(specimen: Specimen, name: str) -> bool:
    """Whether the layer is computed: one that nothing reads is not."""
    number = specimen.names.numbers.get(name)
    return number is None or specimen.evaluation._outputs[number] is not None


@st.composite
def addresses(draw: st.DrawFn, specimen: Specimen, gradient: bool = False) -> Address:
    """An address of one of its numbers."""

    def wanted(target: str, place: Place) -> bool:
        fits = place.gradient if gradient else not place.batch_only and "/" not in target
        return fits and live(specimen, parse(target).name)

    places = {target: place for target, place in specimen.names.places.items() if wanted(target, place)}
    target = draw(st.sampled_from(list(places)))
    index = tuple(draw(st.integers(0, size - 1)) for size in places[target].shape)
    return parse(f"{'d ' if gradient else ''}{target}").at(*index)


def bound(specimen: Specimen, explanation: Explanation) -> float:
    """How far the engine's rounding may lie from the value: by the size of the parts, and for a normalisation by what
    it divides by."""
    size = 1.0 + math.fsum(abs(part.contribution) for part in explanation.parts)
    number = specimen.names.numbers.get(explanation.address.name)
    if number is not None:
        view = specimen.evaluation.view(number)
        if "rstd" in view.derived:
            size *= 1 + float(np.abs(view.derived["rstd"].array).max() * np.abs(view.x.array).max())
    return size * (2e-5 if specimen.network.dtype == np.float32 else 1e-11)


def test_every_layer_and_loss_opens() -> None:
    assert all(rule_of(layer) for layer in vocabulary("layer").values())
    assert set(LOSSES) == set(vocabulary("loss").values())


def check_view(specimen: Specimen, explanation: Explanation) -> None:
    """It is told in a line; its number stands in its array; and its window has every part that has a pixel, once."""
    assert explanation.words
    assert "\n" not in explanation.words
    address, patch = explanation.address, explanation.patch
    array = specimen.numbers(address)
    assert array is not None or address.name == "loss"
    if array is not None:
        assert float(array[address.index]) == pytest.approx(explanation.value, abs=bound(specimen, explanation), rel=0)
    if patch is None:
        return
    image = specimen.numbers(patch.input)
    assert image is not None
    places = {(c, p, q) for c in patch.channels for p in patch.rows for q in patch.columns}
    pixels = [part.address.index for part in explanation.parts if part.address and part.address.at() == patch.input]
    assert sorted(pixels) == sorted(p for p in places if all(0 <= i < n for i, n in zip(p, image.shape, strict=True)))


def check_values(specimen: Specimen, data: st.DataObject, count: int) -> None:
    """The parts of a number make what the engine got, and factors are worth what their own addresses are."""
    for _ in range(count):
        explanation = specimen.explain(data.draw(addresses(specimen)))
        assert math.isfinite(explanation.value)
        check_view(specimen, explanation)
        if explanation.engine is not None:
            assert explanation.value == pytest.approx(explanation.engine, abs=bound(specimen, explanation), rel=0)
        for part in explanation.parts:
            if part.factor_address is not None:
                found = specimen.explain(part.factor_address)
                assert abs(part.factor) == pytest.approx(abs(found.value), abs=bound(specimen, found), rel=1e-6)


def check_gradients(specimen: Specimen, data: st.DataObject, count: int, step: float = 1e-6) -> None:
    """By weights and pixels, the numerical derivative; by outputs, what the engine's layers give on their way back."""
    network = specimen.network
    state, labels = network.state_dict(), specimen.evaluation.end.labels
    for _ in range(count):
        address = data.draw(addresses(specimen, gradient=True))
        found = specimen.explain(address)
        if not address.array and address.name != "image":
            number = specimen.names.numbers.get(address.name, len(network.plan.nodes) - 1)
            wanted = specimen.evaluation.gradients.output(number)[address.index]
            assert found.value == pytest.approx(wanted, abs=1e-10, rel=1e-9)
            continue
        image, losses = specimen.image.copy(), []
        turned = {name: array.copy() for name, array in state.items()}
        array = image if address.name == "image" else turned[address.target.removeprefix("@")]
        middle = float(array[address.index])
        for change in (-step, 0.0, step):
            array[address.index] = middle + change
            network.load_state_dict(turned)
            given = network.forward(image[None]).reshape(1, -1)
            losses.append(float(network.plan.loss.forward(given, labels)[0]))
        network.load_state_dict(state)
        assume(abs(losses[0] - 2 * losses[1] + losses[2]) < 1e-9)  # a kink of ReLU or of a maximum lies here
        assert found.value == pytest.approx((losses[2] - losses[0]) / (2 * step), abs=1e-6, rel=1e-5)


@pytest.mark.parametrize("name", ROWS)
@settings(SOME, max_examples=8)
@given(st.data())
def test_each_layer_opens_forward_and_backward(name: str, data: st.DataObject) -> None:
    check_values(data.draw(layers(name, np.float32)), data, 6)
    specimen = data.draw(layers(name))
    check_values(specimen, data, 6)
    check_gradients(specimen, data, 8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@SOME
@given(st.data())
def test_each_network_opens(dtype: Any, data: st.DataObject) -> None:
    specimen = data.draw(specimens(dtype))
    check_values(specimen, data, 10)
    if dtype is np.float64:
        check_gradients(specimen, data, 6)


@SOME
@given(st.data())
def test_every_way_down_ends_in_what_is_given(data: st.DataObject) -> None:
    """To pixels, weights, running statistics and constants; and each part has the value that its own address has."""
    specimen = data.draw(specimens())
    address = data.draw(addresses(specimen, gradient=data.draw(st.booleans())))
    explanation = descend(data, specimen, address)
    assert explanation.combine == "given" or not any(part.address for part in explanation.parts)


def test_the_gradient_by_the_image_is_there() -> None:
    specimen = Specimen(Network.from_text("flatten -> dense 10", seed=0), np.zeros((1, 28, 28)), 3)
    assert specimen.evaluation.gradients.output(INPUT).shape == (1, 28, 28)
