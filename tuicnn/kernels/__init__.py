"""Arrays in, arrays out: convolution, pooling and sums, in float32 or float64. Images are (H, W, N, C)."""

from __future__ import annotations

from .arrays import *
from .broadcasting import *
from .channel_norm import *
from .channels import *
from .clipping import *
from .convolution import *
from .derived import *
from .gelu import *
from .largest import *
from .local_response import *
from .max_pooling import *
from .pooling import *
from .rectify import *
from .softmax import *
from .statistics import *
from .upsampling import *
from .windows import *
