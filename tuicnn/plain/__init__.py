"""The slow twins: what a network computes, in plain loops from the definitions, to be read and to be checked against.

Images are (N, C, H, W), weights of a convolution (F, C/groups, kh, kw) and of a dense layer (outputs, inputs), as
PyTorch has them. Everything is made of steps for a single window, which can be looked at one by one:

    padded = zero_pad(images, ((1, 1), (1, 1)))
    window = window_of(padded[0], row=5, column=3, kernel=(3, 3))     # (C, 3, 3)
    products(window, weights[0])                                      # each product of one output value
    conv_single_step(window, weights[0], bias[0])                     # that value: convolve(...)[0, 0, 5, 3]

Each function's backward stands below it: `f_backward(dy, ...)` takes the gradient by the output of `f` to the gradients
by its inputs and weights. This is the only place where slow is right: a fast kernel is tested against its twin here.
"""

from __future__ import annotations

from .activations import *
from .arranging import *
from .borders import *
from .channels import *
from .convolution import *
from .dense import *
from .losses import *
from .normalisation import *
from .optimizers import *
from .pooling import *
from .running import *
from .upsampling import *
from .windows import *
