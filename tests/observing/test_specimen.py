"""A specimen of a run that trains is what a checkpoint of the same moment gives, and knows the next step's bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.runs.small import a_run
from tuicnn.observing.specimen import AskSpecimen, SpecimenState
from tuicnn.runs.origin import Origin
from tuicnn.runs.prepared import plan_of
from tuicnn.runs.specimens import specimen_of
from tuicnn.training.checkpointing import named_arrays
from tuicnn.training.trainer import Trainer
from tuicnn.worker.frames import Splitter, decode, encode


def over_the_socket(state: SpecimenState) -> SpecimenState:
    splitter = Splitter(1 << 26)
    splitter.feed(encode("x", state))
    payload = splitter.next()
    assert payload is not None
    return decode(payload, SpecimenState)


@pytest.mark.parametrize("optim", ["optim: adam", "optim: sgd"])
def test_it_has_the_bits_of_the_next_step(tmp_path: Path, optim: str) -> None:
    folder = a_run(tmp_path, optim)
    plan = plan_of(folder, Origin.of(folder))
    trainer = Trainer(plan, plan.data.load(), threads=1)
    random = np.random.default_rng(0)
    for _ in range(5):
        trainer.advance()
        checkpoint = over_the_socket(AskSpecimen().answer(trainer)).checkpoint
        now = named_arrays(trainer.network, trainer.state)
        assert checkpoint.arrays.keys() == now.keys()
        assert all(checkpoint.arrays[name].tobytes() == array.tobytes() for name, array in now.items())
        assert (checkpoint.step, checkpoint.epochs) == (trainer.step, trainer.step // 3)
        specimen = specimen_of(folder, checkpoint)
        trainer.advance()
        for name in ("conv1.weight", "batchnorm1.weight", "dense1.bias"):
            after = named_arrays(trainer.network, trainer.state)[name]
            index = tuple(int(random.integers(size)) for size in after.shape)
            assert specimen.explain(f"step {name}{list(index)}").engine == after[index]


def test_it_is_a_copy(tmp_path: Path) -> None:
    folder = a_run(tmp_path, "optim: adam")
    plan = plan_of(folder, Origin.of(folder))
    trainer = Trainer(plan, plan.data.load(), threads=1)
    state = AskSpecimen().answer(trainer)
    before = state.values.copy()
    trainer.advance()
    assert np.array_equal(state.values, before)
