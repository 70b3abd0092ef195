"""A new run begins with another one's weights, as far as the layers are the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.runs.small import checkpoint_of, made_data, read_journal, train
from tuicnn.engine.network import Network
from tuicnn.errors import UserError
from tuicnn.language import Plan, check
from tuicnn.runs.creation import create_run
from tuicnn.runs.warm import unchanged, warm_checkpoint
from tuicnn.training.checkpoint import Checkpoint
from tuicnn.training.events import Epoch, Start

OLD = "conv 3 3x3 pad=1 -> batchnorm -> relu -> maxpool 2 -> conv 4 3x3 -> relu -> flatten -> dense 5 -> dense 3"


def plan(chain: str, head: str = "") -> Plan:
    checked = check(f"{head}{chain}", input=(1, 8, 8), classes=3)
    assert checked.plan is not None
    return checked.plan


@pytest.mark.parametrize(
    ("new", "kept"),
    [
        (OLD, "conv1 batchnorm1 conv2 dense1 dense2"),
        # more of something that has no weights, or other figures of it
        (OLD.replace("relu ->", "tanh -> dropout 0.5 ->"), "conv1 batchnorm1 conv2 dense1 dense2"),
        # a layer put in between gets the next number, and the others keep their weights under new names
        (OLD.replace("-> maxpool", "-> conv 3 1x1 -> maxpool"), "conv1 batchnorm1 conv3 dense1 dense2"),
        # other classes
        (OLD.replace("dense 5", "dense 6"), "conv1 batchnorm1 conv2"),
        (OLD.replace("conv 3 3x3 pad=1", "conv 3 3x3 pad=1 init=zeros"), "conv1 batchnorm1 conv2 dense1 dense2"),
        # fine-tuning: what was learnt stays, or learns more slowly
        (OLD.replace("conv 4 3x3", "conv 4 3x3 freeze=true"), "conv1 batchnorm1 conv2 dense1 dense2"),
        (OLD.replace("batchnorm", "batchnorm rate=0.1 bias_rate=0.5"), "conv1 batchnorm1 conv2 dense1 dense2"),
        # another stride makes another layer of it, though its weights have the same shape
        (OLD.replace("3x3 pad=1", "3x3 pad=1 stride=1"), "conv1 batchnorm1 conv2 dense1 dense2"),
        (OLD.replace("conv 4 3x3", "conv 4 3x3 dilation=2 pad=2"), "conv1 batchnorm1 dense2"),
        (OLD.replace("batchnorm -> ", ""), "conv1 conv2 dense1 dense2"),
        ("flatten -> dense 3", ""),
    ],
)
def test_which_layers_are_unchanged(new: str, kept: str) -> None:
    assert " ".join(after.name for _, after in unchanged(plan(OLD), plan(new))) == kept


def test_labels_belong_together_wherever_they_stand() -> None:
    old, new = (
        plan(f"conv {a} 3x3 pad=1 as stem -> conv 3 3x3 pad=1 as {b} -> conv 3 3x3 pad=1 as {c} -> flatten -> dense 3")
        for a, b, c in ((3, "left", "right"), (3, "right", "left"))
    )
    names = {(before.name, after.name) for before, after in unchanged(old, new)}
    assert {("stem", "stem"), ("dense1", "dense1")} <= names
    assert len(names) == 4


def a_checkpoint(of: Plan) -> tuple[Network, Checkpoint]:
    network = Network(of)
    rng = np.random.default_rng(1)
    network.store.flat[:] = rng.normal(size=network.store.flat.shape)
    network.store.flat_buffers[:] = rng.uniform(1, 2, size=network.store.flat_buffers.shape)
    return network, Checkpoint(9, 1, network.state_dict())


def test_what_is_kept_is_kept_to_the_last_bit_and_what_is_new_is_drawn(tmp_path: Path) -> None:
    old, new = plan(OLD), plan(OLD.replace("dense 5", "dense 6"), "train: seed=3\noptim: adam\n")
    before, checkpoint = a_checkpoint(old)
    begin, warmth = warm_checkpoint(old, checkpoint, new)
    assert str(warmth) == "Weights kept: conv1, batchnorm1, conv2; new: dense1, dense2."
    after, fresh = Network(new), Network(new).state_dict()
    after.load_state_dict({name: array for name, array in begin.arrays.items() if "/" not in name})
    for name, array in after.state_dict().items():
        wanted = fresh if name.startswith("dense") else before.state_dict()
        assert array.tobytes() == wanted[name].tobytes(), name
    assert (begin.step, begin.epochs, begin.epochs_planned) == (0, 0, new.train.epochs)
    state = {name: array for name, array in begin.arrays.items() if "/" in name}
    assert {"conv1.weight/exp_avg", "dense2.bias/exp_avg_sq"} <= state.keys()
    assert not any(array.any() for array in state.values())


def test_nothing_to_keep_is_said() -> None:
    _, checkpoint = a_checkpoint(plan(OLD))
    with pytest.raises(UserError, match="nothing to keep"):
        warm_checkpoint(plan(OLD), checkpoint, plan("flatten -> dense 3"))


def test_a_warm_run_begins_where_the_old_one_ended(tmp_path: Path) -> None:
    text = f'data: npz "{made_data(tmp_path)}" val=10\ntrain: epochs=1 batch=20\n{OLD}\n'
    first = create_run(tmp_path, "first", text)
    run = train(first)
    checked = check(text)
    assert checked.plan is not None
    begin, _ = warm_checkpoint(checked.plan, checkpoint_of(first), checked.plan)
    second = create_run(tmp_path, "second", text)
    second.checkpoints.write(begin)
    seen: list[float] = []
    train(second, resume=True, report=lambda _, e: seen.append(e.train_loss) if isinstance(e, Epoch) else None)
    assert seen[0] < run.history(0, 0).epochs[0].train_loss

    assert isinstance(read_journal(second.journal).events[0], Start)  # it is a run of its own
