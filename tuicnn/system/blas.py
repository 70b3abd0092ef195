"""The library that NumPy's matrix products run on, where that is OpenBLAS: what it chose, and how many threads it has.

Its kernel is chosen by the processor, and each rounds differently; so may several threads.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["blas_kernel", "one_blas_thread"]

#: what comes before and after a function's name in the wheels of NumPy, and where OpenBLAS was installed by the system
_AFFIXES = (("scipy_", "64_"), ("scipy_", ""), ("", ""))


@cache
def _function(name: str) -> Any:
    """OpenBLAS's function of a name without `openblas_`; None where NumPy has another library."""
    import numpy  # noqa: F401 - which loads its library

    with suppress(OSError, UnicodeDecodeError):
        for line in Path("/proc/self/maps").read_text().splitlines():
            _, slash, path = line.partition("/")
            if "openblas" in Path(path).name:
                library = ctypes.CDLL(slash + path)
                names = (f"{before}openblas_{name}{after}" for before, after in _AFFIXES)
                return next((getattr(library, each) for each in names if hasattr(library, each)), None)
    return None


@cache
def blas_kernel() -> str:
    """OpenBLAS's name for its kernel, such as `SkylakeX`; "" where that is not to be known."""
    if (function := _function("get_corename")) is None:
        return ""
    function.restype = ctypes.c_char_p
    return str(function().decode())


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Inside the `with`, matrix products run in the thread that calls them: training shares its batches by itself."""
    get, put = _function("get_num_threads"), _function("set_num_threads")
    if get is None or put is None:
        yield
        return
    before = int(get())
    put(1)
    try:
        yield
    finally:
        put(before)
