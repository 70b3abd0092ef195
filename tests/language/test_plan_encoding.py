"""A plan goes to another process as JSON and comes back as it was, whatever is in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.layers.table import ROWS
from tests.strategies import networks, optimizers
from tuicnn.language import Plan, check, check_file
from tuicnn.language.plan_encoding import decode_plan, encode_plan


def essence(plan: Plan) -> Plan:
    """All but places in files."""
    first = plan.nodes[0].span
    return replace(plan, nodes=tuple(replace(node, span=first, via=()) for node in plan.nodes))


def same(plan: Plan) -> None:
    found = decode_plan(encode_plan(plan))
    span = plan.nodes[0].span
    assert replace(found, nodes=tuple(replace(n, span=span) for n in found.nodes), data=plan.data) == essence(plan)
    assert str(found.data) == str(plan.data)


@pytest.mark.parametrize("path", sorted(Path("nets").glob("*.net")), ids=lambda path: path.stem)
def test_each_bundled_net(path: Path) -> None:
    plan = check_file(path)[1].plan
    assert plan is not None
    same(plan)


@given(networks(), optimizers(st.floats(1e-4, 0.3)))
def test_random_nets(net: tuple[str, tuple[int, int, int]], optimizer: object) -> None:
    text, size = net
    plan = check(f"{text}augment: shift=2 flip=horizontal\n", input=size, classes=4).plan
    assert plan is not None
    same(replace(plan, optimizer=optimizer))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ROWS)
@given(st.data())
def test_each_layer_as_it_may_be_written(name: str, data: st.DataObject) -> None:
    text, shapes = data.draw(ROWS[name])
    if len(shapes) > 1 or len(shapes[0]) != 3:
        return
    plan = check(f"{text} -> flatten -> dense 3\n", input=shapes[0], classes=3).plan
    assert plan is not None
    same(plan)
