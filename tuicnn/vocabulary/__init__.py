"""How a word of the `.net` language declares its arguments: words, kinds of arguments, and evaluated values."""

from __future__ import annotations

from .encoding import *
from .kinds import *
from .values import *
from .words import *
