"""What a plan says: layers, names, shapes, settings."""

from __future__ import annotations

import pytest

from tuicnn.language import Plan, Severity, check, render_plain

from .programs import LARGER


def plan_of(text: str, **overrides: object) -> Plan:
    checked = check(text, **overrides)  # type: ignore[arg-type]
    errors = [d for d in checked.diagnostics if d.severity is Severity.ERROR]
    assert checked.plan is not None, render_plain(errors)
    return checked.plan


def test_the_larger_example_is_whole() -> None:
    """Shapes are known whether or not the data set is there."""
    plan = plan_of(LARGER)
    assert plan.input == (3, 32, 32)
    assert plan.classes == 10
    assert len(plan.nodes) == 65
    by_name = {node.name: node for node in plan.nodes}
    assert by_name["stem"].shape == (16, 32, 32)
    assert by_name["mixed"].shape == (64, 16, 16)
    assert by_name["mixed"].text == "concat"
    assert by_name["concat1"].shape == (72, 16, 16)
    assert by_name["concat1"].inputs[0] == plan.nodes.index(by_name["mixed"])
    assert plan.nodes[-1].text == "dense 10 init=normal(0.01)"
    first = by_name["conv1"]
    assert (first.text, first.parameters, first.macs) == ("conv 16 3x3", 16 * 16 * 9, 16 * 16 * 9 * 32 * 32)
    assert [note.message for note in first.via] == ["in `basic 16`, used here"]
    assert first.via[0].span is not None
    assert first.via[0].span.line == 28
    assert plan.filled_in == ("loss: cross_entropy",)
    assert (plan.train.epochs, plan.train.batch, plan.train.seed) == (30, 128, 1)
    assert (plan.augment.shift, plan.augment.flip) == (4, "horizontal")
    assert type(plan.optimizer).__name__ == "SGD"


def test_one_line_is_a_whole_file() -> None:
    plan = plan_of("conv 8 3x3 pad=1 -> relu -> maxpool 2 -> flatten -> dense 10")
    assert [(n.name, n.text, n.shape) for n in plan.nodes] == [
        ("conv1", "conv 8 3x3 pad=1", (8, 28, 28)),
        ("relu1", "relu", (8, 28, 28)),
        ("maxpool1", "maxpool 2", (8, 14, 14)),
        ("flatten1", "flatten", (1568,)),
        ("dense1", "dense 10", (10,)),
    ]
    assert plan.parameters == 8 * 9 + 8 + 1568 * 10 + 10
    assert plan.filled_in == (
        "data: mnist",
        "loss: cross_entropy",
        "optim: adam lr=0.002",
        "schedule: cosine",
        "train: epochs=10 batch=64 seed=0 checkpoint=30s",
    )


def test_what_was_filled_in_can_be_written() -> None:
    text = "flatten -> dense 10"
    plan = plan_of(text)
    again = plan_of("\n".join([*plan.filled_in, text]))
    assert again.filled_in == ()
    assert (again.data, again.loss, again.optimizer) == (plan.data, plan.loss, plan.optimizer)
    assert (again.schedule, again.train, again.augment) == (plan.schedule, plan.train, plan.augment)


def test_python_may_say_what_the_data_would() -> None:
    plan = plan_of('data: folder "nowhere"\nflatten -> dense 3', input=(2, 5, 4), classes=3)
    assert plan.nodes[0].shape == (40,)
    assert plan.classes == 3
    assert "data: mnist" not in plan_of("flatten -> dense 3", input=(2, 5, 4), classes=3).filled_in


def test_residual_is_add_with_identity() -> None:
    both = [plan_of(f"{text} -> flatten -> dense 10") for text in ("residual { relu }", "add { relu | identity }")]
    assert [(n.layer, n.inputs) for n in both[0].nodes] == [(n.layer, n.inputs) for n in both[1].nodes]
    assert both[0].nodes[1].inputs == (0, -1)


def test_a_label_joins_an_earlier_output() -> None:
    plan = plan_of(
        "conv 2 3x3 as a -> relu -> conv 3 3x3 pad=1 as b\nconcat { @a | @b -> relu | identity } -> flatten -> dense 10"
    )
    join = next(n for n in plan.nodes if n.name == "concat1")
    assert [(-1 if i < 0 else plan.nodes[i].name) for i in join.inputs] == ["a", "relu2", "b"]
    assert join.shape == (8, 26, 26)


def test_labels_of_a_block_are_its_own() -> None:
    block = "def f = conv 2 3x3 pad=1 as x -> relu -> concat { identity | @x }\n"
    plan = plan_of(block + "f -> f -> flatten -> dense 10")
    assert [n.inputs for n in plan.nodes if n.name.startswith("concat")] == [(1, 0), (4, 3)]
    outside = check(block + "f -> concat { identity | @x } -> flatten -> dense 10").diagnostics
    assert [(d.code, d.span.line) for d in outside] == [("label", 2)]


def test_a_labelled_name_is_not_given_again() -> None:
    plan = plan_of("relu as relu2 -> relu -> relu -> flatten -> dense 10")
    assert [n.name for n in plan.nodes] == ["relu2", "relu1", "relu3", "flatten1", "dense1"]


@pytest.mark.parametrize(
    ("written", "value"),
    [("8/2", 4), ("2*w-1", 5), ("2*(w+1)", 8), ("7//2", 3), ("7%4", 3), ("-w+4", 1), ("2-1-0", 1), ("w-k", 1)],
)
def test_arithmetic_is_as_in_school(written: str, value: int) -> None:
    plan = plan_of(f"w = k+1\nk = 2\nv = {written}\nconv ({written}) 1x1 -> conv v 1 -> flatten -> dense 10")
    assert [n.shape[0] for n in plan.nodes[:2]] == [value, value]


