"""The next training step opens: its parts make what the engine computes, and its move has the engine's bits."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.layers.helpers import inner
from tests.specimen.descent import descend
from tests.strategies import networks, optimizers
from tuicnn import Network
from tuicnn.optimizers import Optimizer
from tuicnn.specimen.address import Address, AddressError, parse
from tuicnn.specimen.rules.optimizers import OPTIMIZERS
from tuicnn.specimen.specimen import Specimen
from tuicnn.specimen.training import NextStep
from tuicnn.training.checkpointing import named_arrays
from tuicnn.vocabulary import vocabulary

SOME = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
#: what is otherwise in training, in one network
MIXED = (
    "conv 3 3x3 pad=1 freeze=weight bias_rate=2 -> batchnorm rate=3 decay=5 -> relu -> dropout 0.3\n"
    "droppath 0.3 -> maxpool 2\n"
    "groupnorm 3 freeze=true -> flatten -> dense 4\n"
)


#: one whose target is the image
REBUILT = (
    "target: image\nloss: huber delta=0.4\nconv 3 2x2 stride=2 -> batchnorm -> relu -> convtranspose 2 2x3 stride=2\n"
)


def step_of(
    text: str, size: tuple[int, int, int], optimizer: Optimizer, count: int, seed: int, dtype: Any = np.float64
) -> Specimen:
    """A step of a network with random weights and a random state of the optimizer, and an image of its batch."""
    random = np.random.default_rng(seed)
    plan = Network.from_text(text, input=size, classes=4).plan
    network = Network(replace(plan, optimizer=optimizer), dtype=dtype, choices={"shard": 4})
    network.load_state_dict(
        {
            name: 0.5 + random.random(w.shape) if "var" in name else random.normal(scale=0.5, size=w.shape)
            for name, w in network.state_dict().items()
        }
    )
    images, labels = random.normal(size=(count, *size)).astype(dtype), random.integers(0, 4, count)
    of_the_image = int(labels[0])
    if plan.of_images:
        labels = random.random((count, *size)).astype(dtype)
    elif seed % 3 == 0:  # images that are mixed of two
        labels = np.stack([labels, random.integers(0, 4, count), random.random(count)], axis=1)
    state = {
        name: np.abs(random.normal(size=a.shape)).astype(dtype)
        for name, a in optimizer.state(network.store.flat).items()
    }
    next_step = NextStep(
        network,
        count,
        lambda a, b: (inner(images[a:b]), labels[a:b]),
        step=3,
        kept=named_arrays(network, state),
        lr=0.05,
        updates=7,
    )
    return Specimen(network, images[0], of_the_image, next_step, labels[0])


@st.composite
def steps(draw: st.DrawFn, dtype: Any = np.float64) -> Specimen:
    text, size = draw(st.one_of(networks(), st.sampled_from([(MIXED, (2, 6, 5)), (REBUILT, (2, 6, 5))])))
    optimizer = draw(optimizers(st.floats(1e-4, 0.3)))
    return step_of(text, size, optimizer, draw(st.integers(2, 9)), draw(st.integers(0, 999)), dtype)


def there(specimen: Specimen) -> list[str]:
    """All that has an address in a step, without its index: of the move, of the batch, and of image 1 of it."""
    names, live, found = specimen.names, specimen.network.executor.graph.live, []
    for target, place in names.places.items():
        name = parse(target).name
        if name in names.numbers and names.numbers[name] not in live:
            continue
        weight = place.step and "/" not in target
        found += [f"step {target}"] if place.step else []
        found += [f"batch d {target}"] if weight else []
        found += [f"batch {target}"] if target == "loss" or place.shared else []
        found += [f"batch[1] d {target}"] if place.gradient else []
        found += [f"batch[1] {target}"] if not (weight or "/" in target or "running" in target) else []
    return found


@st.composite
def addresses(draw: st.DrawFn, specimen: Specimen) -> Address:
    """Of the batch, of one of its images, or of the move."""
    assert specimen.next_step is not None
    address = parse(draw(st.sampled_from(there(specimen))))
    if address.image is not None:
        address = replace(address, image=draw(st.integers(0, specimen.next_step.count - 1)))
    return address.at(*(draw(st.integers(0, size - 1)) for size in specimen.names.places[address.target].shape))


def check(specimen: Specimen, address: Address, rounding: float) -> None:
    """The parts make what the engine computes."""
    found = specimen.explain(address)
    assert math.isfinite(found.value)
    assert found.words
    assert all(specimen.explain(other).value is not None for other in found.beside)
    array = specimen.numbers(address)
    if array is not None and found.engine is not None:
        assert float(array[address.index]) == pytest.approx(found.engine, rel=rounding)
    if found.engine is not None:
        size = 1 + math.fsum(abs(part.contribution) for part in found.parts)
        assert found.value == pytest.approx(found.engine, abs=rounding * size, rel=0), str(address)


@pytest.mark.parametrize("written", ["sgd", "rmsprop", "lars"])
def test_a_momentum_that_is_not_used_stays(written: str) -> None:
    specimen = step_of(MIXED, (2, 6, 5), vocabulary("optim")[written](momentum=0.0), 6, 1)
    for target in ("dense1.weight", "dense1.weight/momentum"):
        for place in range(4):
            check(specimen, parse(f"step {target}").at(place, place), 1e-10)


def test_every_optimizer_opens() -> None:
    assert set(OPTIMIZERS) == set(vocabulary("optim").values())


@pytest.mark.parametrize(("dtype", "rounding"), [(np.float32, 1e-4), (np.float64, 1e-10)])
@SOME
@given(data=st.data())
def test_the_parts_make_what_the_engine_computes(dtype: Any, rounding: float, data: st.DataObject) -> None:
    specimen = data.draw(steps(dtype))
    for _ in range(10):
        check(specimen, data.draw(addresses(specimen)), rounding)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("text", [MIXED, REBUILT])
def test_each_kind_of_number_is_what_the_engine_computes(text: str, seed: int) -> None:
    optimizer, random = vocabulary("optim")["adamw"](), np.random.default_rng(seed)
    specimen = step_of(text, (2, 6, 5), optimizer, 6, seed)
    for written in there(specimen):
        shape = specimen.names.places[parse(written).target].shape
        for _ in range(5):
            check(specimen, parse(written).at(*(int(random.integers(size)) for size in shape)), 1e-10)


@SOME
@given(st.data())
def test_every_way_down_ends_and_each_part_is_what_its_address_says(data: st.DataObject) -> None:
    specimen = data.draw(steps())
    found = descend(data, specimen, data.draw(addresses(specimen)))
    assert not any(part.address for part in found.parts)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@SOME
@given(optimizers(st.floats(1e-4, 0.3)), st.integers(0, 99))
def test_a_step_has_the_engines_bits(dtype: Any, optimizer: Optimizer, seed: int) -> None:
    specimen = step_of(MIXED, (2, 6, 5), optimizer, 7, seed, dtype)
    step, network = specimen.next_step, specimen.network
    assert step is not None
    result = network.replay(step.count, step.replay._fetch, step=step.step)
    flat, state = network.store.flat.copy(), {}
    for name in optimizer.state_names:
        state[name] = np.zeros_like(flat)
        for key, view in network.store.named(state[name]).items():
            view[...] = step._kept[f"{key}/{name}"]
    network.parameter_groups.update(flat, result.gradient.copy(), state, step.lr, step.updates + 1)
    random = np.random.default_rng(seed)
    for key, after in network.store.named(flat).items():
        index = tuple(int(random.integers(size)) for size in after.shape)
        assert specimen.explain(f"step {key}{list(index)}").engine == after[index]
        for name in optimizer.state_names:
            wanted = network.store.named(state[name])[key][index]
            assert specimen.explain(f"step {key}/{name}{list(index)}").engine == wanted


def test_what_there_is_not_is_told() -> None:
    optimizer = vocabulary("optim")["sgd"](lr=0.1)
    specimen = step_of(MIXED, (2, 6, 5), optimizer, 3, 0)
    with pytest.raises(AddressError, match=r"the batch has 3 images, 0 to 2"):
        specimen.explain("batch[3] loss")
    alone = Specimen(specimen.network, np.zeros((2, 6, 5)))
    with pytest.raises(AddressError, match="has no training step"):
        alone.explain("step conv1.bias[0]")
    with pytest.raises(AddressError, match="without the image's label there is no loss; give it"):
        alone.explain("d conv1.bias[0]")
    rebuilt = Specimen(step_of(REBUILT, (2, 6, 5), optimizer, 3, 0).network, np.zeros((2, 6, 5)))
    with pytest.raises(AddressError, match="without the pixels that are its target there is no loss; give them"):
        rebuilt.explain("loss")
    with pytest.raises(AddressError, match="there are no probabilities; write logits"):
        rebuilt.explain("p[0]")


@SOME
@given(steps(np.float32), st.data())
def test_an_image_by_itself_has_the_bits_that_it_has_in_its_batch(specimen: Specimen, data: st.DataObject) -> None:
    step = specimen.next_step
    assert step is not None
    replay, nodes = step.replay, specimen.network.executor.graph.live
    number, down_to = data.draw(st.integers(0, step.count - 1)), data.draw(st.sampled_from(nodes))
    found = replay.image(number, down_to)
    assert set(found.gradients) <= {node for node in nodes if node >= down_to}
    for node in nodes:
        assert found.outputs[node].tobytes() == replay.outputs(node)[number].tobytes()
        gradient = replay.gradients(node)
        if gradient is not None and node >= down_to:
            assert found.gradients[node].tobytes() == gradient[number].tobytes()
