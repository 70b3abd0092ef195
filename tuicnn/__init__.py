"""tuicnn: write a convolutional network in a few words and watch it learn, in a terminal.

from tuicnn import Network, datasets

data = datasets.mnist()
network = Network.from_text("conv 8 3x3 pad=1 -> relu -> maxpool 2 -> flatten -> dense 10")
for epoch in network.fit(data, epochs=3):
    print(epoch)
probabilities = network.predict(data.test_images)

`tuicnn.plain` computes the same in plain loops, to be read.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tuicnn.version import __version__

if TYPE_CHECKING:
    from tuicnn import datasets as datasets
    from tuicnn import plain as plain
    from tuicnn.data import DataError, Dataset
    from tuicnn.engine.network import NetError
    from tuicnn.errors import UserError
    from tuicnn.network import Callback, Gallery, Network, Run

__all__ = [
    "Callback",
    "DataError",
    "Dataset",
    "Gallery",
    "NetError",
    "Network",
    "Run",
    "UserError",
    "__version__",
    "datasets",
    "plain",
]

#: where each name is from: NumPy is imported when a network is wanted, and not for `tuicnn --help`
_FROM = {
    "Callback": "tuicnn.network",
    "DataError": "tuicnn.data",
    "Dataset": "tuicnn.data",
    "Gallery": "tuicnn.network",
    "NetError": "tuicnn.engine.network",
    "Network": "tuicnn.network",
    "Run": "tuicnn.network",
    "UserError": "tuicnn.errors",
}
_MODULES = ("datasets", "plain")


def __getattr__(name: str) -> Any:
    if name in _FROM:
        return getattr(import_module(_FROM[name]), name)
    if name in _MODULES:
        return import_module(f"tuicnn.{name}")
    raise AttributeError(f"module tuicnn has no attribute {name}")
