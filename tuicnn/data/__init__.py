"""Data sets, their loading, augmentation and batches. Importing this fills the vocabulary `data`."""

from __future__ import annotations

from .base import *
from .batches import *
from .cifar import *
from .csv_file import *
from .idx_sets import *
from .image_folder import *
from .npz import *
from .places import *
from .symbols import *
from .views import *
