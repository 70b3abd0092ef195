"""Numbers in the fewest characters that say enough, in columns that do not jitter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

__all__ = ["aligned", "clock", "count", "counted", "duration", "percent", "shape", "short", "significant", "tick_texts"]


def count(number: int) -> str:
    """A whole number with commas, or, from ten million, in millions or billions: `15,690`, `33.6 M`."""
    if number < 10_000_000:
        return f"{number:,}"
    return f"{number / 1e6:,.1f} M" if number < 1e10 else f"{number / 1e9:,.1f} G"


def counted(number: int, what: str) -> str:
    """`1 thread`, `1,568 threads`."""
    return f"{number:,} {what}{'s' * (number != 1)}"


def significant(number: float, unknown: str = "-") -> str:
    """Three digits, or two and an exponent, in six characters at most: `0.012`, `12.3`, `1.2e-5`."""
    if not math.isfinite(number):
        return unknown if math.isnan(number) else f"{number}"
    size = abs(number)
    if size == 0:
        return "0"
    if size < 9999.5 and size >= 0.00995:
        return f"{number:.{max(0, min(3, 2 - math.floor(math.log10(size))))}f}"
    mantissa, exponent = f"{number:.1e}".split("e")
    short = f"{mantissa}e{int(exponent)}"
    return short if len(short) <= 6 else _brief_exponent(f"{number:.0e}")


def aligned(values: Sequence[float], unknown: str = "-") -> list[str]:
    """Numbers of one column, all of one width: with as many decimals as give the largest of them three digits.

    Where the largest is below 0.01 or above 10,000, each has an exponent of its own.
    """
    sizes = [abs(value) for value in values if math.isfinite(value)]
    largest = max(sizes, default=0.0)
    if largest and not 0.00995 <= largest < 9999.5:
        texts = [short(value) if math.isfinite(value) else significant(value, unknown) for value in values]
    else:
        decimals = max(0, min(4, 2 - math.floor(math.log10(largest)))) if largest else 0
        texts = [
            f"{round(value, decimals) + 0.0:.{decimals}f}" if math.isfinite(value) else significant(value, unknown)
            for value in values
        ]
    width = max(map(len, texts), default=0)
    return [text.rjust(width) for text in texts]


def percent(share: float | None, digits: int = 1, unknown: str = "-") -> str:
    """A share from 0 to 1 as percent, rounded; but 100% means all of them."""
    if share is None or not math.isfinite(share):
        return unknown
    if share < 1:
        share = min(share, 1 - 10.0 ** -(digits + 2))
    return f"{share * 100:.{digits}f}%"


def clock(seconds: float, unknown: str = "-") -> str:
    """A time as `0:42`, `12:03` or `1:02:03`."""
    if not math.isfinite(seconds):
        return unknown
    whole = max(0, round(seconds))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def duration(seconds: float) -> str:
    """A time in words: `8.2 s`, `3 min 05 s`, `2 h 10 min`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def shape(sizes: Sequence[int]) -> str:
    """A shape as the language writes it: `8x28x28`."""
    return "x".join(map(str, sizes))


def short(value: float) -> str:
    """Three significant digits: `0.0312`, `2.3`, `12.3k`, `1.2e-07`."""
    if not math.isfinite(value):
        return str(value)
    size = abs(value)
    if size >= 1e6 or 0 < size < 1e-4:
        return _brief_exponent(f"{value:.2g}")
    if size >= 1e4:
        return f"{value / 1000:.3g}k"
    return f"{value:.0f}" if size >= 100 else f"{value:.3g}"


def tick_texts(values: list[float], *, percent: bool = False) -> list[str]:
    """Texts of rising ticks, with as many decimals as it takes to tell them apart."""
    if percent:
        return [text + "%" for text in tick_texts([100 * v for v in values])]
    largest = max((abs(v) for v in values), default=0.0)
    least = min((b - a for a, b in pairwise(values)), default=largest or 1.0)
    if largest >= 1e6 or (largest > 0 and largest < 1e-3):
        digits = max(2, math.ceil(math.log10(largest / least) + 1e-9) + 1) if least > 0 else 2
        texts = [f"{v if abs(v) > least / 1e6 else 0.0:.{min(digits, 15)}g}" for v in values]
        return [_brief_exponent(text) for text in texts]
    if largest >= 1e4 and least >= 100:
        return [f"{v / 1000:g}k" if v else "0" for v in values]
    decimals = max(0, -math.floor(math.log10(least) + 1e-9)) if least > 0 else 0
    return [f"{v if abs(v) > least / 1e6 else 0.0:.{decimals}f}" for v in values]


def _brief_exponent(text: str) -> str:
    """`1e-7` for `1e-07`, `1e7` for `1e+07`."""
    return text.replace("e+0", "e").replace("e-0", "e-").replace("e+", "e")
