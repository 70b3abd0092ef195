"""All layers of the language. Importing this fills the vocabulary `layer` (and, with it, `init`)."""

from __future__ import annotations

from .activations import ELU, GELU, LeakyReLU, ReLU, Sigmoid, SiLU, Softmax, Tanh
from .arrange import Flatten, Identity, Reshape, ZeroPad
from .base import Layer, LayerContext, Shape, ShapeError, WeightSpec
from .batchnorm import BatchNorm
from .conv import Conv, Depthwise
from .dense import Dense
from .dropout import Dropout
from .joins import Add, Concat
from .norm import GroupNorm, LayerNorm
from .pooling import AvgPool, GlobalAvgPool, GlobalMaxPool, MaxPool
from .shapes import shape_text

__all__ = [
    "ELU",
    "GELU",
    "Add",
    "AvgPool",
    "BatchNorm",
    "Concat",
    "Conv",
    "Dense",
    "Depthwise",
    "Dropout",
    "Flatten",
    "GlobalAvgPool",
    "GlobalMaxPool",
    "GroupNorm",
    "Identity",
    "Layer",
    "LayerContext",
    "LayerNorm",
    "LeakyReLU",
    "MaxPool",
    "ReLU",
    "Reshape",
    "Shape",
    "ShapeError",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Tanh",
    "WeightSpec",
    "ZeroPad",
    "shape_text",
]
