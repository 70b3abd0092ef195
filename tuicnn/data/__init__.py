"""Data sets, their loading, augmentation and batches. Importing this fills the vocabulary `data`."""

from __future__ import annotations

from .base import Augment, DataError, Dataset, DataSpec, Described
from .batches import Batches, normalise
from .cifar import Cifar10
from .idx_sets import FashionMnist, IdxFolder, Mnist
from .image_folder import ImageFolder
from .npz import Npz
from .places import resolve

__all__ = [
    "Augment",
    "Batches",
    "Cifar10",
    "DataError",
    "DataSpec",
    "Dataset",
    "Described",
    "FashionMnist",
    "IdxFolder",
    "ImageFolder",
    "Mnist",
    "Npz",
    "normalise",
    "resolve",
]
