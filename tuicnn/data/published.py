"""Published data sets: their shape, classes and numbers of images are known without reading them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tuicnn.vocabulary import info

from .base import Dataset, DataSpec, Described
from .splits import Splits, assemble, described, must_fit

__all__ = ["Published"]


@dataclass(frozen=True)
class Published(DataSpec):
    """A data set of a known shape (C, H, W), known classes, and known numbers of training and test images."""

    shape: ClassVar[tuple[int, int, int]]
    class_names: ClassVar[tuple[str, ...]]
    images: ClassVar[int]
    test_images: ClassVar[int] = 10_000

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
