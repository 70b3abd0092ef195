"""Times in a net: `checkpoint=30s`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicnn.language import check
from tuicnn.settings import Train
from tuicnn.vocabulary import UNITS, Duration, Time, written


def checked(setting: str) -> tuple[Train | None, list[str]]:
    """What `train:` becomes, and what is to be written instead."""
    found = check(f"train: {setting}\nflatten -> dense 10")
    return (found.plan.train if found.plan else None), [d.help or "" for d in found.diagnostics]


@pytest.mark.parametrize(
    ("text", "seconds"), [("1s", 1), ("30s", 30), ("1.5m", 90), ("2m", 120), ("24h", 86_400), ("off", 0)]
)
@pytest.mark.parametrize("form", ["checkpoint={}", "checkpoint = {}", "epochs=2 checkpoint={} seed=1"])
def test_a_time_is_seconds(text: str, seconds: float, form: str) -> None:
    train, _ = checked(form.format(text))
    assert train is not None
    assert train.checkpoint == seconds


@given(st.integers(1, 86_400), st.sampled_from(sorted(UNITS)))
def test_what_is_written_back_is_the_same_time(number: int, unit: str) -> None:
    seconds = number * UNITS[unit]
    if seconds <= 86_400:
        train, _ = checked(f"checkpoint={number}{unit}")
        assert train is not None
        again, _ = checked(written(train).removeprefix("train").strip() or "epochs=3")  # all as usual
        assert again == train
        assert train.checkpoint == seconds


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("30", "checkpoint=30s"),
        ('"45s"', "checkpoint=45s"),
        ("45 s", "45s"),
        ("5 minutes", "5m"),
        ("2hours", "2h"),
        ("1d", "24h"),
        ("0", "checkpoint=off"),
        ("0s", "checkpoint=off"),
        ("none", "checkpoint=off"),
        ("false", "checkpoint=off"),
        ("0.2s", "checkpoint=1s"),
        ("1000h", "checkpoint=24h"),
        ("-5s", "checkpoint=5s"),
        ("often", "checkpoint=30s"),
    ],
)
def test_what_is_no_time_is_told_with_the_one_to_write(text: str, instead: str) -> None:
    train, helps = checked(f"checkpoint={text}")
    assert train is None
    assert helps[0] == f"write `{instead}`"


def test_elsewhere_a_number_with_a_name_at_its_end_is_what_it_was() -> None:
    for text, instead in (
        ("m = 3\nconv 4 3x3 pad=2m -> flatten -> dense 10", "(2*m)"),
        ("def m = relu\nconv 4 3x3 -> 2m -> flatten -> dense 10", "2 *"),
    ):
        helps = [d.help for d in check(text).diagnostics]
        assert helps == [f"write `{instead}`"]


@given(st.floats(0, 1e9))
def test_any_number_of_seconds_is_shown_as_one_time(seconds: float) -> None:
    assert Time.of(seconds).seconds == pytest.approx(seconds)
    assert Duration().show(0.0) == "off"
