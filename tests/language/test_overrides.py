"""A text with other values: only these change, and what is wrong with one is said where it was given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.language.programs import HEAD, TAIL, chains, whole
from tuicnn.language import (
    OverrideError,
    Plan,
    Reading,
    UnreadableError,
    check,
    check_overridden,
    format_text,
    override,
)
from tuicnn.language.excerpts import excerpt
from tuicnn.language.names import first_word
from tuicnn.language.syntax.grammar import tokens
from tuicnn.language.syntax.tree import Constant, Setting
from tuicnn.vocabulary import arguments

FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NETS = sorted((ROOT / "nets").glob("*.net"))

#: what may be part of a value, or lead out of one
PIECES = st.text(st.sampled_from('w8.-=x#"()[]{}|@:, \\\nsé→'), max_size=8)

COMMENTED = """\
data:  mnist val=5000  # kept apart
optim: sgd lr=0.1      # as in the paper
train: epochs=2

# the width
w = 16                 # filters
def unit(c, k=3) = conv c k pad=same -> relu

conv(w, 3x3) as stem -> relu
2 * (unit w)
unit(8) as last        # a label
flatten -> dense 10
"""


def plan_of(text: str) -> Plan:
    plan = check(text).plan
    assert plan is not None
    return plan


def values_in(reading: Reading) -> Iterator[tuple[str, str]]:
    """Every value that a text says under a name, as the text says it."""
    for statement in reading.tree.statements:
        if isinstance(statement, Constant) and statement.value is not None:
            yield statement.name.text, excerpt(statement.value.span)
        elif isinstance(statement, Setting) and statement.name.text not in ("default", "include"):
            first, last = statement.arguments[0].span, statement.arguments[-1].span
            yield statement.name.text, excerpt(first.to(last))
            for argument in (*statement.arguments, *first_word(statement)[1]):
                if argument.name is not None:
                    yield f"{statement.name.text}.{argument.name.text}", excerpt(argument.value.span)
    spans = Counter(node.span for node in reading.nodes)
    for node in reading.nodes:
        words = node.text.split()
        places = [a.name for a in arguments(node.layer) if a.positional]
        written = excerpt(node.span).replace("(", " ").replace(")", " ").replace(",", " ").split()
        if spans[node.span] == 1 and not node.via and written == words:  # in plain words, without names
            for place, word in zip(places, (w for w in words[1:] if "=" not in w), strict=False):
                yield f"{node.name}.{place}", word


def check_that_nothing_changes(text: str) -> None:
    reading = check(text).reading
    assert reading is not None
    for name, value in values_in(reading):
        assert override(text, {name: value}) == text, name


@pytest.mark.parametrize("path", NETS, ids=lambda path: path.stem)
def test_setting_what_a_net_says_already_changes_nothing(path: Path) -> None:
    check_that_nothing_changes(path.read_text())


@FEW
@given(chains, st.booleans())
def test_setting_what_a_random_net_says_already_changes_nothing(chain: str, in_form: bool) -> None:
    text = f"optim: sgd lr=1e-2  # why\n{whole(chain)}"
    check_that_nothing_changes(format_text(text) if in_form else text)


@FEW
@given(
    chains, st.integers(1, 99), st.sampled_from(["", "# a\n", "data: mnist\n", "optim: sgd lr=1 # b\n"]), st.booleans()
)
def test_what_is_set_is_what_the_plan_has_and_nothing_else_changes(
    chain: str, number: int, before: str, in_form: bool
) -> None:
    text = f"{before}{HEAD}{chain} # c\nconv 3 1x1 as here -> {TAIL}\n"
    text = format_text(text) if in_form else text
    plan = check(text).plan
    assume(plan is not None)
    assert plan is not None
    new = override(text, {"optim.lr": f"{number}e-3", "here.filters": str(number), "train.seed": f"{number}*2"})
    after = plan_of(new)
    assert (after.optimizer.lr, after.train.seed) == (number / 1000, number * 2)
    changes = {node.name: node.layer for node in after.nodes if node.layer not in [n.layer for n in plan.nodes]}
    assert set(changes) <= {"here"}
    assert next(node for node in after.nodes if node.name == "here").shape[0] == number
    assert [(n.name, n.inputs) for n in after.nodes] == [(n.name, n.inputs) for n in plan.nodes]
    assert comments(new) == comments(text)
    if in_form:
        assert format_text(new) == new


def comments(text: str) -> list[str]:
    return [part for line in text.split("\n") if (part := line.partition("#")[2])]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_only_the_values_change(newline: str, bom: str) -> None:
    text = bom + COMMENTED.replace("\n", newline)
    new = override(text, {"w": "8", "optim.lr": "0.05", "stem.kernel": "5", "last.c": "w//2"})
    assert new.startswith(bom)
    assert new.count(newline) == new.count("\n")
    lines = [text.removeprefix(bom).splitlines() for text in (COMMENTED, new)]
    assert [" ".join(b.split()) for a, b in zip(*lines, strict=True) if a != b] == [
        "optim: sgd lr=0.05 # as in the paper",
        "w = 8 # filters",
        "conv(w, 5) as stem -> relu",
        "unit((w//2)) as last # a label",
    ]
    if not bom and newline == "\n":
        assert format_text(new) == new


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"optim.momentum": "0.9"}, "optim: sgd lr=0.1 momentum=0.9  # as in the paper"),
        ({"optim": "adam"}, "optim: adam            # as in the paper"),
        ({"stem.pad": "1"}, "conv(w, 3x3, pad=1) as stem -> relu"),
        ({"schedule.warmup": "1"}, "schedule: cosine warmup=1"),
        ({"augment.shift": "2"}, "augment: shift=2"),
        ({"last.k": "w-11"}, "unit(8, k=(w-11)) as last  # a label"),
        ({"train.checkpoint": "90s"}, "train: epochs=2 checkpoint=90s"),
        ({"dense1.units": "2*5"}, "flatten -> dense (2*5)"),
        ({"data": 'npz "a b.npz"'}, 'data:  npz "a b.npz"   # kept apart'),
    ],
)
def test_a_value_that_is_not_there_yet_is_written(values: dict[str, str], line: str) -> None:
    new = override(COMMENTED, values)
    assert [" ".join(each.split()) for each in new.split("\n") if " ".join(each.split()) == " ".join(line.split())]
    assert comments(new) == comments(COMMENTED)
    assert format_text(new) == new


def test_comments_amid_a_value_stand_above_it() -> None:
    text = "w = (1 +  # one\n  2)      # two\nconv w 3x3 -> flatten -> dense 10\n"
    assert override(text, {"w": "8"}) == "# one\nw = 8      # two\nconv w 3x3 -> flatten -> dense 10\n"


def test_a_value_of_an_included_file_is_set_in_the_text_itself(tmp_path: Path) -> None:
    (tmp_path / "base.net").write_text("optim: sgd lr=0.1 momentum=0.9\nw = 4\ndef unit = conv w 3x3 -> relu\n")
    net = tmp_path / "my.net"
    net.write_text('include: "base.net"\nunit -> flatten -> dense 10\n')
    new = override(net.read_text(), {"optim.lr": "0.5", "w": "6"}, path=net)
    plan = check(new, path=net).plan
    assert plan is not None
    assert (plan.optimizer.lr, plan.optimizer.momentum) == (0.5, 0.9)  # type: ignore[attr-defined]
    assert plan.nodes[0].shape[0] == 6
    with pytest.raises(OverrideError, match=r"written in another file"):
        override(net.read_text(), {"conv1.filters": "3"}, path=net)


@pytest.mark.parametrize(
    ("name", "value", "message", "marked"),
    [
        ("optim.lr", "-1", "`lr` of sgd must be a number above 0", "-1"),
        ("optim.lr", "(w", "this `(` has no `)`", "("),
        ("optim.lr", "0.1 -> relu", "`0.1 -> relu` is not one value", "0.1 -> relu"),
        ("optim.lr", "1\n2", "a value has one line", "1\n2"),
        ("optim.learning_rate", "1", "sgd has no option `learning_rate`. Did you mean `lr`?", "learning_rate"),
        ("optim", "sdg lr=1", "no optimizer called `sdg`", "sdg"),
        ("optm.lr", "1", "no setting or layer called `optm`. Did you mean `optim`?", "optm"),
        ("lr", "1", "no setting or constant called `lr`. Did you mean `optim.lr`?", "lr"),
        ("W", "8", "no setting or constant called `W`. Did you mean `w`?", "W"),
        ("stem.filter", "8", "conv has no option `filter`. Did you mean `filters`?", "filter"),
        ("conv2.strid", "8", "line 7 makes conv2 and 2 more layers", "conv2"),
        ("conv9.filters", "8", "no layer called `conv9`", "conv9"),
        ("unit.c", "8", "`unit` is a block, not a value", "unit"),
        ("stem", "8", "`stem` is a layer; say which of its values", "stem"),
        ("default.conv", "8", "`default:` is not set from outside of the file", "default"),
        ("a.b.c", "8", "`a.b.c` is no name of a value", "a.b.c"),
        ("", "8", "the name of a value is missing", "="),
    ],
)
def test_what_is_wrong_with_a_value_is_said_where_it_was_given(
    name: str, value: str, message: str, marked: str
) -> None:
    _, checked = check_overridden(COMMENTED, {name: value})
    assert checked.plan is None
    (problem, *_) = checked.diagnostics
    assert problem.message.startswith(message)
    assert problem.help
    assert not problem.fixes
    source, span = problem.span.source, problem.span
    assert source.text == f"--set {name}={value}"
    assert source.text[span.column - 1 : span.end_column - 1] == marked


def test_what_is_wrong_elsewhere_keeps_its_line(tmp_path: Path) -> None:
    """A setting that is added moves all that comes after it; the numbers are those of the file that a person sees."""
    text = "conv 8 3x3 -> relu\nflatten\n\ndense 9\n"
    new, checked = check_overridden(text, {"optim.lr": "0.5", "conv1.filters": "4"}, name="my.net")
    assert new.count("\n") > text.count("\n")
    (problem,) = checked.diagnostics
    assert (problem.span.source.name, problem.span.line) == ("my.net", 4)
    assert excerpt(problem.span) == "dense 9"
    text = "conv 8 99x99 -> relu -> flatten -> dense 10"
    _, checked = check_overridden(text, {"conv1.filters": "4"})
    assert [excerpt(d.span) for d in checked.diagnostics] == ["conv1", "99x99"]  # which is why it is not known
    _, checked = check_overridden(f"{text} as last", {"last.units": "9"})
    assert [excerpt(d.span) for d in checked.diagnostics] == ["99x99", "dense 9 as last"]


def test_a_text_with_syntax_errors_is_not_changed() -> None:
    with pytest.raises(UnreadableError):
        override("conv 8 3x3 -> (relu", {"optim.lr": "1"})
    text, checked = check_overridden("conv 8 3x3 -> (relu", {"optim.lr": "1"})
    assert text == "conv 8 3x3 -> (relu"
    assert checked.diagnostics == check(text).diagnostics


@FEW
@given(PIECES, st.sampled_from(["w", "optim.lr", "last.c"]))
def test_any_value_is_one_value_or_refused(value: str, name: str) -> None:
    """Nothing that is given as a value reaches beyond its place."""
    try:
        new = override(COMMENTED, {name: value})
    except OverrideError:
        return
    kinds = [[t.type for t in tokens(text) if t.type == "NEWLINE"] for text in (COMMENTED, new)]
    assert kinds[0] == kinds[1]
    before, after = check(COMMENTED).reading, check(new).reading
    assert before is not None
    assert after is not None
    assert [type(s) for s in after.tree.statements] == [type(s) for s in before.tree.statements]
    assert comments(new) == comments(COMMENTED)


def test_the_order_of_values_is_that_in_which_they_are_given() -> None:
    first = override(COMMENTED, {"optim": "adam lr=1", "optim.lr": "2"})
    assert plan_of(first).optimizer.lr == 2
    assert plan_of(override(COMMENTED, {"optim.lr": "2", "optim": "adam lr=1"})).optimizer.lr == 1
