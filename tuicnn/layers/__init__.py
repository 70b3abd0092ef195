"""All layers of the language. Importing this fills the vocabulary `layer` (and, with it, `init`)."""

from __future__ import annotations

from .activations import *
from .arrange import *
from .base import *
from .batchnorm import *
from .channels import *
from .clipped import *
from .conv import *
from .dense import *
from .dropout import *
from .joins import *
from .local_response import *
from .norm import *
from .pooling import *
from .prelu import *
from .product import *
from .shapes import *
from .transpose import *
from .transposed import *
from .upsampling import *
