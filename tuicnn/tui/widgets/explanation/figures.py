"""Figures of an explanation: what adds and what takes away have a colour each, and always a sign."""

from __future__ import annotations

import math

from tuicnn.display.terminal import Role
from tuicnn.numbers import short

__all__ = ["figure", "precise", "sign_role"]


def figure(number: float) -> str:
    """Three digits."""
    return short(number + 0.0) if math.isfinite(number) else str(number)


def precise(number: float) -> str:
    """Six digits: what float32 has, less what its rounding takes."""
    return f"{number + 0.0:.6g}" if math.isfinite(number) else figure(number)


def sign_role(number: float) -> Role:
    """The colour of a number that adds, takes away, does nothing, or is none."""
    if not math.isfinite(number):
        return "bad"
    return "accent" if number > 0 else "second" if number < 0 else "dim"
