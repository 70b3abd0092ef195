"""What `--set NAME=VALUES` means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicnn.errors import UserError
from tuicnn.sweep.variants import label_of, values_of, variants_of


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("8,16, 32", "8 16 32"),
        ("1e-3..1e-1:log:5", "0.001 0.00316 0.01 0.0316 0.1"),
        ("8..64:log:4", "8 16 32 64"),
        ("1..4", "1 2 3 4"),
        ("3..1", "3 2 1"),
        ("0.1..0.5:5,0.9", "0.1 0.2 0.3 0.4 0.5 0.9"),
        ("1..3:9", "1 2 3"),  # whole numbers stay whole, and are taken once
        ("0.5..0.50001:3", "0.5 0.500005 0.50001"),  # as many digits as tell them apart
        ("7", "7"),
    ],
)
def test_values_are_listed_or_a_range(text: str, values: str) -> None:
    assert values_of("w", text) == tuple(values.split())


def test_commas_in_brackets_and_quotes_part_no_values() -> None:
    assert values_of("data", 'npz "a,b..c.npz",mnist classes=[1, 2]') == ('npz "a,b..c.npz"', "mnist classes=[1, 2]")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,,2", "empty value"),
        ("0.1..0.5", "write w=0.1..0.5:5"),
        ("a..b", "no range"),
        ("0..1:log:3", "above 0"),
        ("1..2:0", "0 values"),
        ("1..9999999", "9,999,999 values"),
    ],
)
def test_what_is_no_range_is_said_so(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        values_of("w", text)


@given(st.dictionaries(st.sampled_from("abc"), st.integers(1, 6)))
def test_every_combination_is_a_variant_once(counts: dict[str, int]) -> None:
    variants = variants_of({name: f"1..{count}" for name, count in counts.items()})
    expected = 1
    for count in counts.values():
        expected *= count
    assert len({label_of(variant) for variant in variants}) == len(variants) == expected


def test_too_many_variants_are_refused() -> None:
    with pytest.raises(UserError, match="1,000,000 variants"):
        variants_of(dict.fromkeys("abc", "1..100"))
