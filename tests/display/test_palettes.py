"""The colours and characters of feature maps, as an eye sees them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.tui.drawn import TERMINALS
from tuicnn.display.palettes import palette
from tuicnn.display.pixels import NONE, _oklab, _palette
from tuicnn.display.terminal import Colours, TerminalProfile

DARK = [(0, 0, 0), (30, 30, 30)]
LIGHT = [(255, 255, 255), (253, 246, 227)]
GROUNDS = [(False, ground) for ground in DARK] + [(True, ground) for ground in LIGHT]
CASES = [(colours, light, ground) for colours in ("256", "16") for light, ground in GROUNDS]


def rgb(codes: Any) -> NDArray[np.float64]:
    """sRGB (n, 3) of 0 to 255 of codes of the palette."""
    return np.asarray(np.concatenate([_palette(few=True), _palette()])[np.asarray(codes)])


def luminance(colours: Any) -> NDArray[np.float64]:
    c = np.asarray(colours, float) / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ np.array([0.2126, 0.7152, 0.0722]))


def contrast(colours: Any, ground: Any) -> NDArray[np.float64]:
    """As WCAG defines it."""
    a, b = luminance(colours), luminance(ground)
    return np.asarray((np.maximum(a, b) + 0.05) / (np.minimum(a, b) + 0.05))


def halves(colours: Colours, light: bool) -> list[NDArray[np.int64]]:
    """Below zero, above zero, and from zero up where nothing is below: each from its first step on."""
    terminal = TerminalProfile(colours=colours, light=light)
    both, greys = (palette(terminal, signed).codes for signed in (True, False))
    middle = len(both) // 2
    assert (both[middle], greys[0]) == (NONE, NONE)
    return [both[:middle][::-1], both[middle + 1 :], greys[1:]]


@pytest.mark.parametrize(("colours", "light", "ground"), CASES)
def test_every_step_is_seen_on_its_ground_and_a_further_one_is_further_from_it(
    colours: Colours, light: bool, ground: tuple[int, int, int]
) -> None:
    for half in halves(colours, light):
        seen = contrast(rgb(half), ground)
        assert seen[0] >= 1.5
        assert np.all(np.diff(seen) > 0)


@pytest.mark.parametrize("light", [False, True])
def test_the_two_signs_differ_in_hue_at_every_size(light: bool) -> None:
    below, above, _ = halves("256", light)
    assert len(below) == len(above)
    cool, warm = _oklab(rgb(below)), _oklab(rgb(above))
    assert np.all(np.linalg.norm(cool - warm, axis=1) > 0.1)
    assert np.all(cool[:, 2] < warm[:, 2] - 0.08)  # blue against yellow, which the colour-blind see too


@pytest.mark.parametrize("terminal", TERMINALS)
def test_no_code_stands_for_two_things(terminal: TerminalProfile) -> None:
    for signed in (False, True):
        found = palette(terminal, signed)
        every = [*found.codes.tolist(), found.bad]
        assert len(set(every)) == len(every)
        assert found.cursor not in every or terminal.colours == "none"
        assert not terminal.ascii or all(code < 128 or terminal.colours != "none" for code in every)
