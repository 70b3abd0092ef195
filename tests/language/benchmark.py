"""How long it takes to check texts of a thousand layers and more: `python -m tests.language.benchmark` (not a test).

CPU time in milliseconds, the least and the middle one of several runs, on whatever machine this is.
"""

from __future__ import annotations

from statistics import median
from time import process_time

from tuicnn.language import check

_ONE = ("conv 8 3x3 pad=1", "batchnorm", "relu")
_END = "\nflatten\ndense 10"
_BLOCK = (
    "def basic(c) = residual {\n  conv c 3x3 pad=1 -> batchnorm -> relu\n  conv c 3x3 pad=1 -> batchnorm\n} -> relu\n"
)

TEXTS = {
    "1,000 lines of one layer": "\n".join(_ONE[i % 3] for i in range(998)) + _END,
    "1,000 lines of three layers": "\n".join(" -> ".join(_ONE) for _ in range(998)) + _END,
    "blocks, 983 layers": f"{_BLOCK}w = 8\nconv w 3x3 pad=1\n" + "7 * basic w\n" * 20 + _END,
    "repeats, 1,002 layers": "5 * (2 * (100 * relu))" + _END,
}


def main() -> None:
    """Print a line for each text."""
    for name, text in TEXTS.items():
        assert check(text).ok
        times = []
        for _ in range(9):
            start = process_time()
            check(text)
            times.append(1000 * (process_time() - start))
        print(f"{name:30} {min(times):6.0f} ms, usually {median(times):.0f} ms")


if __name__ == "__main__":
    main()
