"""Checks that look at a whole file: its ends, what nothing uses, and what it takes of the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuicnn.bundled import bundled
from tuicnn.language import Severity, check, check_file
from tuicnn.language.checks.costs import in_words, step_memory
from tuicnn.system import machine
from tuicnn.system.machine import in_bytes

from .following import followed


def told(text: str) -> list[tuple[str, str]]:
    return [(d.code, d.message) for d in check(text).diagnostics]


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("w = 16\nflatten -> dense 10", "nothing uses the constant `w`", "remove it"),
        (
            "epochs = 5\nflatten -> dense 10",
            "nothing uses the constant `epochs`. Did you mean the setting `train: epochs=5`?",
            "write `train: epochs=5`",
        ),
        (
            "lr = 0.1\noptim: sgd\nflatten -> dense 10",
            "nothing uses the constant `lr`. Did you mean `lr=0.1` of `optim:`?",
            "remove it, and write `lr=0.1` at the end of line 2",
        ),
        ("def f = relu\nflatten -> dense 10", "nothing uses the block `f`", "use it, or remove it"),
        (
            "def f(c) = relu\nf 3 -> flatten -> dense 10",
            "the block `f` does not use its parameter `c`",
            "remove it here and where the block is used, or use it",
        ),
        (
            "def f = relu as in -> tanh\nf -> flatten -> dense 10",
            "nothing joins the label `in`",
            "join it, or remove it",
        ),
        (
            "relu as a -> conv 3 3x3 -> add { @a | @a -> tanh } -> flatten -> dense 10",
            "nothing reads what `conv` gives here: every branch begins elsewhere",
            "remove it, or begin a branch with `identity`",
        ),
        (
            "optim: sgd nesterov=true\nflatten -> dense 10",
            "nesterov changes nothing without momentum",
            "write `nesterov=true momentum=0.9`",
        ),
        (
            "schedule: cosine warmup=5\ntrain: epochs=3\nflatten -> dense 10",
            "the warm-up of 5 epochs lasts as long as the run of 3",
            "write `warmup=0.3`, or train for more epochs",
        ),
        (
            "schedule: step\ntrain: epochs=3\nflatten -> dense 10",
            "the run of 3 epochs is over before the rate changes at 10 and 20",
            "write `schedule: step at=[1, 2]`",
        ),
        (
            "schedule: restarts every=2 growth=2\ntrain: epochs=10\nflatten -> dense 10",
            "the run of 10 epochs ends within a cycle, where the rate is high",
            "train for 6 or 14 epochs, where a cycle ends",
        ),
        (
            "train: epochs=10 patience=20\nflatten -> dense 10",
            "a run of 10 epochs is over before 20 pass without a better one",
            "write `patience=2`",
        ),
        (
            "optim: adam exclude=[bias]\nflatten -> dense 10",
            "exclude changes nothing without decay",
            "write `decay=5e-4 exclude=[bias]`",
        ),
        ("default: conv pad=same\nflatten -> dense 10", "no layer of the network is a conv", "remove it"),
        (
            "default: conv pad=same\nconv 3 3x3 pad=1 -> flatten -> dense 10",
            "every conv of the network gives its own `pad`",
            "remove it",
        ),
        (
            "flatten -> dense 10 -> relu",
            "cross_entropy takes outputs of any size, but relu keeps them 0 or more",
            "remove it",
        ),
        ("flatten -> dense 10 -> dropout 0.5", "dropout at the end takes outputs away", "remove it"),
    ],
)
def test_what_has_no_effect_is_told_and_keeps_nothing_from_training(text: str, message: str, help: str) -> None:
    checked = check(text)
    (problem,) = checked.diagnostics
    assert (problem.severity, problem.message, problem.help) == (Severity.WARNING, message, help)
    assert checked.ok


@pytest.mark.parametrize(
    "text",
    [
        "w = 3\nconv w 3x3 -> flatten -> dense 10",
        "e = 5\ntrain: epochs=e\nflatten -> dense 10",
        "n = 2\nn * relu -> flatten -> dense 10",
        "def f(c, k=c) = conv c k\nf 3 -> flatten -> dense 10",
        "def f = relu\ndef g = f\ng -> flatten -> dense 10",
        "relu as a -> flatten -> dense 10",
        "relu as a -> tanh -> concat { identity | @a } -> flatten -> dense 10",
        "default: conv pad=same\ndef f = conv 3 3x3\nf -> flatten -> dense 10",
        "loss: mse\nflatten -> dense 10 -> sigmoid",
        "schedule: step at=[1, 2]\nflatten -> dense 10",
        "optim: sgd momentum=0.9 nesterov=true\nflatten -> dense 10",
    ],
)
def test_what_is_used_is_not_told(text: str) -> None:
    assert told(text) == []


def test_the_bundled_networks_have_nothing_to_be_told_but_where_their_data_is() -> None:
    for path in sorted(bundled("nets").glob("*.net")):
        checked = check_file(Path(path))[1]
        assert checked.ok
        # this recipe pools images of 31 and of 15 pixels, and leaves out their last rows
        meant = {"stride"} if path.name == "cifar-94.net" else set()
        assert {d.code for d in checked.diagnostics} - meant <= {"data"}


# --- memory and time ------------------------------------------------------------------------------------------------

LARGE = "zeropad 42 -> conv 64 3x3 pad=1 -> flatten -> dense 4096 -> dense 10"


def with_memory(monkeypatch: pytest.MonkeyPatch, total: float, free: float) -> None:
    monkeypatch.setattr(machine, "memory", lambda: machine.Memory(int(total), int(free)))
    monkeypatch.setattr(machine, "processors", lambda: 2)
    monkeypatch.setattr("os.cpu_count", lambda: 2)  # as many shards a batch has at least


def test_more_weights_than_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with_memory(monkeypatch, 8e9, 6e9)
    (problem,) = check(LARGE).diagnostics
    assert problem.code == "memory"
    assert problem.message == (
        "3.3 billion weights (13 GB), more than this machine's memory (8.0 GB): it takes 66 GB to train them"
    )
    assert (problem.span.column, problem.label) == (LARGE.index("dense 4096") + 1, "receives 802816 values")
    assert problem.help == "pool first: write `maxpool 32 -> flatten` for the `flatten` on line 1"
    with_memory(monkeypatch, 8e9, 8e9)
    assert check(LARGE.replace("flatten", "maxpool 32 -> flatten")).ok


def test_a_batch_that_does_not_fit_is_refused_with_one_that_does(monkeypatch: pytest.MonkeyPatch) -> None:
    with_memory(monkeypatch, 1e9, 1e9)
    text = "train: batch=1024\nconv 256 3x3 pad=1 -> batchnorm -> relu -> globalavgpool -> dense 10"
    (problem,) = check(text).diagnostics
    assert (problem.code, problem.help) == ("memory", "write `train: batch=64`")
    assert check(text.replace("batch=1024", "batch=64")).diagnostics == ()
    # without a layer that must know the whole batch, only what is being computed is kept
    assert check(text.replace("batchnorm -> ", "")).diagnostics == ()


def test_memory_that_others_use_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    with_memory(monkeypatch, 8e9, 1e6)
    checked = check("flatten -> dense 10")
    assert checked.ok == (checked.diagnostics == ())
    with_memory(monkeypatch, 8e9, 1e5)
    checked = check("flatten -> dense 10")
    assert checked.ok
    assert [d.code for d in checked.diagnostics] == ["memory"]


def test_where_the_machine_does_not_say_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "memory", lambda: None)
    assert check(LARGE).ok


def test_an_epoch_of_days_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "memory", lambda: None)
    monkeypatch.setattr(machine, "processors", lambda: 2)
    checked = check("zeropad 100 -> conv 256 3x3 -> conv 256 5x5 -> globalavgpool -> dense 10")
    assert checked.ok
    (problem,) = checked.diagnostics
    assert (problem.code, problem.span.column) == ("time", 32)
    assert "days on this machine" in problem.message
    assert told("data: mnist limit=100\nzeropad 100 -> conv 256 3x3 -> conv 256 5x5 -> globalavgpool -> dense 10") == []


def test_a_step_needs_memory_in_proportion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr(machine, "processors", lambda: 3)
    plan = check("flatten -> dense 100 -> relu -> dense 10").plan
    assert plan is not None
    weights, batch = step_memory(plan.nodes, plan.optimizer, 32)
    assert weights >= 4 * plan.parameters * 4  # weights, gradients and adam's two moments, in float32
    # a gradient more for each shard of the batch: two shards of 64, then three
    weights, batch = step_memory(plan.nodes, plan.optimizer, 128)
    assert step_memory(plan.nodes, plan.optimizer, 192) == (weights + 4 * plan.parameters, batch * 1.5)


def test_figures_are_for_people() -> None:
    assert [in_bytes(n) for n in (1500, 2.5e6, 13.2e9, 4e12)] == ["2 kB", "2.5 MB", "13 GB", "4.0 TB"]
    assert [in_words(n) for n in (999, 14_000_000, 3_300_000_000)] == ["999", "14.0 million", "3.3 billion"]


def test_the_machine_says_what_it_has() -> None:
    there = machine.memory()
    assert there is None or 0 < there.free <= there.total
    assert machine.processors() >= 1


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("nn.GLU", "multiply { conv 8 1x1 | conv 8 1x1 -> sigmoid }"),
        ("SwiGLU", "multiply { conv 8 1x1 | conv 8 1x1 -> silu }"),
    ],
)
def test_a_layer_that_there_is_none_of_is_not_taken_for_a_slip(name: str, instead: str) -> None:
    text = f"conv 8 3x3 -> {name}(5) -> flatten -> dense 10"
    (problem,) = check(text).diagnostics
    assert "there is none for" in problem.message
    assert "Did you mean" not in problem.message
    assert followed(text) == f"conv 8 3x3 -> {instead} -> flatten -> dense 10"


@pytest.mark.parametrize("name", ["mul", "Multiply", "keras.layers.Multiply", "hadamard"])
def test_a_product_by_another_name_is_multiply(name: str) -> None:
    text = f"{name} {{ conv 8 3x3 pad=1 | conv 8 3x3 pad=1 }} -> flatten -> dense 10"
    assert followed(text) == text.replace(name, "multiply")


@pytest.mark.parametrize(
    "branches",
    [
        "identity | globalavgpool -> dense 4",
        "globalavgpool -> dense 4 | identity",
        "identity | globalavgpool keep=true -> conv 4 1x1",
        "identity | conv 4 3x3 pad=1",
        "conv 1 3x3 | identity",
        "identity | conv 1 3x3 stride=2 pad=1",
    ],
)
def test_branches_of_a_product_that_do_not_match_are_told_what_to_write(branches: str) -> None:
    text = f"conv 8 3x3 -> multiply {{ {branches} }} -> flatten -> dense 10"
    assert any("the branches of `multiply` do not match" in problem.message for problem in check(text).diagnostics)
    assert check(followed(text)).plan is not None


@pytest.mark.parametrize("name", ["subtract", "maximum"])
def test_a_join_that_there_is_none_of_leads_to_those_that_there_are(name: str) -> None:
    """Following the help gives a network: the branches stay."""
    text = f"{name} {{ conv 8 3x3 pad=1 | conv 8 3x3 pad=1 }} -> flatten -> dense 10"
    (problem,) = check(text).diagnostics
    assert "joined by `add`, `concat`, `multiply` and `residual`" in problem.message
    assert followed(text) == text.replace(name, "add")
