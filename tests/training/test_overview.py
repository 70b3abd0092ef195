"""The rows of a network's table."""

from __future__ import annotations

from tuicnn.language import check
from tuicnn.training.overview import rows_of

NET = """\
data: mnist
def unit(c) = conv c 3x3 pad=1 -> relu
def pair(c) = 2 * unit c
conv 4 3x3 pad=1
unit 4 -> unit 4 -> 2 * unit 8 -> pair 4
concat { unit 6 | relu } -> flatten -> dense 10
"""


def test_a_layer_of_a_block_names_the_use_it_came_from_and_uses_that_read_alike_are_numbered() -> None:
    plan = check(NET).plan
    assert plan is not None
    assert [(row.kind, row.block) for row in rows_of(plan)] == [
        ("conv", ""),
        *[(kind, f"unit 4 #{n}") for n in (1, 2) for kind in ("conv", "relu")],
        *[(kind, f"unit 8 #{n}") for n in (1, 2) for kind in ("conv", "relu")],
        *[(kind, "pair 4") for kind in ("conv", "relu") * 2],
        ("conv", "unit 6"),
        ("relu", "unit 6"),
        ("relu", ""),
        ("concat", ""),
        ("flatten", ""),
        ("dense", ""),
    ]
