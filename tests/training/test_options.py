"""What was chosen for a run beside its text."""

from __future__ import annotations

from typing import Any

import pytest

from tuicnn.language import check
from tuicnn.language.plan import Plan
from tuicnn.training.options import Options

CHANGES = [("epochs=3", "epochs=4"), ("batch=20", "batch=25"), ("seed=1", "seed=2"), ("limit=60", "limit=70")]


def plan(text: str) -> Plan:
    found = check(text).plan
    assert found is not None
    return found


@pytest.mark.parametrize(("before", "after"), [*CHANGES, (" limit=60", "")])
def test_what_a_text_says_otherwise_than_before_is_meant_and_nothing_else(before: str, after: str) -> None:
    text = "data: mnist limit=60 val=10\ntrain: epochs=3 batch=20 seed=1\nflatten -> dense 10\n"
    name, _, value = after.partition("=")
    chosen: dict[str, Any] = {name: int(value)} if name else {}
    assert Options.changed(plan(text), plan(text.replace(before, after))) == Options(**chosen)
    assert Options.changed(plan(text), plan(text)) == Options()
