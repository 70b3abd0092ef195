"""Data sets for Python programs: those that are published by their names, a person's own as a net names them.

data = datasets.mnist(limit=10_000)
data = datasets.load('folder "photos" val=200')

The same options mean the same as in a net; what is not given is as there. Each raises `tuicnn.errors.UserError` where
the options do not fit, and `tuicnn.data.DataError` where the data is not here or damaged. Arrays that a program has
already become one with `Dataset.from_arrays`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tuicnn.data import Dataset
from tuicnn.language.data_text import data_named
from tuicnn.vocabulary import show

__all__ = ["cifar10", "fashion_mnist", "load", "mnist"]


def load(text: str) -> Dataset:
    """The data that a text names as behind `data:` in a net; its paths start from the working folder."""
    return data_named(text).load()


def mnist(
    *, classes: Sequence[int] | None = None, limit: int | None = None, val: int | None = None, pad: int | None = None
) -> Dataset:
    """Handwritten digits, 1x28x28: 60,000 to train on, of which `val` (5,000) are held out, and 10,000 to test.

    `classes` keeps some only, `limit` trains on so many images at most, `pad` puts so many zeros around each.
    """
    return _published("mnist", classes=classes, limit=limit, val=val, pad=pad)


def fashion_mnist(
    *, classes: Sequence[int] | None = None, limit: int | None = None, val: int | None = None, pad: int | None = None
) -> Dataset:
    """Pictures of clothes, 1x28x28, ten classes; as `mnist`."""
    return _published("fashion-mnist", classes=classes, limit=limit, val=val, pad=pad)


def cifar10(
    *, classes: Sequence[int] | None = None, limit: int | None = None, val: int | None = None, pad: int | None = None
) -> Dataset:
    """Photographs of ten kinds of things, 3x32x32: 50,000 to train on, 10,000 to test; options as those of `mnist`."""
    return _published("cifar10", classes=classes, limit=limit, val=val, pad=pad)


def _published(name: str, **options: Any) -> Dataset:
    given = {key: list(value) if key == "classes" else value for key, value in options.items() if value is not None}
    return load(" ".join([name, *(f"{key}={show(value)}" for key, value in given.items())]))
