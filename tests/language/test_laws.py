"""Laws that hold for every network and every text."""

from __future__ import annotations

import math

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tuicnn.language import INPUT as OWN_INPUT
from tuicnn.language import Checked, Severity, check

from .programs import INPUT, chains, essence, steps, structure, whole

FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def checked(text: str) -> Checked:
    return check(text, input=INPUT, classes=10)


@FEW
@given(chains)
def test_a_plan_is_consistent(chain: str) -> None:
    """Each node's inputs come before it with the shapes it says, its output is its layer's, and all lead to the end."""
    plan = checked(whole(chain)).plan
    assert plan is not None
    assert plan.nodes[-1].shape == (10,)
    shapes = [node.shape for node in plan.nodes]
    for i, node in enumerate(plan.nodes):
        assert all(OWN_INPUT <= j < i for j in node.inputs)
        assert node.input_shapes == tuple(INPUT if j == OWN_INPUT else shapes[j] for j in node.inputs)
        assert node.shape == node.layer.output(*node.input_shapes)
        weights = node.layer.weights(*node.input_shapes).values()
        assert node.parameters == sum(math.prod(w.shape) for w in weights if w.is_parameter)
    used = {j for node in plan.nodes for j in node.inputs}
    assert set(range(len(plan.nodes) - 1)) <= used
    names = [node.name for node in plan.nodes]
    assert len(set(names)) == len(names)
    assert plan.parameters == sum(node.parameters for node in plan.nodes) > 0


ARROWS = [" -> ", " → ", " ->\n   ", "\n  -> ", "\t->\t", "->", " -> # why\n", "\n# so\n\n -> "]


@FEW
@given(chains, st.lists(st.sampled_from(ARROWS), min_size=1, max_size=5), st.booleans(), st.booleans(), st.booleans())
def test_layout_and_spelling_do_not_matter(chain: str, arrows: list[str], crlf: bool, bom: bool, times: bool) -> None:
    plain = essence(checked(whole(chain)).plan)
    parts = chain.split(" -> ")
    text = parts[0]
    for i, part in enumerate(parts[1:]):
        text += arrows[i % len(arrows)] + part
    text = "\n# a comment\n\t\n" + whole(text).replace("pad=", "pad = ")
    if times:
        text = text.replace("3x3", "3×3").replace(" * ", " × ")
    if crlf:
        text = text.replace("\n", "\r\n")
    if bom:
        text = "\ufeff" + text
    result = checked(text)
    assert not [d for d in result.diagnostics if d.severity is Severity.ERROR]
    assert essence(result.plan) == plain


@FEW
@given(chains)
def test_a_new_line_is_an_arrow(chain: str) -> None:
    assert essence(checked(whole(chain.replace(" -> ", "\n"))).plan) == essence(checked(whole(chain)).plan)


@FEW
@given(steps, st.integers(1, 4))
def test_repeating_is_writing_it_again(step: str, times: int) -> None:
    again = " -> ".join([step] * times)
    repeated = checked(whole(f"{times} * {step}")).plan
    assert essence(repeated) == essence(checked(whole(again)).plan)


@FEW
@given(chains)
def test_a_group_is_its_chain(chain: str) -> None:
    assert essence(checked(whole(f"({chain})")).plan) == essence(checked(whole(chain)).plan)


@FEW
@given(chains)
def test_a_block_is_its_chain(chain: str) -> None:
    inside = checked(f"def body = ({chain})\n{whole('body')}").plan
    assert structure(inside) == structure(checked(whole(chain)).plan)


@FEW
@given(st.integers(1, 9), st.integers(1, 3), st.booleans())
def test_call_form_and_plain_form_are_one(filters: int, kernel: int, bias: bool) -> None:
    word = str(bias).lower()
    plain = f"conv {filters} {kernel}x{kernel} pad=same bias={word}"
    call = f"conv({filters}, {kernel}x{kernel}, pad=same, bias={word})"
    spaced = f"conv ({filters}) {kernel} pad=same bias={word}"
    block = f"widen({filters}, k={kernel})", f"widen {filters} k={kernel}"
    assert essence(checked(whole(call)).plan) == essence(checked(whole(plain)).plan)
    assert structure(checked(whole(spaced)).plan) == structure(checked(whole(plain)).plan)
    assert essence(checked(whole(block[0])).plan) == essence(checked(whole(block[1])).plan)


@FEW
@given(st.lists(st.sampled_from(["covn 8 3x3", "relu strid=2", "dense", "pool 2 -> fc 3"]), min_size=1, max_size=5))
def test_every_line_has_its_own_problem(lines: list[str]) -> None:
    """Several problems are reported in one go, each where it stands, and none because of another."""
    result = checked("\n".join(lines))
    expected = [i for i, line in enumerate(lines, 1) for _ in range(line.count("->") + 1)]
    assert [d.span.line for d in result.diagnostics] == expected


@FEW
@given(chains, st.integers(2, 5))
def test_a_problem_in_a_block_is_reported_once(chain: str, times: int) -> None:
    assume("drop" not in chain)
    text = f"def wrong(c) = conv c 3x3 strid=2 -> relu\n{whole(f'{chain} -> {times} * wrong 3 -> wrong 4')}"
    result = checked(text)
    assert [(d.code, d.span.line) for d in result.diagnostics] == [("name", 1)]
    assert result.diagnostics[0].notes[0].message == "in `wrong 3`, used here"
