"""Optimizers, with PyTorch's formulas and, but for some rates, defaults; those that it lacks, with their papers'.

All parameters of a network are in one flat array, so that a step is a few passes over memory, whatever the number of
layers. Every step works in place, in blocks that stay in the cache from one pass to the next.
"""

from __future__ import annotations

from .base import *
from .descent import *
from .layerwise import *
from .lion import *
from .moments import *
