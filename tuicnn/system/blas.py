"""Which kernel NumPy's matrix products run on: OpenBLAS chooses it by the processor, and each rounds differently."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from functools import cache
from pathlib import Path

__all__ = ["blas_kernel"]

#: in the wheels of NumPy, and where OpenBLAS was installed by the system
_NAMES = ("scipy_openblas_get_corename64_", "scipy_openblas_get_corename", "openblas_get_corename")


@cache
def blas_kernel() -> str:
    """OpenBLAS's name for it, such as `SkylakeX`; "" where that is not to be known."""
    import numpy  # noqa: F401 - which loads its library

    with suppress(OSError, UnicodeDecodeError, StopIteration):
        for line in Path("/proc/self/maps").read_text().splitlines():
            _, slash, path = line.partition("/")
            if "openblas" in Path(path).name:
                library = ctypes.CDLL(slash + path)
                function = next(getattr(library, name) for name in _NAMES if hasattr(library, name))
                function.restype = ctypes.c_char_p
                return str(function().decode())
    return ""
