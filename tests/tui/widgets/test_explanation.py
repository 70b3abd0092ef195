"""Whatever has an address is drawn: of any network, at any size, on any terminal, with weights that are not finite."""

from __future__ import annotations

from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from tests.specimen.test_laws import live, specimens
from tests.specimen.test_training import MIXED, step_of, there
from tests.tui.drawn import TERMINALS, colours, drawn
from tuicnn import Network
from tuicnn.display.terminal import TerminalProfile
from tuicnn.specimen.address import Address, AddressError, parse
from tuicnn.specimen.specimen import Specimen
from tuicnn.tui.microscope import Microscope, look
from tuicnn.tui.widgets.explanation.pane import ExplanationPane, Scene
from tuicnn.vocabulary import vocabulary

SIZES = [(78, 21), (118, 37), (198, 57)]
SOME = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def shown(specimen: Specimen, address: Address, size: tuple[int, int], terminal: TerminalProfile) -> list[str]:
    """What a person reads, with every other part chosen too."""
    scope = Microscope(specimen)
    scope.begin(str(address))
    sight = look(specimen, scope.address)
    pane = ExplanationPane(terminal)
    lines: list[str] = []
    for chosen in dict.fromkeys([len(sight.explanation.parts) - 1, scope.chosen(sight)]):
        pane.show(Scene(tuple(scope.trail), sight, chosen, "step 479, frozen; image 0 is 7"))
        lines = drawn(pane, *size)
        assert lines[0].strip() == scope.address.brief
        assert lines[1].startswith(f"{scope.address.brief} = ")
    return lines


@SOME
@given(st.data())
def test_every_number_of_a_network_is_drawn(data: st.DataObject) -> None:
    specimen = data.draw(specimens(np.float32))
    terminal = data.draw(st.sampled_from(TERMINALS))
    for target, place in specimen.names.places.items():
        if place.batch_only or "/" in target or not live(specimen, parse(target).name):
            continue
        index = tuple(data.draw(st.integers(0, size - 1)) for size in place.shape)
        address = parse(target).at(*index)
        for each in [address, *([replace(address, kind="gradient")] if place.gradient else [])]:
            shown(specimen, each, data.draw(st.sampled_from(SIZES)), terminal)


@pytest.mark.parametrize(
    "layer", ["convtranspose 2 2x2 stride=2", "convtranspose 2 3x3", "convtranspose 2 3x3 stride=2"]
)
def test_a_transposed_convolution_is_drawn_everywhere(layer: str) -> None:
    network = Network.from_text(f"{layer} -> flatten -> dense 3", input=(2, 4, 4), classes=3, seed=0)
    specimen = Specimen(network, np.random.default_rng(0).normal(size=(2, 4, 4)).astype(np.float32), 1)
    _, height, width = specimen.names.places["convtranspose1"].shape
    for row in range(height):
        for column in range(width):
            shown(specimen, parse("convtranspose1").at(1, row, column), SIZES[0], TERMINALS[0])


@pytest.mark.parametrize("optimizer", vocabulary("optim"))
def test_every_number_of_a_step_is_drawn(optimizer: str) -> None:
    specimen = step_of(MIXED, (2, 6, 5), vocabulary("optim")[optimizer](lr=0.1), 6, 0, np.float32)
    random = np.random.default_rng(0)
    for number, written in enumerate(there(specimen)):
        address = parse(written)
        shape = specimen.names.places[address.target].shape
        address = address.at(*(int(random.integers(size)) for size in shape))
        shown(specimen, address, SIZES[number % len(SIZES)], TERMINALS[number % len(TERMINALS)])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38])
@pytest.mark.parametrize(("seed", "loss"), [*enumerate(["cross_entropy", "mse", "bce"])])
def test_weights_that_are_not_finite_are_drawn(value: float, seed: int, loss: str) -> None:
    text = (
        "conv 4 3x3 pad=1 -> batchnorm -> gelu -> maxpool 2 -> layernorm -> elu -> avgpool 2 -> softmax -> "
        f"depthwise 2x2 -> silu -> groupnorm 2 -> tanh -> globalmaxpool -> dense 5 -> sigmoid -> "
        f"dense 3\nloss: {loss}\n"
    )
    network = Network.from_text(text, input=(1, 12, 12), classes=3, seed=0)
    state = network.state_dict()
    for name in state:
        if not name.endswith("running_var"):
            state[name].reshape(-1)[::3] = value
    network.load_state_dict(state)
    random = np.random.default_rng(seed)
    specimen = Specimen(network, random.normal(size=(1, 12, 12)), 1)
    with np.errstate(all="ignore"):
        for target, place in specimen.names.places.items():
            if place.batch_only or "/" in target:
                continue
            address = parse(target).at(*(int(random.integers(size)) for size in place.shape))
            for each in [address, *([replace(address, kind="gradient")] if place.gradient else [])]:
                shown(specimen, each, (78, 21), TerminalProfile())


