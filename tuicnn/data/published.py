"""Published data sets: their shape, classes and numbers of images are known without reading them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from tuicnn.system.machine import in_bytes
from tuicnn.vocabulary import info, vocabulary

from .base import Dataset, DataSpec, Described
from .fetching import Download, may_fetch
from .splits import Splits, assemble, described, must_fit

__all__ = ["Published", "how_to_fetch", "published"]


def published() -> Mapping[str, str]:
    """The names of the data sets that need no path, and what they are."""
    found = {name: cls for name, cls in vocabulary("data").items() if issubclass(cls, Published)}
    return {name: info(cls).help for name, cls in found.items()}


@dataclass(frozen=True)
class Published(DataSpec):
    """A data set of a known shape (C, H, W), known classes, and known numbers of training and test images."""

    shape: ClassVar[tuple[int, int, int]]
    class_names: ClassVar[tuple[str, ...]]
    images: ClassVar[int]
    test_images: ClassVar[int] = 10_000
    #: where it can be fetched; None where it comes with tuicnn
    download: ClassVar[Download | None] = None

    def read(self) -> Splits:
        """The images as they are stored. Raises `DataError`."""
        raise NotImplementedError

    def _must_fit(self, *, now: bool) -> None:
        must_fit(self, info(self).name, self.shape, self.images + self.test_images, now=now)

    def describe(self) -> Described:
        self._must_fit(now=False)
        return described(self, info(self).name, self.shape, self.class_names)

    def load(self) -> Dataset:
        self.describe()
        self._must_fit(now=True)
        return assemble(self, info(self).name, self.read(), self.class_names)


def how_to_fetch(download: Download) -> str:
    """How a data set that is not here is fetched, the begin of a sentence; "" where the user wants none fetched."""
    if not may_fetch():
        return ""
    return f"where a network is there, tuicnn data {download.name} fetches it ({in_bytes(download.size)}); else "