def test_parameters_have_defaults_and_hide_constants() -> None:
    plan = plan_of("k = 5\ndef f(c, k=3, p=(k//2)) = conv c k pad=p\nf 2 -> f(3, k=1) -> flatten -> dense 10")
    assert [n.text for n in plan.nodes[:2]] == ["conv 2 3 pad=1", "conv 3 1 pad=0"]


def test_defaults_are_for_what_is_not_said() -> None:
    plan = plan_of(
        "default: conv pad=same bias=false\ndefault: maxpool stride=1\n"
        "conv 2 3 -> conv 2 3 pad=0 bias=true\nmaxpool 2 -> flatten -> dense 10"
    )
    assert [n.shape for n in plan.nodes[:3]] == [(2, 28, 28), (2, 26, 26), (2, 25, 25)]
    assert [n.parameters for n in plan.nodes[:2]] == [18, 38]


def test_statements_may_stand_in_any_order() -> None:
    plan = plan_of("f w\ntrain: epochs=7\n-> flatten\nw = 3\ndef f(c) = conv c 3x3\n  -> relu\ndense 10\nloss: mse")
    assert [n.text for n in plan.nodes] == ["conv 3 3x3", "relu", "flatten", "dense 10"]
    assert plan.train.epochs == 7


def test_a_setting_may_be_written_as_a_call() -> None:
    assert (
        plan_of("optim: sgd(lr=0.5)\nflatten -> dense 10").optimizer
        == plan_of("optim: sgd lr=0.5\nflatten -> dense 10").optimizer
    )


def test_two_classes_may_have_one_output() -> None:
    text = "data: mnist classes=[3, 8]\nloss: {}\nflatten -> dense {}"
    assert plan_of(text.format("mse", 1)).nodes[-1].shape == (1,)
    assert plan_of(text.format("bce", 2)).nodes[-1].shape == (2,)
    assert not check(text.format("cross_entropy", 1)).ok


def test_windows_that_lose_only_padding_are_not_warned_of() -> None:
    assert check("conv 8 3x3 stride=2 pad=1 -> conv 8 1x1 stride=2 -> flatten -> dense 10").diagnostics == ()
    (warning,) = check("conv 8 3x3 stride=2 -> flatten -> dense 10").diagnostics
    assert (warning.severity, warning.code) == (Severity.WARNING, "stride")
    assert warning.message == "(28 - 3)/2 is not whole: the last row and column are ignored"


def test_the_chain_of_blocks_is_shown_from_the_inside_out() -> None:
    text = (
        "def inner(c) = residual {\n  conv c 3x3 }\ndef outer(c) = relu -> inner (c+1)\nouter 4 -> flatten -> dense 10"
    )
    (problem,) = check(text).diagnostics
    assert [(n.message, n.span and n.span.line) for n in problem.notes] == [
        ("in `inner 5`, used here", 3),
        ("in `outer 4`, used here", 4),
    ]


def test_all_problems_come_in_one_go_in_the_order_of_the_file() -> None:
    text = """\
optmizer: adam
train: epochs=0
conv 8 3 x 3 -> covn 8 -> dense 4
def f(c) = conv c strid=2
add { relu | conv 3
loss: mes
"""
    found = [(d.span.line, d.code) for d in check(text).diagnostics]
    assert found == [
        (1, "setting"),
        (2, "range"),
        (3, "syntax"),
        (3, "name"),
        (4, "name"),
        (5, "syntax"),
        (5, "argument"),
        (6, "name"),
    ]


def test_an_unknown_name_silences_what_follows_from_it() -> None:
    codes = [d.code for d in check("covn 8 -> conv 3 3x3 -> add { relu | flatten } -> dense 10").diagnostics]
    assert codes == ["name"]
    assert [d.code for d in check("w = k*2\nconv w 3x3 -> dense w").diagnostics] == ["name"]
    assert [d.code for d in check("def f(c = conv c 3x3\nf 3 -> f 2 -> flatten -> dense 10").diagnostics] == ["syntax"]


def test_blocks_that_nothing_uses_are_looked_at_too() -> None:
    (problem,) = check("def f(c) = conv c 3x3 -> relo\nflatten -> dense 10").diagnostics
    assert (problem.code, problem.span.column) == ("name", 26)


def test_a_block_does_not_see_labels_outside() -> None:
    text = "def f = concat { identity | @x }\nrelu as x -> f -> flatten -> dense 10"
    (problem,) = check(text).diagnostics
    assert (problem.code, problem.span.line) == ("label", 1)


def test_each_turn_of_a_repeat_has_its_own_labels() -> None:
    plan = plan_of("3 * (conv 2 3x3 pad=1 as x -> relu -> add { identity | @x }) -> flatten -> dense 10")
    assert [n.inputs for n in plan.nodes if n.name.startswith("add")] == [(1, 0), (4, 3), (7, 6)]
    outside = check("2 * (relu as x -> tanh) -> concat { identity | @x } -> flatten -> dense 10").diagnostics
    assert [d.code for d in outside] == ["label"]


def test_defaults_of_one_layer_may_stand_on_two_lines() -> None:
    plan = plan_of("default: conv pad=same\ndefault: conv bias=false\nconv 2 3 -> flatten -> dense 10")
    assert (plan.nodes[0].shape, plan.nodes[0].parameters) == ((2, 28, 28), 18)
