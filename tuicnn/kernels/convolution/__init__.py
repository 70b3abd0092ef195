"""Convolution and its kinds: a kernel for each kind of shape, and the rule that chooses one."""

from __future__ import annotations

from .depthwise import *
from .dispatch import *
from .pooled import *
from .transposed import *
