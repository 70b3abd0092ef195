"""NumPy, imported when an array is first touched: to check a text takes none, and importing it takes longer than that.

Write `from tuicnn.later import np` where a module is needed by the language, and `import numpy as np` elsewhere.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

__all__ = ["np"]


class _Later:
    """Stands for a module; what was once asked for is an attribute of its own, and costs no more than the module's."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(import_module(self._name), attribute)
        setattr(self, attribute, found)
        return found


if not TYPE_CHECKING:
    np = _Later("numpy")
