"""Curves as SVG: what stands in it, whatever the numbers and names are."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicnn.display.svg import COLOURS, Curve, chart

SVG = "{http://www.w3.org/2000/svg}"


def curve(name: str, *y: float) -> Curve:
    return Curve(name, np.arange(1, len(y) + 1), np.array(y))


def path(svg: str, colour: str) -> str:
    """The line in a colour."""
    found = re.search(f'<path d="([^"]*)" fill="none" stroke="{colour}"', svg)
    assert found is not None
    return found[1]


def points(svg: str, colour: str) -> list[tuple[float, float]]:
    """Its points, in pixels."""
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", path(svg, colour))]


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_a_chart_says_what_it_shows() -> None:
    svg = chart(
        [curve("training", 0.5, 0.75, 0.9), curve("R&D <b>", 0.4, 0.8, 0.85)], "accuracy", "epoch", percent=True
    )
    said = texts(svg)
    assert {"accuracy", "epoch", "training", "R&D <b>", "40%", "100%"} <= set(said)
    label = ElementTree.fromstring(svg).get("aria-label")
    assert label == "accuracy: training 90.00%, R&D <b> 85.00% at the end"
    assert "script" not in svg
    assert re.findall(r"https?://[^\"]*", svg) == ["http://www.w3.org/2000/svg"]


def test_larger_is_higher_and_later_is_further_right() -> None:
    line = points(chart([curve("a", 1.0, 3.0, 2.0)], "loss", "step"), COLOURS[0])
    across, down = zip(*line, strict=True)
    assert sorted(across) == list(across)
    assert down[1] < down[2] < down[0]
    assert across[1] - across[0] == pytest.approx(across[2] - across[1], abs=0.11)  # a place has one decimal


def test_a_gap_is_not_bridged_and_a_point_alone_is_seen() -> None:
    nan = float("nan")
    svg = chart([curve("a", *[1.0] * 50, nan, 2.0, nan, *[3.0] * 50)], "loss", "step")
    assert path(svg, COLOURS[0]).count("M") == 3
    assert re.search(r'd="M[\d.]+ [\d.]+h0"', svg)
    assert "no values yet" in texts(chart([curve("a", nan)], "loss", "step"))
    assert "no values yet" in texts(chart([], "loss", "step"))


def test_a_spike_of_a_long_curve_stays_and_its_file_is_small() -> None:
    y = np.full(100_000, 1.0)
    y[70_001] = 9.0
    svg = chart([Curve("loss", np.arange(len(y)), y)], "loss", "step", width=400)
    assert len(svg) < 20_000
    down = [y for _, y in points(svg, COLOURS[0])]
    assert min(down) < max(down) / 2


@given(
    st.lists(st.floats(width=32, allow_nan=True, allow_infinity=True), max_size=30),
    st.text(max_size=20),
    st.booleans(),
)
def test_whatever_the_numbers_are_it_is_xml_within_its_frame(values: list[Any], name: str, percent: bool) -> None:
    name = "".join(c for c in name if c.isprintable())
    if percent:
        values = [abs(v) % 1 if np.isfinite(v) else v for v in values]
    svg = chart(
        [curve(name, *values), curve("other", 0.5)], "accuracy", "epoch", percent=percent, width=300, height=150
    )
    root = ElementTree.fromstring(svg)
    assert (root.get("width"), root.get("height")) == ("300", "150")
    assert "nan" not in svg.replace(name, "").lower()
    for colour in COLOURS[:2]:
        assert all(0 <= x <= 300 and 0 <= y <= 150 for x, y in points(svg, colour))
