"""Numbers in the fewest characters that say enough, in columns that do not jitter."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["clock", "count", "counted", "duration", "percent", "shape", "significant"]


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
    return short if len(short) <= 6 else f"{number:.0e}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")


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
