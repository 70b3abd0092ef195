"""Successive halving: which variants are trained on, by their results alone.

K. Jamieson, A. Talwalkar, Non-stochastic best arm identification and hyperparameter optimization, AISTATS 2016. All
variants are trained to the first rung; of those that came there the best 1/eta are trained to the next one, and so on.
A rung is judged once every variant has its result: when results come, and from where, changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["FAILED", "Result", "Rung", "goals", "ranked", "rungs"]

#: the mean figure of a variant over its seeds, more is better; None while it is not known, NaN where it never will be
Result = float | None
FAILED = math.nan


@dataclass(frozen=True)
class Rung:
    """How many variants come to it at most, and how many epochs each variant has there."""

    variants: int
    epochs: tuple[int, ...]


def rungs(epochs: Sequence[int], eta: int | None) -> tuple[Rung, ...]:
    """The rungs of variants that have so many `epochs` in all; one without halving (`eta` None).

    At the last one a variant has all its epochs, at each one before it 1/eta of those, rounded up; 1/eta of the
    variants come to the next one. There are as many rungs as leave one variant, and as the epochs allow.
    """
    if eta is None:
        return (Rung(len(epochs), tuple(epochs)),)
    steps = min(_logarithm(len(epochs), eta), _logarithm(min(epochs), eta))
    return tuple(
        Rung(len(epochs) // eta**step, tuple(-(-each // eta ** (steps - step)) for each in epochs))
        for step in range(steps + 1)
    )


def ranked(results: Sequence[float], among: Sequence[int]) -> list[int]:
    """The variants `among` all that have results, the best first; equal ones in their order, failed ones last."""
    return sorted(among, key=lambda variant: (math.isnan(results[variant]), -_finite(results[variant]), variant))


def goals(results: Sequence[Sequence[Result]], given: Sequence[Rung]) -> list[int]:
    """The rung that each variant is to be trained to; `results[variant][rung]` is what it came to there."""
    goal = [0] * len(results)
    among = list(range(len(results)))
    for number, following in enumerate(given[1:]):
        here = [each[number] for each in results]
        known = [FAILED if result is None else result for result in here]
        if any(here[variant] is None for variant in among):
            break
        best = ranked(known, among)[: following.variants]
        among = [variant for variant in sorted(best) if not math.isnan(known[variant])]
        for variant in among:
            goal[variant] = number + 1
    return goal


def _logarithm(number: int, base: int) -> int:
    """The largest power of a base that a number has, exactly."""
    power = 0
    while base ** (power + 1) <= number:
        power += 1
    return power


def _finite(number: float) -> float:
    return 0.0 if math.isnan(number) else number
