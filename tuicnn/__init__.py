"""tuicnn: write a convolutional network in a few words and watch it learn, in a terminal.

from tuicnn import Network

network = Network.from_text("conv 8 3x3 pad=1 -> relu -> maxpool 2 -> flatten -> dense 10")

`tuicnn.plain` computes the same in plain loops, to be read.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tuicnn.version import __version__

if TYPE_CHECKING:
    from tuicnn import plain as plain
    from tuicnn.engine.network import NetError
    from tuicnn.network import Network

__all__ = ["NetError", "Network", "__version__", "plain"]


def __getattr__(name: str) -> Any:
    # NumPy is imported when a network is wanted, and not for `tuicnn --help`
    if name in ("NetError", "Network"):
        return getattr(import_module("tuicnn.network" if name == "Network" else "tuicnn.engine.network"), name)
    if name == "plain":
        return import_module("tuicnn.plain")
    raise AttributeError(f"module tuicnn has no attribute {name}")