@pytest.mark.parametrize(
    ("text", "size", "address", "reads"),
    [
        ("conv 512 1x1 -> conv 2 1x1 -> flatten -> dense 2", (1, 1, 1), "conv2[1,0,0]", "511 other channels"),
        ("conv 4 3x3 groups=2 pad=1 -> flatten -> dense 2", (4, 6, 6), "conv1[3,2,2]", "channels 2 to 3 of the image"),
        ("depthwise 3x3 pad=1 -> flatten -> dense 2", (4, 6, 6), "depthwise1[3,2,2]", "of channel 3 of the image"),
        ("conv 2 3x3 dilation=2 -> flatten -> dense 2", (1, 9, 9), "conv1[0,1,1]", "1-5 by 2"),
        ("conv 2 11x11 -> flatten -> dense 2", (1, 28, 28), "conv1[0,1,1]", "products"),
        ("flatten -> dense 7 -> dense 2", (1, 28, 28), "dense1[3]", "784 values"),
        ("conv 2 3x3 -> globalavgpool -> dense 1\nloss: bce", (1, 6, 6), "p[0]", "what the other class leaves of 1"),
        ("maxpool 3 stride=1 pad=1 -> flatten -> dense 2", (1, 6, 6), "maxpool1[0,0,0]", "the winner is image[0,"),
        ("avgpool 2 -> flatten -> dense 2", (1, 6, 6), "avgpool1[0,0,0]", "is spread evenly over the window"),
    ],
)
@pytest.mark.parametrize("screen", SIZES)
def test_windows_of_all_kinds_are_read(
    text: str, size: tuple[int, int, int], address: str, reads: str, screen: tuple[int, int]
) -> None:
    network = Network.from_text(text, input=size, classes=2, seed=0)
    specimen = Specimen(network, np.random.default_rng(0).normal(size=size), 1)
    assert reads in "\n".join(shown(specimen, parse(address), screen, TerminalProfile()))


def test_the_frame_lies_around_the_window() -> None:
    """In the colours of the picture, and in characters where there are none."""
    network = Network.from_text("conv 2 3x3 -> flatten -> dense 2", input=(1, 8, 8), classes=2, seed=0)
    image = np.zeros((1, 8, 8))
    image[0, 3:6, 2:5] = np.arange(1, 10).reshape(3, 3)
    specimen = Specimen(network, image, 1)
    lines = shown(specimen, parse("conv1[0,3,2]"), (78, 40), TerminalProfile(colours="none"))
    top = next(y for y, line in enumerate(lines) if "┌" in line)
    left, right = lines[top].index("┌"), lines[top].index("┐")
    inner = [line[left + 1 : right] for line in lines[top + 1 :] if line[left] == "│"]
    assert all(character != " " for line in inner for character in line)
    outside = [line[:left] + line[right + 1 : right + 8] for line in lines[top + 1 : top + len(inner)]]
    assert not any(line.strip() for line in outside)


def test_an_image_with_colours_is_shown_in_them() -> None:
    network = Network.from_text("conv 2 3x3 -> flatten -> dense 2", input=(3, 8, 8), classes=2, seed=0)
    stored = np.zeros((8, 8, 3), np.uint8)
    stored[:, :, 0] = 250  # red
    specimen = Specimen(network, stored.transpose(2, 0, 1) / 255.0, 1)
    scope = Microscope(specimen)
    scope.begin("p[0]")
    sight = look(specimen, scope.address)
    pane = ExplanationPane(TerminalProfile(colours="truecolor"))
    pane.show(Scene(tuple(scope.trail), sight, 0, "", image=stored))
    assert "#fa0000" in colours(pane, 118, 37)


def test_what_there_is_not_is_refused() -> None:
    network = Network.from_text("conv 2 3x3 -> flatten -> dense 2", input=(1, 8, 8), classes=2, seed=0)
    scope = Microscope(Specimen(network, np.zeros((1, 8, 8)), 1))
    with pytest.raises(AddressError, match="conv1 has 2 channels"):
        scope.begin("conv1[2,0,0]")


def test_an_activation_is_drawn_with_its_number_on_it() -> None:
    network = Network.from_text("leakyrelu slope=0.1 -> flatten -> dense 2", input=(1, 6, 6), classes=2, seed=0)
    specimen = Specimen(network, np.full((1, 6, 6), -2.0), 1)
    lines = shown(specimen, parse("leakyrelu1[0,1,1]"), (118, 37), TerminalProfile(ascii=True))
    top = next(y for y, line in enumerate(lines) if "leaky_relu: -2 -> -0.2" in line)
    left = lines[top].index("leaky_relu:")
    zero = lines[top + 1].index("|", left)
    marked = [line.index("o", left) for line in lines[top + 1 :] if "o" in line[left:]]
    assert len(marked) == 1
    assert left < marked[0] < zero
