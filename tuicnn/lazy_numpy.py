"""NumPy, imported at its first use: checking a text needs none, and importing it takes longer than the check.

Write `from tuicnn.lazy_numpy import np` where a module is needed by the language, and `import numpy as np` elsewhere.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

__all__ = ["np"]


class _Lazy:
    """Stands for a module; an attribute is cached at its first use, and then costs no more than the module's."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(import_module(self._name), attribute)
        setattr(self, attribute, found)
        return found


if not TYPE_CHECKING:
    np = _Lazy("numpy")
