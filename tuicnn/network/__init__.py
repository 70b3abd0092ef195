"""What Python programs use: `Network`, its training and its scores, and the runs on disk."""

from __future__ import annotations

from .callback import *
from .fit import *
from .gallery import *
from .images import *
from .network import *
from .run import *
from .shown import *
from .training_summary import *
